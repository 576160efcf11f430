public import BrickCore
internal import Synchronization

/// A tile whose labels are replaced by new ones as they are read; background stays background.
///
/// A label that the map doesn't have is an error that names tile, voxel and label.
public struct RelabeledVolume: Volume {
  private let tile: LabelTile
  private let tables: LazyRelabelTable
  /// The unsigned type of the new labels.
  public let type: VoxelType

  /// The tile's voxels with new labels.
  ///
  /// - Parameters:
  ///   - tile: the tile; its number and name are for errors.
  ///   - map: the tile's own map.
  ///   - type: the unsigned type of the result, which holds all new labels; the smallest one if nil.
  /// - Throws: `BrickworkError` with code `.badRequest` if `type` is not unsigned or too small: labels never wrap.
  public init(_ tile: LabelTile, with map: TileLabelMap, type: VoxelType? = nil) throws {
    let smallest = LabelMap.smallestType(holding: map.newLabels.largest)
    let type = type ?? smallest
    guard !type.isSigned else {
      throw BrickworkError(
        .badRequest, path: tile.name,
        reason: "new labels can't be written as \(type.rawValue), which has negative numbers",
        remedy: "Choose uint8, uint16, uint32 or uint64")
    }
    guard type.byteCount >= smallest.byteCount else {
      throw BrickworkError(
        .badRequest, path: tile.name, place: "tile \(tile.number)",
        reason: "the new label \(map.newLabels.largest) does not fit \(type.rawValue)",
        remedy: "Choose \(smallest.rawValue) or a wider type")
    }
    self.tile = tile
    self.type = type
    tables = LazyRelabelTable(map, from: tile.volume.type, to: type)
  }

  /// Voxels along z, y, x: the tile's.
  public var size: Index3 { tile.volume.size }

  /// Reads a slab of the tile at a time, about 8 MiB, and writes its new labels into the block.
  ///
  /// - Throws: `BrickworkError`: `.damagedInput` for a negative label, `.badRequest` for one that the map doesn't have.
  public func read(into block: inout VoxelBlock) throws {
    checkBounds(block.box)
    precondition(block.type == type, "A volume of \(type) does not fill a block of \(block.type)")
    var scratch = VoxelBlock()
    let table = tables.table()
    try Slabs.cut(block.box, bytesPerVoxel: tile.volume.type.byteCount) { slab in
      try tile.volume.withVoxels(of: slab, scratch: &scratch) { view in
        try write(view, table, into: &block)
      }
    }
  }

  private func write(
    _ view: borrowing VoxelView, _ table: RelabelTable, into block: inout VoxelBlock
  ) throws {
    switch view.type.byteCount {
    case 1: try write(view, table, UInt8.self, into: &block)
    case 2: try write(view, table, UInt16.self, into: &block)
    case 4: try write(view, table, UInt32.self, into: &block)
    default: try write(view, table, UInt64.self, into: &block)
    }
  }

