internal import BrickCore

/// Components of a file, or of one file for each plane, as a lazy volume.
///
/// Pieces are the code tiles of one component, decoded whole through the shared cache; those of more than 16 Mi
/// samples in blocks of 2048 × 2048. What a piece is depends on the file alone, so voxels never depend on the
/// memory there is.
struct ComponentsVolume: Volume {
  let type: VoxelType
  let size: Index3
  private let sources: [ComponentSource]
  /// For each unit of components that are decoded together: they, its source, its number there.
  ///
  /// Components of
  /// files after the first count on.
  private let units: [Unit]
  /// The unit of each component.
  private let unitOfComponent: [Int]
  /// The component of each plane and the plane of each component, where the file orders them; else nil.
  private let order: (components: [Int], planes: [Int])?
  private let reduction: Int
  private let transposes: Bool
  private let cache: PieceCache
  private let number: Int

  private struct Unit {
    var components: Range<Int>
    var source: Int
    var number: Int
  }
  /// A code tile or a block of one, in one unit.
  private struct Part {
    var key: PieceCache.Key
    var unit: Unit
    var tile: Int
    /// Columns and rows of the reference grid.
    var x: Range<Int>
    var y: Range<Int>
    /// Where it lies in the volume, z counting components.
    var box: Box3
  }

  /// - Parameter sources: one with any number of components, or several with one each, of one size and type.
  init(
    _ sources: [ComponentSource], reduction: Int, rows: JPEG2000File.Rows, cache: PieceCache,
    number: Int
  ) {
    self.sources = sources
    self.reduction = reduction
    self.cache = cache
    self.number = number
    transposes = rows == .x
    type = sources[0].codestream.type
    var units: [Unit] = []
    for (place, source) in sources.enumerated() {
      let first = units.last?.components.upperBound ?? 0
      for (number, components) in source.units.enumerated() {
        units.append(
          Unit(
            components: first + components.lowerBound..<first + components.upperBound,
            source: place,
            number: number))
      }
    }
    self.units = units
    unitOfComponent = units.enumerated().flatMap {
      Array(repeating: $0, count: $1.components.count)
    }
    order =
      sources.count > 1
      ? nil
      : sources[0].boxes.order(of: unitOfComponent.count).map {
        components in
        var planes = components
        for (plane, component) in components.enumerated() { planes[component] = plane }
        return (components, planes)
      }
    let (height, width) = sources[0].codestream.reducedSize(reduction)
    size = Index3(
      z: unitOfComponent.count, y: transposes ? width : height, x: transposes ? height : width)
  }

  func read(into block: inout VoxelBlock) throws {
    checkBounds(block.box)
    guard !block.box.isEmpty else { return }
    // Neighbouring blocks want the same pieces: what another thread is decoding is left for the end, so that the
    // threads share the work instead of waiting for each other.
    var busy: [Part] = []
    try forEachPart(in: block.box) { part in
      if let piece = try cache.pieceUnlessBusy(part.key, decode: { try decode(part) }) {
        copy(piece.block, to: &block)
      } else {
        busy.append(part)
      }
    }
    for part in busy {
      let piece = try cache.piece(part.key) { try decode(part) }
      copy(piece.block, to: &block)
    }
  }

  private func copy(_ piece: borrowing VoxelBlock, to block: inout VoxelBlock) {
    let row = piece.box.size.x * type.byteCount
    let view = VoxelView(
      piece.bytes, box: piece.box, type: type, rowStride: row, planeStride: row * piece.box.size.y)
    guard let order else { return block.copy(from: view) }
    let box = piece.box
    for component in box.origin.z..<box.end.z {
      let plane = Box3(
        origin: Index3(z: component, y: box.origin.y, x: box.origin.x),
        size: Index3(z: 1, y: box.size.y, x: box.size.x))
      block.copy(
        from: view.cropped(to: plane),
        offset: Index3(z: order.planes[component] - component, y: 0, x: 0))
    }
  }

  func decodedBytes(reading box: Box3) -> Int {
    guard !box.isEmpty else { return 0 }
    var bytes = 0
    forEachPart(in: box) { part in
      bytes += BlockStorage.footprint(of: part.box.count * type.byteCount)
    }
    return bytes
  }

  func scratchBytes(reading size: Index3) -> Int {
    sources.map {
      BlockStorage.footprint(of: $0.largestPieceBytes(reduction: reduction))
        + $0.decodingBytes(reduction: reduction)
    }.max() ?? 0
  }

