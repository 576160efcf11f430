internal import BrickCore
internal import BrickFiles

/// Uncompressed pages, read from the mapped file: lent as they are where byte order and spacing allow.
///
/// Axes are z (the order of `offsets`), y, x. Reading takes no memory beyond the caller's block.
struct MappedPagesVolume: Volume {
  let type: VoxelType
  let size: Index3
  private let map: MappedFile
  /// Where each plane begins; every plane was checked to lie in the file.
  private let offsets: [Int]
  private let isSwapped: Bool
  private let rowBytes: Int
  /// Bytes from each plane to the next, if they are the same for all and rows never overlap.
  private let spacing: Int?
  /// Whether voxels can be used where they lie.
  private let isLendable: Bool

  /// Rows at least this long are advised one by one where a box needs little of them.
  private static let longRow = 32 << 10
  /// Calls to the kernel for one box; more cost as much as reading.
  private static let mostAdvice = 4096

  /// Bytes of rows that a read keeps mapped while it copies: more than an engine's block usually spans, so that the
  /// next block along x, which lies in the same pages, finds them mapped.
  private static let mostMapped = 64 << 20

  init(map: MappedFile, offsets: [Int], layout: PageLayout) {
    self.map = map
    self.offsets = offsets
    type = layout.type
    size = Index3(z: offsets.count, y: layout.size.y, x: layout.size.x)
    isSwapped = layout.isSwapped && layout.type.byteCount > 1
    rowBytes = layout.rowBytes
    let width = layout.type.byteCount
    let plane = layout.rowBytes * layout.size.y
    let step = offsets.count > 1 ? offsets[1] - offsets[0] : plane
    let isRegular =
      step >= plane && zip(offsets, offsets.dropFirst()).allSatisfy { $1 - $0 == step }
    spacing = isRegular ? step : nil
    isLendable =
      !isSwapped && offsets.allSatisfy { $0.isMultiple(of: width) } && step.isMultiple(of: width)
  }

  func read(into block: inout VoxelBlock) throws {
    checkBounds(block.box)
    guard !block.box.isEmpty else { return }
    let box = block.box
    // Rows are read whole pages at a time, so a narrow box maps many times its size: it is given
    // back in steps.
    let planesAtOnce = max(1, Self.mostMapped / (box.size.y * rowBytes))
    var kept = box.origin.z
    let wholeRows = box.size.x == size.x
    for z in box.origin.z..<box.end.z {
      let plane = Box3(
        origin: Index3(z: z, y: box.origin.y, x: box.origin.x),
        size: Index3(z: 1, y: box.size.y, x: box.size.x))
      if wholeRows {
        let start = offset(of: plane.origin)
        let bytes = box.size.y * rowBytes
        var target = block.mutableBytes
        map.copy(start..<start + bytes, to: &target, at: (z - box.origin.z) * bytes)
        continue
      }
      withView(of: plane, planeStride: 0) { view in block.copy(from: view) }
      if z + 1 - kept >= planesAtOnce && z + 1 < box.end.z {
        didRead(
          Box3(
            from: Index3(z: kept, y: box.origin.y, x: box.origin.x),
            to: Index3(z: z + 1, y: box.end.y, x: box.end.x)))
        kept = z + 1
      }
    }
    if isSwapped { block.swapBytes() }
    try map.checkIntact()
  }

  func withVoxels(
    of box: Box3, scratch: inout VoxelBlock, _ body: (borrowing VoxelView) throws -> Void
  ) throws {
    checkBounds(box)
    guard isLendable, !box.isEmpty, box.size.z == 1 || spacing != nil else {
      scratch.reshape(to: box, type: type)
      try read(into: &scratch)
      return try body(VoxelView(scratch))
    }
    try withView(of: box, planeStride: spacing ?? 0, body)
    try map.checkIntact()
  }

  /// Lends the bytes of a box, which isn't empty, where they lie.
  private func withView(
    of box: Box3, planeStride: Int, _ body: (borrowing VoxelView) throws -> Void
  ) rethrows {
    let start = offset(of: box.origin)
    let last = (box.size.z - 1) * planeStride + (box.size.y - 1) * rowBytes
    let end = start + last + box.size.x * type.byteCount
    try body(
      VoxelView(
        map.bytes.extracting(start..<end), box: box, type: type, rowStride: rowBytes,
        planeStride: planeStride))
  }

  private func offset(of voxel: Index3) -> Int {
    offsets[voxel.z] + voxel.y * rowBytes + voxel.x * type.byteCount
  }

  func scratchBytes(reading size: Index3) -> Int { 0 }

  func willRead(_ box: Box3) { forEachRange(of: box) { map.willNeed($0) } }
  func didRead(_ box: Box3) {
    let box = box.intersection(bounds)
    guard spacing != nil, !box.isEmpty else { return forEachRange(of: box) { map.doneWith($0) } }
    // One call for all planes: the pages between were not asked for, and each call interrupts every core.
    let first = offset(of: Index3(z: box.origin.z, y: box.origin.y, x: 0))
    let last = offset(of: Index3(z: box.end.z - 1, y: box.end.y - 1, x: 0))
    map.doneWith(first..<last + rowBytes)
  }

  /// The file's bytes that hold a box: whole rows of each plane, neighbours joined; single rows where they
  /// are long and little of them is needed.
  private func forEachRange(of box: Box3, _ body: (Range<Int>) -> Void) {
    let box = box.intersection(bounds)
    guard !box.isEmpty else { return }
    let used = box.size.x * type.byteCount
    let byRow =
      rowBytes >= Self.longRow && used * 4 <= rowBytes && box.size.y * box.size.z <= Self.mostAdvice
    var pending = 0..<0
    for z in box.origin.z..<box.end.z {
      let rows = byRow ? 1 : box.size.y
      for y in stride(from: box.origin.y, to: box.end.y, by: rows) {
        let start = offset(of: Index3(z: z, y: y, x: byRow ? box.origin.x : 0))
        let range = start..<start + (byRow ? used : rows * rowBytes)
        // Pages are read whole, so a gap of less than one is no gap.
        if range.lowerBound >= pending.lowerBound && range.lowerBound - pending.upperBound <= 4096
          && !pending.isEmpty
        {
          pending = pending.lowerBound..<max(pending.upperBound, range.upperBound)
        } else {
          if !pending.isEmpty { body(pending) }
          pending = range
        }
      }
    }
    body(pending)
  }
}
