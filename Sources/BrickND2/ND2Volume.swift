internal import BrickCodecs
internal import BrickCore
internal import BrickFiles

/// One component of one tile at one time point; axes z (a frame each), y, x.
///
/// Uncompressed frames are read where they are mapped; those of one component are lent without a copy where they
/// are aligned and equally spaced. Compressed frames are inflated whole, with all their components, into the cache.
struct ND2Volume: Volume {
  let type: VoxelType
  let size: Index3
  private let source: ND2Source
  private let component: Int
  private let position: Int
  private let timepoint: Int

  /// Bytes of frames that a read keeps mapped while it copies.
  private static let mostMapped = 64 << 20
  /// Frames that are asked ahead for one box; more calls cost as much as reading.
  private static let mostAdvice = 4096

  init(source: ND2Source, size: Index3, component: Int, position: Int, timepoint: Int) {
    self.source = source
    self.size = size
    type = source.layout.type
    self.component = component
    self.position = position
    self.timepoint = timepoint
  }

  private func frame(_ z: Int) -> Int {
    source.order.frame(position: position, timepoint: timepoint, z: z)
  }

  func read(into block: inout VoxelBlock) throws {
    checkBounds(block.box)
    guard !block.box.isEmpty else { return }
    let box = block.box
    let map = source.map
    let planesAtOnce = max(1, Self.mostMapped / (box.size.y * source.layout.rowBytes))
    var mapped: [Range<Int>] = []
    // What another thread is inflating is left for the end, so that threads share the work.
    var busy: [(z: Int, frame: Int, stream: Range<Int>)] = []
    for z in box.origin.z..<box.end.z {
      let frame = frame(z)
      switch try source.table.frame(frame) {
      case .missing: block.clear(plane(z, of: box))
      case .rows(let start):
        let rows = rows(of: box, from: start)
        if source.layout.components == 1, box.size.x * type.byteCount == source.layout.rowBytes {
          // Whole rows without padding.
          let place = block.rowStart(z: z, y: box.origin.y) * type.byteCount
          var target = block.mutableBytes
          map.copy(rows, to: &target, at: place)
          continue
        }
        copy(map.bytes.extracting(rows), plane(z, of: box), to: &block)
        mapped.append(rows)
        // Pages stay mapped for the neighbours of the block, unless they become many.
        if mapped.count >= planesAtOnce && z + 1 < box.end.z {
          for range in mapped { source.map.doneWith(range) }
          mapped.removeAll(keepingCapacity: true)
        }
      case .stream(let stream):
        if let piece = try source.pieceUnlessBusy(frame, stream) {
          copy(inflated: piece.block, plane(z, of: box), to: &block)
        } else {
          busy.append((z, frame, stream))
        }
      }
    }
    for rest in busy {
      let piece = try source.piece(rest.frame, rest.stream)
      copy(inflated: piece.block, plane(rest.z, of: box), to: &block)
    }
    try source.map.checkIntact()
  }

  private func plane(_ z: Int, of box: Box3) -> Box3 {
    Box3(
      origin: Index3(z: z, y: box.origin.y, x: box.origin.x),
      size: Index3(z: 1, y: box.size.y, x: box.size.x))
  }

  /// The file's bytes of the rows of a box in a frame whose rows begin at `start`.
  private func rows(of box: Box3, from start: Int) -> Range<Int> {
    let rowBytes = source.layout.rowBytes
    return start + box.origin.y * rowBytes..<start + box.end.y * rowBytes
  }

  private func copy(
    inflated frame: borrowing VoxelBlock, _ plane: Box3, to block: inout VoxelBlock
  ) {
    copy(frame.bytes.extracting(rows(of: plane, from: 0)), plane, to: &block)
  }

