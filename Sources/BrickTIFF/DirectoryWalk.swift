internal import BrickCore
internal import BrickFiles
internal import CTIFF

/// What a walk along the chain of directories found.
struct DirectoryWalk {
  private(set) var pages: [TIFFPage] = []
  private(set) var layouts: [PageLayout] = []
  private(set) var refusals: [Int: BrickworkError] = [:]
  private var numbers: [PageLayout: Int] = [:]
  /// Directories read before their pages are given back: each may have mapped 64 KiB.
  private static let pagesBetweenReleases = 256
  /// A refused page is only reported if it is used; more of them than this are one report.
  private static let mostRefusals = 1000

  /// Walks from the handle's current directory to the last one.
  init(_ handle: TIFFHandle, map: MappedFile) throws {
    repeat {
      try add(handle, map: map)
      if pages.count.isMultiple(of: Self.pagesBetweenReleases) { map.doneWith(0..<map.count) }
    } while try handle.advance(page: pages.count)
    try checkLastLink(handle, map: map)
    try map.checkIntact()
  }

  /// Checks that the last directory is there as a whole, with its link to no other.
  ///
  /// libtiff takes a file cut within the link for a complete one, and the pages behind it would be missing.
  private func checkLastLink(_ handle: TIFFHandle, map: MappedFile) throws {
    let (countBytes, entryBytes, linkBytes) = handle.isBigTIFF ? (8, 20, 8) : (2, 12, 4)
    func number(_ offset: Int, _ count: Int) -> Int? {
      map.number(at: offset, byteCount: count, isBigEndian: handle.isBigEndian)
    }
    guard let directory = Int(exactly: handle.directory),
      let entries = number(directory, countBytes),
      entries < 1 << 32, number(directory + countBytes + entries * entryBytes, linkBytes) == 0
    else {
      throw BrickworkError(
        .damagedInput, path: map.path, place: "page \(pages.count - 1)",
        reason:
          "its directory at \(handle.directory) is cut at the file's end, at \(map.count) bytes",
        remedy: "The file was cut: copy or export it again")
    }
  }

  private mutating func add(_ handle: TIFFHandle, map: MappedFile) throws {
    let number = pages.count
    var page = TIFFPage(
      directory: handle.directory, layout: -1, dataOffset: -1,
      isReduced: (handle.long(TIFFTAG_SUBFILETYPE) ?? 0) & Int(FILETYPE_REDUCEDIMAGE) != 0)
    do {
      let layout = try PageLayout(handle)
      page.layout = self.number(of: layout)
      page.dataOffset = try Self.checkPieces(handle, layout: layout, map: map) ?? -1
    } catch var error as BrickworkError {
      error.path = map.path
      error.place = "page \(number)" + (error.place.map { ", \($0)" } ?? "")
      page.layout = -1
      guard refusals.count < Self.mostRefusals else { throw error }
      refusals[number] = error
    }
    pages.append(page)
  }

  private mutating func number(of layout: PageLayout) -> Int {
    if let number = numbers[layout] { return number }
    numbers[layout] = layouts.count
    layouts.append(layout)
    return layouts.count - 1
  }

  /// Checks that every strip or tile lies in the file.
  ///
  /// - Returns: where the page's voxels begin if they are uncompressed rows without gaps, otherwise nil.
  private static func checkPieces(
    _ handle: TIFFHandle, layout: PageLayout, map: MappedFile
  ) throws -> Int? {
    let isPlain =
      layout.compression == Int(COMPRESSION_NONE) && !layout.isTiled
      && (handle.short(TIFFTAG_FILLORDER) ?? 1) == Int(FILLORDER_MSB2LSB)
    let fileSize = UInt64(map.count)
    let stripBytes = UInt64(layout.piece.y) * UInt64(layout.rowBytes)
    var first: UInt64?
    var isContiguous = isPlain
    for piece in 0..<layout.grid.count {
      let (offset, count) = handle.place(ofPiece: piece)
      let (end, overflow) = offset.addingReportingOverflow(count)
      guard !overflow, end <= fileSize else {
        throw BrickworkError(
          .damagedInput, place: "\(layout.isTiled ? "tile" : "strip") \(piece)",
          reason: "spans \(count) bytes from \(offset) on, past the file's \(fileSize) bytes",
          remedy: "The file was cut: copy or export it again")
      }
      let start = first ?? offset
      first = start
      let (distance, tooFar) = UInt64(piece).multipliedReportingOverflow(by: stripBytes)
      if tooFar || offset < start || offset - start != distance { isContiguous = false }
      // A strip that says it is shorter than its rows goes through libtiff, which refuses or knows better.
      let rows = UInt64(
        min(layout.piece.y, layout.size.y - min(layout.size.y, piece * layout.piece.y)))
      if isPlain && count < rows * UInt64(layout.rowBytes) { isContiguous = false }
    }
    guard isContiguous, let first, let bytes = layout.byteCount, UInt64(bytes) <= fileSize - first
    else {
      return nil
    }
    return Int(first)
  }
}