  private func decode(_ part: Part) throws -> PieceCache.Piece {
    var block = VoxelBlock(part.box, type: type)
    try sources[part.unit.source].decode(
      unit: part.unit.number, tile: part.tile, x: part.x, y: part.y, reduction: reduction,
      transposes: transposes, into: &block)
    return PieceCache.Piece(block)
  }

  /// Calls `body` with the pieces that a box touches.
  private func forEachPart(in box: Box3, _ body: (Part) throws -> Void) rethrows {
    let columns = transposes ? box.origin.y..<box.end.y : box.origin.x..<box.end.x
    let rows = transposes ? box.origin.x..<box.end.x : box.origin.y..<box.end.y
    for place in units(in: box.origin.z..<box.end.z) {
      let unit = units[place]
      let grid = sources[unit.source].codestream.grid
      let (left, top) = (
        shiftedUp(grid.x.lowerBound, reduction), shiftedUp(grid.y.lowerBound, reduction)
      )
      // A sample of the reduced image belongs to the tile that holds its place on the reference grid.
      let tileColumns =
        grid.column(
          of: (columns.lowerBound + left) << reduction)...grid.column(
          of: (columns.upperBound - 1 + left) << reduction)
      let tileRows =
        grid.row(
          of: (rows.lowerBound + top) << reduction)...grid.row(
          of: (rows.upperBound - 1 + top) << reduction)
      for tileRow in tileRows {
        for tileColumn in tileColumns {
          let tile = tileRow * grid.columns + tileColumn
          let area = grid.area(ofTile: tile)
          try forEachBlock(area.x, area.y, columns, rows, left, top) { block, x, y in
            let across = shiftedUp(x.lowerBound, reduction) - left
            let down = shiftedUp(y.lowerBound, reduction) - top
            let width = shiftedUp(x.upperBound, reduction) - left - across
            let height = shiftedUp(y.upperBound, reduction) - top - down
            try body(
              Part(
                key: PieceCache.Key(
                  source: number, piece: ((reduction << 20 | place) << 36) | tile << 20 | block),
                unit: unit, tile: tile, x: x, y: y,
                box: Box3(
                  origin: Index3(
                    z: unit.components.lowerBound, y: transposes ? across : down,
                    x: transposes ? down : across),
                  size: Index3(
                    z: unit.components.count, y: transposes ? width : height,
                    x: transposes ? height : width))))
          }
        }
      }
    }
  }

  /// The numbers of the units that hold some planes.
  private func units(in planes: Range<Int>) -> [Int] {
    if let order { return Set(planes.map { unitOfComponent[order.components[$0]] }).sorted() }
    return Array(unitOfComponent[planes.lowerBound]...unitOfComponent[planes.upperBound - 1])
  }

  /// The blocks of a tile's area that a part of the image touches: one, unless the tile is large.
  private func forEachBlock(
    _ x: Range<Int>, _ y: Range<Int>, _ columns: Range<Int>, _ rows: Range<Int>, _ left: Int,
    _ top: Int, _ body: (Int, Range<Int>, Range<Int>) throws -> Void
  ) rethrows {
    // Ranges of the reduced image from the reference grid's corner.
    let across = shiftedUp(x.lowerBound, reduction)..<shiftedUp(x.upperBound, reduction)
    let down = shiftedUp(y.lowerBound, reduction)..<shiftedUp(y.upperBound, reduction)
    guard across.count * down.count > ComponentSource.mostSamples else {
      return try body(0, x, y)
    }
    let side = ComponentSource.blockSide
    let (firstColumn, firstRow) = (across.lowerBound / side, down.lowerBound / side)
    let perRow = (across.upperBound - 1) / side - firstColumn + 1
    let wantedX = (columns.lowerBound + left..<columns.upperBound + left).clamped(to: across)
    let wantedY = (rows.lowerBound + top..<rows.upperBound + top).clamped(to: down)
    for row in wantedY.lowerBound / side...(wantedY.upperBound - 1) / side {
      for column in wantedX.lowerBound / side...(wantedX.upperBound - 1) / side {
        let blockX = (column * side << reduction..<(column + 1) * side << reduction).clamped(to: x)
        let blockY = (row * side << reduction..<(row + 1) * side << reduction).clamped(to: y)
        try body((row - firstRow) * perRow + column - firstColumn, blockX, blockY)
      }
    }
  }
}

extension Codestream {
  /// Rows and columns of the image at a reduced resolution.
  func reducedSize(_ reduction: Int) -> (height: Int, width: Int) {
    (
      shiftedUp(grid.y.upperBound, reduction) - shiftedUp(grid.y.lowerBound, reduction),
      shiftedUp(grid.x.upperBound, reduction) - shiftedUp(grid.x.lowerBound, reduction)
    )
  }
}
