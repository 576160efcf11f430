internal import BrickCore
internal import BrickFiles
internal import CTIFF

/// One directory of the main chain.
struct TIFFPage: Sendable {
  /// Where the directory lies in the file.
  var directory: UInt64
  /// The place of its layout in the source's table; -1 where the page is no grid of voxels.
  var layout: Int
  /// Where its voxels lie if they are uncompressed rows without gaps; -1 otherwise.
  var dataOffset: Int
  /// A thumbnail or pyramid level of another page.
  var isReduced: Bool
}

/// A TIFF file whose directories were read, shared by all volumes in it.
final class TIFFSource: Sendable {
  let map: MappedFile
  let cache: PieceCache
  /// Its number in the cache.
  let number: Int
  /// Every directory of the main chain, and the further planes of a stack with one directory.
  let pages: [TIFFPage]
  /// The different layouts, usually one.
  let layouts: [PageLayout]
  /// Why pages without a layout were refused.
  let refusals: [Int: BrickworkError]
  /// The image description of the first directory.
  let description: [UInt8]
  let isBigEndian: Bool
  let isBigTIFF: Bool
  /// Cache keys set aside for each page.
  private let piecesPerPage: Int

  var path: String { map.path }

  /// Reads all directories of the file.
  init(_ map: MappedFile, cache: PieceCache) throws {
    self.map = map
    self.cache = cache
    number = cache.newSource()
    let first = try TIFFHandle(map)
    description = first.descriptionBytes
    isBigEndian = first.isBigEndian
    isBigTIFF = first.isBigTIFF
    let walk = try DirectoryWalk(first, map: map)
    var pages = walk.pages
    (layouts, refusals) = (walk.layouts, walk.refusals)
    if pages.count == 1, pages[0].layout >= 0,
      let planes = try SingleDirectoryStack.planes(
        description: description, page: pages[0], layout: layouts[pages[0].layout], map: map)
    {
      pages = planes
    }
    self.pages = pages
    piecesPerPage = layouts.map(\.pieceCount).max() ?? 1
    guard !piecesPerPage.multipliedReportingOverflow(by: pages.count).overflow else {
      throw BrickworkError(
        .damagedInput, path: map.path,
        reason: "has \(pages.count) pages of up to \(piecesPerPage) strips or tiles")
    }
    map.doneWith(0..<map.count)
  }

  deinit { HandlePool.closeAll(of: map) }

  /// The layout of a page.
  ///
  /// - Throws: why the page was refused.
  func layout(ofPage page: Int) throws -> PageLayout {
    if let refusal = refusals[page] { throw refusal }
    return layouts[pages[page].layout]
  }

  /// The decoded voxels of a strip, band or tile, in coordinates of its page.
  func piece(_ number: Int, box: Box3, ofPage page: Int) throws -> PieceCache.Piece {
    try cache.piece(key(page, number)) { try decodePiece(number, box: box, page: page) }
  }

  /// The same, or nil while another thread is decoding it.
  func pieceUnlessBusy(_ number: Int, box: Box3, ofPage page: Int) throws -> PieceCache.Piece? {
    try cache.pieceUnlessBusy(key(page, number)) {
      try decodePiece(number, box: box, page: page)
    }
  }

  private func decodePiece(_ number: Int, box: Box3, page: Int) throws -> PieceCache.Piece {
    let layout = layouts[pages[page].layout]
    return layout.bandsPerStrip == 1
      ? try decode(piece: number, box: box, page: page, type: layout.type)
      : try decodeBands(upTo: number, page: page, layout: layout)
  }

  private func key(_ page: Int, _ piece: Int) -> PieceCache.Key {
    PieceCache.Key(source: number, piece: page * piecesPerPage + piece)
  }

  private func decode(
    piece: Int, box: Box3, page: Int, type: VoxelType
  ) throws -> PieceCache.Piece {
    let directory = pages[page].directory
    var block = VoxelBlock(box, type: type)
    try HandlePool.withHandle(of: map, directory: directory) { handle in
      try handle.seek(to: directory, page: page)
      var bytes = block.mutableBytes
      try handle.decode(piece: piece, page: page, into: &bytes)
    }
    try map.checkIntact()
    return PieceCache.Piece(block)
  }

  /// Decodes bands forward from where a handle stands, or from the strip's start, and keeps those on the way.
  ///
  /// Keeping a band takes its lock while the wanted one's is held: always an earlier band of the same
  /// strip, so two threads can't wait for each other.
  private func decodeBands(upTo piece: Int, page: Int, layout: PageLayout) throws
    -> PieceCache.Piece
  {
    let directory = pages[page].directory
    let strip = piece / layout.bandsPerStrip
    let stripRows = strip * layout.piece.y..<min((strip + 1) * layout.piece.y, layout.size.y)
    let wanted = layout.rows(ofPiece: piece)
    return try HandlePool.withHandle(
      of: map, directory: directory, strip: strip, row: wanted.lowerBound
    ) { handle in
      try handle.seek(to: directory, page: page)
      let stands = handle.openStrip == strip && handle.nextRow <= wanted.lowerBound
      var next = stands ? handle.nextRow : stripRows.lowerBound
      while true {
        let number =
          strip * layout.bandsPerStrip + (next - stripRows.lowerBound) / layout.bandRows
        let rows = layout.rows(ofPiece: number)
        var block = VoxelBlock(
          Box3(
            from: Index3(z: 0, y: rows.lowerBound, x: 0),
            to: Index3(z: 1, y: rows.upperBound, x: layout.size.x)), type: layout.type)
        var bytes = block.mutableBytes
        try handle.decode(
          rows: rows, ofStrip: strip, stripRows: stripRows, page: page, into: &bytes)
        try map.checkIntact()
        let decoded = PieceCache.Piece(block)
        if number == piece { return decoded }
        _ = try cache.piece(key(page, number)) { decoded }
        next = rows.upperBound
      }
    }
  }
}

extension PageLayout {
  /// The rows of a strip or band.
  func rows(ofPiece number: Int) -> Range<Int> {
    let (strip, band) = number.quotientAndRemainder(dividingBy: bandsPerStrip)
    let start = strip * piece.y + band * bandRows
    return start..<min(start + bandRows, (strip + 1) * piece.y, size.y)
  }

  /// Calls `body` with the number of every piece that shares a voxel with `box`, and its own box.
  ///
  /// That is the box it decodes to. All in coordinates of the page; a tile's box reaches past the
  /// page's end where it is padded.
  func forEachPiece(in box: Box3, _ body: (Int, Box3) throws -> Void) rethrows {
    if isTiled {
      let grid = grid
      try grid.indices(intersecting: box).forEachPosition { index in
        try body(grid.linearIndex(of: index), Box3(origin: index * piece, size: piece))
      }
    } else if !box.isEmpty {
      var row = box.origin.y
      while row < box.end.y {
        let (strip, inside) = row.quotientAndRemainder(dividingBy: piece.y)
        let number = strip * bandsPerStrip + inside / bandRows
        let rows = rows(ofPiece: number)
        try body(
          number,
          Box3(
            from: Index3(z: 0, y: rows.lowerBound, x: 0),
            to: Index3(z: 1, y: rows.upperBound, x: size.x)))
        row = rows.upperBound
      }
    }
  }
}
