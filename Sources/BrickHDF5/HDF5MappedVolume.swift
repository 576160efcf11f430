internal import BrickCore
internal import BrickFiles

/// Voxels that lie in the file in one piece as they are: mapped, and lent where they can be used so.
struct HDF5MappedVolume: Volume {
  let type: VoxelType
  let size: Index3
  private let map: MappedFile
  /// The byte of the first voxel.
  private let start: Int
  /// Bytes between neighbours along z, y, x.
  private let strides: Index3
  private let isSwapped: Bool
  private let isLendable: Bool

  /// Bytes of rows that a read keeps mapped while it copies.
  private static let mostMapped = 64 << 20

  /// - Precondition: the whole dataset lies in the file.
  init(
    _ map: MappedFile, offset: Int, layout: HDF5Layout, _ window: HDF5Window, type: VoxelType
  ) {
    self.map = map
    self.type = type
    size = window.size
    let width = type.byteCount
    let steps = HDF5Window.steps(of: layout.dimensions)
    start = offset + zip(window.first, steps).reduce(0) { $0 + $1.0 * $1.1 } * width
    strides = window.strides(in: layout.dimensions).map { $0 * width }
    isSwapped = layout.element.isSwapped
    isLendable = !isSwapped && strides.x == width && offset.isMultiple(of: width)
  }

  func read(into block: inout VoxelBlock) throws {
    checkBounds(block.box)
    precondition(block.type == type, "The volume holds \(type), not \(block.type)")
    guard !block.box.isEmpty else { return }
    let box = block.box
    let width = type.byteCount
    if box.size.x == size.x && strides.x == width && strides.y == size.x * width {
      // Whole rows lie one behind the other in each plane.
      let bytes = box.size.y * strides.y
      var target = block.mutableBytes
      for z in box.origin.z..<box.end.z {
        let first = start + z * strides.z + box.origin.y * strides.y
        map.copy(first..<first + bytes, to: &target, at: (z - box.origin.z) * bytes)
      }
      if isSwapped { block.swapBytes() }
      return try map.checkIntact()
    }
    // Whole pages are mapped around what is read, so a box of many planes gives them back in steps.
    let planes = max(1, Self.mostMapped / max(1, box.size.y * max(1, strides.y)))
    for z in stride(from: box.origin.z, to: box.end.z, by: planes) {
      let part = Box3(
        from: Index3(z: z, y: box.origin.y, x: box.origin.x),
        to: Index3(z: min(z + planes, box.end.z), y: box.end.y, x: box.end.x))
      copyStrided(
        map.bytes.extracting(range(of: part)), start: 0, strides: strides.map { $0 / width },
        box: part, into: &block)
      if part.end.z < box.end.z { didRead(part) }
    }
    if isSwapped { block.swapBytes() }
    try map.checkIntact()
  }

  func withVoxels(
    of box: Box3, scratch: inout VoxelBlock, _ body: (borrowing VoxelView) throws -> Void
  ) throws {
    checkBounds(box)
    guard isLendable, !box.isEmpty else {
      scratch.reshape(to: box, type: type)
      try read(into: &scratch)
      return try body(VoxelView(scratch))
    }
    try body(
      VoxelView(
        map.bytes.extracting(range(of: box)), box: box, type: type, rowStride: strides.y,
        planeStride: strides.z))
    try map.checkIntact()
  }

  /// The bytes from a box's first voxel to its last one.
  private func range(of box: Box3) -> Range<Int> {
    let (first, last) = (box.origin * strides, (box.size - .one) * strides)
    let begin = start + first.z + first.y + first.x
    return begin..<begin + last.z + last.y + last.x + type.byteCount
  }

  func scratchBytes(reading size: Index3) -> Int { 0 }

  func willRead(_ box: Box3) {
    let box = box.intersection(bounds)
    guard !box.isEmpty else { return }
    // Plane by plane; where axes lie otherwise a plane is spread over the file, and reading ahead reads too much.
    for z in box.origin.z..<box.end.z {
      let plane = Box3(
        origin: Index3(z: z, y: box.origin.y, x: box.origin.x),
        size: Index3(z: 1, y: box.size.y, x: box.size.x))
      let range = range(of: plane)
      if range.count / 16 <= plane.count * type.byteCount { map.willNeed(range) }
    }
  }

  func didRead(_ box: Box3) {
    let box = box.intersection(bounds)
    if !box.isEmpty { map.doneWith(range(of: box)) }
  }
}
