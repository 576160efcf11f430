internal import BrickCore
internal import BrickFiles
internal import BrickHDF5
internal import BrickJPEG2000
internal import BrickND2
internal import BrickTIFF

extension TileSet {
  /// The positions of the tiles as a table: one row per tile with its number and name, in the unit their source gives.
  ///
  /// Names are those of the tiles where no two have the same, else those of their files, else none. Tables written
  /// from it therefore find the same tiles again.
  ///
  /// - Parameter table: positions in place of those of the set.
  /// - Throws: `BrickworkError` if nothing says where the tiles lie, or the table does not fit them.
  public func offsetTable(from table: OffsetTable? = nil) throws -> OffsetTable {
    // The error where nothing says it.
    guard let (rows, source) = try positions(from: table) else {
      _ = try offsets(from: nil)
      return OffsetTable(rows: [], source: "", format: "")
    }
    let own = tiles.map(\.info.name)
    let names = Set(own).count == own.count ? own : tileNames
    let areUnique = Set(names).count == names.count
    let (path, format) =
      switch source {
      case .table(let path): (path, "recorded positions")
      case .stage: (tiles[0].info.path, "stage positions")
      case .single: (tiles[0].info.path, "a single tile")
      }
    return OffsetTable(
      rows: rows.enumerated().map { number, row in
        TileOffset(index: number, name: areUnique ? names[number] : nil, position: row.position)
      },
      source: path, format: format, namesAreFiles: areUnique,
      voxelSize: isVoxelSizeKnown ? voxelSize : nil)
  }

  /// Whether `path` is opened as tiles rather than read as a table of offsets: a folder, a tile file, or a tileset file.
  ///
  /// XML, text and `.npy` are tables.
  public static func isSource(_ path: String) -> Bool {
    if Files.isFolder(path) || TilesetFile.isTilesetFile(path) { return true }
    guard Files.size(path) != nil, let file = try? MappedFile(path) else { return false }
    let bytes = Span<UInt8>(_bytes: file.bytes)
    let start = (0..<min(file.count, 16)).map { bytes[$0] }
    return TIFFFile.looksLikeTIFF(start) || ND2File.looksLikeND2(start)
      || JPEG2000File.looksLikeJPEG2000(start) || HDF5Tiles.looksLikeHDF5(start)
  }
}
