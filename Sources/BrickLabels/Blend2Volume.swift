public import BrickCore
public import BrickStitch

/// Two label tiles in one volume: the first in the low half of each voxel, the second in the high half.
///
/// A voxel is an unsigned integer twice as wide as the wider of both types: 8 bits become 16, 16 become 32 and
/// 32 become 64. A half is 0 where its tile does not cover the voxel. It is `blend2` of the reference, in
/// the order z, y, x.
public struct Blend2Volume: Volume {
  private struct Half: Sendable {
    let volume: any Volume
    let box: Box3
  }

  /// The unsigned type twice as wide as the wider tile's.
  public let type: VoxelType
  /// Voxels along z, y, x, up to the end of the farther tile.
  public let size: Index3
  private let halves: [Half]
  /// Bytes of a tile's voxels that are held at once.
  private static let slab = 8 << 20

  /// The composite of two tiles at the two boxes of `placement`.
  ///
  /// - Throws: `BrickworkError` with code `.badRequest` if a tile holds floats or 64-bit labels.
  public init(first: any Volume, second: any Volume, placement: TilePlacement) throws {
    precondition(placement.boxes.count == 2, "Two tiles have two places")
    for (place, volume) in [first, second].enumerated() {
      precondition(placement.boxes[place].size == volume.size, "A tile fills its box")
      guard !volume.type.isFloat else {
        throw BrickworkError(
          .badRequest, place: "tile \(place)",
          reason: "labels are integers, and it holds \(volume.type.rawValue) voxels",
          remedy: "Give tiles of labels")
      }
      guard volume.type.byteCount < 8 else {
        throw BrickworkError(
          .badRequest, place: "tile \(place)",
          reason: "two \(volume.type.rawValue) labels would need voxels of 128 bits",
          remedy: "Relabel the tiles to 32 bits first")
      }
    }
    switch max(first.type.byteCount, second.type.byteCount) {
    case 1: type = .uint16
    case 2: type = .uint32
    default: type = .uint64
    }
    size = placement.size
    halves = zip([first, second], placement.boxes).map { Half(volume: $0, box: $1) }
  }

  /// Reads what each tile has in the box into its half.
  ///
  /// - Throws: `BrickworkError` of the tile that can't be read, or if a label is negative.
  public func read(into block: inout VoxelBlock) throws {
    checkBounds(block.box)
    precondition(block.type == type, "A volume of \(type) does not fill a block of \(block.type)")
    block.clear()
    var scratch = VoxelBlock()
    for (place, half) in halves.enumerated() {
      let shift = place * type.byteCount * 4
      let part = block.box.intersection(half.box).translated(by: .zero - half.box.origin)
      for box in Self.slabs(of: part, half.volume.type) {
        try half.volume.withVoxels(of: box, scratch: &scratch) { view in
          let placed = view.translated(by: half.box.origin)
          guard block.writeHalf(placed, shift: shift) else {
            throw BrickworkError(
              .unsupportedInput, place: "tile \(place), \(box)",
              reason: "a label there is negative",
              remedy: "Labels are whole numbers from 1 on, and 0 is background")
          }
        }
      }
    }
  }

  /// Parts of a box of about 8 MiB: planes, or rows where a plane is larger.
  private static func slabs(of box: Box3, _ type: VoxelType) -> [Box3] {
    guard !box.isEmpty else { return [] }
    let grid = BrickGrid(size: box.size, brick: slabSize(of: box.size, type))
    return (0..<grid.count).map {
      grid.box(at: grid.index(at: $0)).translated(by: box.origin)
    }
  }

  private static func slabSize(of size: Index3, _ type: VoxelType) -> Index3 {
    let rows = max(1, slab / max(1, size.x * type.byteCount))
    let y = max(1, min(size.y, rows))
    return Index3(z: max(1, min(size.z, rows / y)), y: y, x: max(1, size.x))
  }

  /// A slab of one tile, and what reading it takes there.
  public func scratchBytes(reading size: Index3) -> Int {
    halves.reduce(0) {
      let part = size.minimum($1.box.size)
      let slab = Self.slabSize(of: part, $1.volume.type).minimum(part)
      let bytes = BlockStorage.footprint(of: slab.volume * $1.volume.type.byteCount)
      return max($0, bytes + $1.volume.scratchBytes(reading: slab))
    }
  }

  /// What both tiles decode for the box.
  public func decodedBytes(reading box: Box3) -> Int {
    parts(of: box).reduce(0) { $0 + $1.volume.decodedBytes(reading: $1.box) }
  }

  /// Tells both tiles that their parts of the box will be read.
  public func willRead(_ box: Box3) {
    for part in parts(of: box) { part.volume.willRead(part.box) }
  }

  /// Tells both tiles that their parts of the box are not needed for now.
  public func didRead(_ box: Box3) { for part in parts(of: box) { part.volume.didRead(part.box) } }

  /// What of the box lies in each tile, in the tile's own coordinates.
  private func parts(of box: Box3) -> [Half] {
    halves.compactMap {
      let part = box.intersection($0.box)
      guard !part.isEmpty else { return nil }
      return Half(volume: $0.volume, box: part.translated(by: .zero - $0.box.origin))
    }
  }
}

extension VoxelBlock {
  /// Puts the labels of `view`, which lie in this block's box, into the bits from `shift` on.
  ///
  /// - Returns: false if a label is negative.
  fileprivate mutating func writeHalf(_ view: borrowing VoxelView, shift: Int) -> Bool {
    let (width, signed) = (view.type.byteCount, view.type.isSigned)
    switch (type, width) {
    case (.uint16, _): return widen(view, shift, signed, UInt8.self, UInt16.self)
    case (.uint32, 1): return widen(view, shift, signed, UInt8.self, UInt32.self)
    case (.uint32, _): return widen(view, shift, signed, UInt16.self, UInt32.self)
    case (_, 1): return widen(view, shift, signed, UInt8.self, UInt64.self)
    case (_, 2): return widen(view, shift, signed, UInt16.self, UInt64.self)
    default: return widen(view, shift, signed, UInt32.self, UInt64.self)
    }
  }

  private mutating func widen<
    Narrow: FixedWidthInteger & UnsignedInteger & BitwiseCopyable,
    Wide: Voxel & FixedWidthInteger & UnsignedInteger
  >(
    _ view: borrowing VoxelView, _ shift: Int, _ signed: Bool, _: Narrow.Type, _: Wide.Type
  ) -> Bool {
    let part = view.box
    let (box, shift) = (box, Wide(truncatingIfNeeded: shift))
    var voxels = mutableVoxels(as: Wide.self)
    var signs: Narrow = 0
    for z in part.origin.z..<part.end.z {
      for y in part.origin.y..<part.end.y {
        let row = view.rowBytes(z: z, y: y)
        let count = row.byteCount / MemoryLayout<Narrow>.size
        let start =
          ((z - box.origin.z) * box.size.y + y - box.origin.y) * box.size.x
          + part.origin.x - box.origin.x
        precondition(start >= 0 && start + count <= voxels.count)
        for i in 0..<count {
          // Both lie in their rows, as was just checked; the checks would keep the loop from being vectorised.
          let label = unsafe row.unsafeLoadUnaligned(
            fromUncheckedByteOffset: i &* MemoryLayout<Narrow>.size, as: Narrow.self)
          signs |= label
          unsafe voxels[unchecked: start &+ i] |= Wide(truncatingIfNeeded: label) &<< shift
        }
      }
    }
    return !signed || signs >> Narrow(truncatingIfNeeded: Narrow.bitWidth - 1) == 0
  }
}
