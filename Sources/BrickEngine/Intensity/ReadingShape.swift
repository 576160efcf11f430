internal import BrickCore

/// In which blocks a volume is read once from end to end: as its voxels lie in the file.
struct ReadingShape: Sendable, Hashable {
  let block: Index3
  /// Whether long contiguous ranges of a mapped file are read by calls, which is faster than mapping their pages.
  let copies: Bool
  /// Bytes that the blocks of a sample decode beyond whole bricks: the lower the better.
  let cost: Int

  /// Bytes of a block of rows: half of a usual second-level cache.
  private static let rowBytes = 1 << 20

  /// Shapes to read `volume` in, the best first.
  static func candidates(for volume: any Volume) throws -> [ReadingShape] {
    guard volume.size.volume > 0 else { return [ReadingShape(block: .one, copies: false, cost: 0)] }
    if let rows = try mappedRows(of: volume) { return [rows] + [smallest(volume)] }
    let (size, type) = (volume.size, volume.type)
    let plane = Index3(z: 1, y: size.y, x: size.x)
    let shapes = [
      Index3(repeating: 64), Index3(z: 64, y: 64, x: 128), Index3(z: 32, y: 128, x: 128),
      Index3(z: 16, y: 128, x: 128), Index3(z: 8, y: 128, x: 256), Index3(z: 64, y: 128, x: 256),
      Index3(repeating: 128), plane, rows(size, type), Index3(z: 16, y: 256, x: 256),
      Index3(z: 32, y: 32, x: 64), Index3(z: 1, y: 64, x: 512),
    ]
    let sample = sampleBox(size)
    let priced = shapes.map { shape in
      ReadingShape(block: shape.minimum(size), copies: false, cost: cost(shape, volume, sample))
    }
    // A stable order: of shapes that cost about the same the earlier one is better.
    let step = max(1, (priced.map(\.cost).min() ?? 0) / 50)
    return priced.enumerated().sorted { a, b in
      (a.element.cost / step, a.offset) < (b.element.cost / step, b.offset)
    }.map(\.element)
  }

  /// What the blocks of a shape decode, one after the other, of the sample.
  private static func cost(_ shape: Index3, _ volume: any Volume, _ sample: Box3) -> Int {
    let grid = BrickGrid(size: sample.size, brick: shape.minimum(sample.size))
    return (0..<grid.count).reduce(0) { sum, place in
      let part = grid.box(at: grid.index(at: place)).translated(by: sample.origin)
      return sum + volume.decodedBytes(reading: part)
    }
  }

  /// A box in the middle that begins where blocks of all shapes do.
  private static func sampleBox(_ size: Index3) -> Box3 {
    let step = Index3(z: 128, y: 256, x: 512)
    let extent = Index3(z: 128, y: 512, x: 1024)
    var origin = Index3.zero
    for axis in 0..<3 {
      origin[axis] = max(0, size[axis] - extent[axis]) / 2 / step[axis] * step[axis]
    }
    return Box3(from: origin, to: (origin + extent).minimum(size))
  }

  /// Whole rows of one plane, or whole planes where they are small.
  private static func rows(_ size: Index3, _ type: VoxelType) -> Index3 {
    let voxels = rowBytes / type.byteCount
    let x = min(size.x, voxels)
    let y = max(1, min(size.y, voxels / x))
    return Index3(z: y < size.y ? 1 : max(1, min(size.z, voxels / x / y)), y: y, x: x)
  }

  private static func smallest(_ volume: any Volume) -> ReadingShape {
    ReadingShape(
      block: Index3(z: 1, y: 64, x: 512).minimum(volume.size), copies: false, cost: 0)
  }

  /// Rows of voxels that are lent from where they lie, one plane after the other; nil for others.
  private static func mappedRows(of volume: any Volume) throws -> ReadingShape? {
    let (size, width) = (volume.size, volume.type.byteCount)
    let centre = size.dividedRoundingDown(by: Index3(repeating: 2))
    let probe = Box3(origin: centre, size: .one)
    // Nothing is decoded for an answer.
    guard volume.decodedBytes(reading: probe) == 0 else { return nil }
    var scratch = VoxelBlock()
    var stride = 0
    try volume.withVoxels(of: probe, scratch: &scratch) { stride = $0.rowStride }
    guard stride >= size.x * width || stride >= 512 * width else { return nil }
    let block = rows(size, volume.type)
    return ReadingShape(block: block, copies: stride == size.x * width, cost: 0)
  }
}