  @inline(__always)
  private func write<In: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ view: borrowing VoxelView, _ table: RelabelTable, _: In.Type, into block: inout VoxelBlock
  ) throws {
    switch table.storage {
    case .dense8(let table):
      try rows(view, In.self, UInt8.self, &block) { relabelDense($0, into: &$1, table.span) }
    case .dense16(let table):
      try rows(view, In.self, UInt16.self, &block) { relabelDense($0, into: &$1, table.span) }
    case .dense32(let table):
      try rows(view, In.self, UInt32.self, &block) { relabelDense($0, into: &$1, table.span) }
    case .dense64(let table):
      try rows(view, In.self, UInt64.self, &block) { relabelDense($0, into: &$1, table.span) }
    case .sparse(let table):
      switch type {
      case .uint8:
        try rows(view, In.self, UInt8.self, &block) { relabelSparse($0, into: &$1, table.span) }
      case .uint16:
        try rows(view, In.self, UInt16.self, &block) { relabelSparse($0, into: &$1, table.span) }
      case .uint32:
        try rows(view, In.self, UInt32.self, &block) { relabelSparse($0, into: &$1, table.span) }
      default:
        try rows(view, In.self, UInt64.self, &block) { relabelSparse($0, into: &$1, table.span) }
      }
    }
  }

  @inline(__always)
  private func rows<In: FixedWidthInteger & UnsignedInteger & BitwiseCopyable, Out: Voxel>(
    _ view: borrowing VoxelView, _: In.Type, _: Out.Type, _ block: inout VoxelBlock,
    _ relabel: (Span<In>, inout MutableSpan<Out>) -> Bool
  ) throws {
    let box = view.box
    guard !box.isEmpty else { return }
    for z in box.origin.z..<box.end.z {
      for y in box.origin.y..<box.end.y {
        let start = block.rowStart(z: z, y: y) + box.origin.x - block.box.origin.x
        var voxels = block.mutableVoxels(as: Out.self)
        var target = voxels._mutatingExtracting(start..<start + box.size.x)
        let source = Span<In>(_bytes: view.bytes.extracting(view.rowRange(z: z, y: y)))
        if relabel(source, &target) {
          try check(source, Index3(z: z, y: y, x: box.origin.x), view.type)
        }
      }
    }
  }

  /// Throws for the first label of a row that is not in the map: others were made background on purpose.
  private func check<In: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ row: Span<In>, _ start: Index3, _ type: VoxelType
  ) throws {
    let limit = largestLabel(type)
    var i = 0
    while i < row.count {
      let label = UInt64(row[i])
      let place = Index3(z: start.z, y: start.y, x: start.x + i)
      if label > limit { throw tile.negativeLabel(signedValue(label, type), at: place) }
      guard tables.map[label] != nil else {
        throw BrickworkError(
          .badRequest, path: tile.name, place: "tile \(tile.number), voxel \(place)",
          reason: "the label \(label) has no new label in the map",
          remedy: "Take the map made from these tiles, or add a row for the label")
      }
      i = runEnd(row, from: i + 1, of: row[i])
    }
  }

  /// Bytes of the table of new labels, which the first reader makes: held as long as the volume, and shared by all who
  /// read it.
  public var tableByteCount: Int { tables.byteCount }

  /// A slab of the tile's voxels, and what reading it takes below, without the table of new labels.
  public func scratchBytes(reading size: Index3) -> Int {
    tile.volume.bytesLending(
      Slabs.largest(of: size, bytesPerVoxel: tile.volume.type.byteCount))
  }

  /// What the tile decodes for the same box.
  public func decodedBytes(reading box: Box3) -> Int { tile.volume.decodedBytes(reading: box) }
  /// Tells the tile that the same box will be read.
  public func willRead(_ box: Box3) { tile.volume.willRead(box) }
  /// Tells the tile that the same box is not needed for now.
  public func didRead(_ box: Box3) { tile.volume.didRead(box) }
}

extension LabelTile {
  /// The tile with new labels: `apply_new_ids`.
  ///
  /// - Parameters:
  ///   - map: the map of all tiles, in which this one is found by its number.
  ///   - minimum: a type at least as wide is taken; nil takes the smallest that holds all new labels of all tiles,
  ///     so that every tile gets the same.
  /// - Throws: `BrickworkError` with code `.badRequest` if the map has no such tile.
  public func relabeled(with map: LabelMap, atLeast minimum: VoxelType? = nil) throws
    -> RelabeledVolume
  {
    guard map.tiles.indices.contains(number) else {
      throw BrickworkError(
        .badRequest, path: name, place: "tile \(number)",
        reason: "the map of labels has \(map.tiles.count) tiles",
        remedy: "Take the map made from these tiles")
    }
    let smallest = map.smallestType
    let type = minimum.map { $0.byteCount >= smallest.byteCount ? $0 : smallest } ?? smallest
    return try RelabeledVolume(self, with: map.tiles[number], type: type)
  }

  /// All tiles with new labels of one type, in their order: what a stitched volume is made of.
  public static func relabeled(
    _ tiles: [LabelTile], with map: LabelMap, atLeast minimum: VoxelType? = nil
  ) throws -> [any Volume] {
    try tiles.map { try $0.relabeled(with: map, atLeast: minimum) }
  }
}

/// A table that is made when it is first needed: what it takes is known, and can be refused, before.
private final class LazyRelabelTable: Sendable {
  let map: TileLabelMap
  private let input: VoxelType
  private let output: VoxelType
  private let made = Mutex<RelabelTable?>(nil)

  init(_ map: TileLabelMap, from input: VoxelType, to output: VoxelType) {
    self.map = map
    self.input = input
    self.output = output
  }

  var byteCount: Int { RelabelTable.byteCount(map, from: input, to: output) }

  func table() -> RelabelTable {
    made.withLock { made in
      if let made { return made }
      let table = RelabelTable(map, from: input, to: output)
      made = table
      return table
    }
  }
}