  private func copy(_ rows: RawSpan, _ plane: Box3, to block: inout VoxelBlock) {
    let layout = source.layout
    if layout.components == 1 {
      let width = type.byteCount
      let first = plane.origin.x * width
      if plane.size.x * width == layout.rowBytes && block.box.size.x == plane.size.x {
        let place = block.rowStart(z: plane.origin.z, y: plane.origin.y) * width
        var target = block.mutableBytes
        return copyBytes(rows, to: &target, at: place)
      }
      // A view's rows end with the last voxel.
      let view = VoxelView(
        rows.extracting(first..<rows.byteCount - (layout.rowBytes - plane.end.x * width)),
        box: plane,
        type: type, rowStride: layout.rowBytes, planeStride: 0)
      block.copy(from: view)
    } else {
      FrameRows.copy(
        rows, rowBytes: layout.rowBytes, components: layout.components, component: component,
        box: plane, to: &block)
    }
  }

  func withVoxels(
    of box: Box3, scratch: inout VoxelBlock, _ body: (borrowing VoxelView) throws -> Void
  ) throws {
    checkBounds(box)
    guard !box.isEmpty, let (start, planeStride) = try lendable(box) else {
      scratch.reshape(to: box, type: type)
      try read(into: &scratch)
      return try body(VoxelView(scratch))
    }
    let rowBytes = source.layout.rowBytes
    let map = source.map
    let first = start + box.origin.y * rowBytes + box.origin.x * type.byteCount
    let last = (box.size.z - 1) * planeStride + (box.size.y - 1) * rowBytes
    try body(
      VoxelView(
        map.bytes.extracting(first..<first + last + box.size.x * type.byteCount), box: box,
        type: type, rowStride: rowBytes, planeStride: planeStride))
    try source.map.checkIntact()
  }

  /// Where the rows of the box's first frame begin, and the distance to the next frame's, if voxels can be used there.
  private func lendable(_ box: Box3) throws -> (start: Int, planeStride: Int)? {
    let layout = source.layout
    let width = type.byteCount
    guard layout.components == 1, layout.rowBytes.isMultiple(of: width),
      case .rows(let start) = try source.table.frame(frame(box.origin.z)),
      start.isMultiple(of: width)
    else { return nil }
    var step = layout.frameBytes
    for z in box.origin.z + 1..<max(box.origin.z + 1, box.end.z) {
      guard case .rows(let next) = try source.table.frame(frame(z)) else { return nil }
      let distance = next - start
      if z == box.origin.z + 1 { step = distance }
      guard step >= layout.frameBytes, step.isMultiple(of: width),
        distance == step * (z - box.origin.z)
      else { return nil }
    }
    return (start, step)
  }

  /// Frames that are inflated: all that the box touches, with all their components.
  func decodedBytes(reading box: Box3) -> Int {
    source.layout.isCompressed && !box.isEmpty
      ? box.size.z * BlockStorage.footprint(of: source.layout.frameBytes) : 0
  }

  /// A frame that is inflated and not kept, the decoder's tables, and the stored bytes that are mapped meanwhile.
  func scratchBytes(reading size: Index3) -> Int {
    guard source.layout.isCompressed else { return 0 }
    return BlockStorage.footprint(of: source.layout.frameBytes) + ZlibDecompressor.scratchBytes
      + source.largestFrame
  }

  func willRead(_ box: Box3) {
    let box = box.intersection(bounds)
    guard !box.isEmpty else { return }
    for z in box.origin.z..<min(box.end.z, box.origin.z + Self.mostAdvice) {
      source.map.willNeed(advised(z, box))
    }
  }

  func didRead(_ box: Box3) {
    // Streams are given back when they are inflated.
    let box = box.intersection(bounds)
    guard !box.isEmpty, !source.layout.isCompressed else { return }
    for z in box.origin.z..<min(box.end.z, box.origin.z + Self.mostAdvice) {
      source.map.doneWith(advised(z, box))
    }
  }

  /// About where the bytes of a box lie in a frame.
  private func advised(_ z: Int, _ box: Box3) -> Range<Int> {
    let range = source.table.range(ofFrame: frame(z))
    guard !source.layout.isCompressed, !range.isEmpty else { return range }
    let rows = rows(of: box, from: range.lowerBound)
    let end = min(range.upperBound, rows.upperBound + 2 * Chunk.alignment)
    return min(rows.lowerBound, end)..<end
  }
}
