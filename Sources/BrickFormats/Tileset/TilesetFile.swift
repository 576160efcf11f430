public import BrickCore
internal import BrickFiles
internal import BrickHDF5
public import BrickJPEG2000

/// Tiles and their positions as one small JSON file.
///
///     {
///       "brickwork_tileset": 1,
///       "voxel_size_um_xyz": [0.16, 0.16, 0.4],
///       "tiles": [
///         {"path": "tiles/a.tif", "offset_voxels_xyz": [0, 0, 0]},
///         {"path": "scan.nd2", "image": 3, "name": "scan.nd2 [3]", "position_um_xyz": [57.5, 0, 0]}
///       ]
///     }
///
/// Paths are seen from the folder of the file. `image` counts the images of a file from 0. Where `name` is given too,
/// the image must have it, else the one that has it is taken; `name` alone finds an image. Positions are in voxels or
/// in µm; all tiles have one or none has, which leaves them to the stage positions in the tiles' own files.
/// `dataset`, `axes`, `jp2_rows` and `stage_rule` say how a file is opened, as the options of the command do.
public struct TilesetFile: Sendable, Hashable {
  /// One tile of the file.
  public struct Tile: Sendable, Hashable {
    /// The file, store or folder: absolute or as seen from the current folder.
    public var path: String
    /// The place among the images there, from 0; nil where the name says it, or there is one image.
    public var image: Int?
    /// The image's name; nil where the place says it, or there is one image.
    public var name: String?
    /// Where the tile lies; nil leaves it to the tile's file.
    public var position: TileOffset.Position?
    /// The pattern of the datasets that are tiles, for plain HDF5.
    public var dataset: String?
    /// The axes of the datasets, for plain HDF5.
    public var axes: String?
    /// What the rows of JPEG 2000 pictures are.
    public var rows: JPEG2000File.Rows?
    /// How the stage position becomes the tile's, where `position` is nil.
    public var stageRule: StageRule?

    /// A tile in a file, with everything else left to the file.
    public init(path: String, image: Int? = nil, name: String? = nil) {
      self.path = path
      self.image = image
      self.name = name
    }

    /// How the tile is opened: as said here, else as `options` say.
    func options(over options: OpeningOptions) -> OpeningOptions {
      var own = options
      own.datasets.datasets = dataset ?? own.datasets.datasets
      own.datasets.axes = axes ?? own.datasets.axes
      own.rows = rows ?? own.rows
      own.stageRule = stageRule ?? own.stageRule
      return own
    }
  }

  /// µm between voxels of all tiles, x, y, z; nil where the tiles' files say it.
  public var voxelSize: VoxelSize?
  /// The tiles in their order.
  public var tiles: [Tile]
  /// What was read but should be known: one sentence each.
  public var warnings: [String] = []

  /// A file of these tiles.
  public init(voxelSize: VoxelSize? = nil, tiles: [Tile]) {
    self.voxelSize = voxelSize
    self.tiles = tiles
  }

  /// The version that is written, and the only one that is read.
  static let version = 1
  static let versionKey = "brickwork_tileset"

  /// Whether the file at `path` begins like a tileset file: with an object whose first members name the version.
  public static func isTilesetFile(_ path: String) -> Bool {
    guard Files.size(path) != nil, let file = try? MappedFile(path) else { return false }
    let bytes = Span<UInt8>(_bytes: file.bytes)
    var start: [UInt8] = []
    for place in 0..<min(file.count, 4096) { start.append(bytes[place]) }
    let text = String(decoding: start, as: UTF8.self)
    let first = text.first { !$0.isWhitespace && $0 != "\u{FEFF}" }
    return first == "{" && text.contains("\"\(versionKey)\"")
  }

  /// The tiles in the file at `path`; their paths are joined to its folder.
  ///
  /// - Throws: `BrickworkError` that names the entry: `.damagedInput` where the text is no JSON or a value has
  ///   another type or range, `.unsupportedInput` for another version.
  public static func read(_ path: String) throws -> TilesetFile {
    var file = try TilesetFile(parsing: Files.read(path), path: path)
    let folder = Files.folder(of: path)
    for place in file.tiles.indices {
      // A file in the current folder names its neighbours as the user would.
      if folder != "." || path.hasPrefix("./") {
        file.tiles[place].path = Files.join(folder, file.tiles[place].path)
      }
    }
    return file
  }

  /// Writes the file so that readers see the old or the new content.
  ///
  /// Paths of tiles become relative to the file's folder where both lie in a common folder below the root.
  ///
  /// - Throws: `BrickworkError` if a tile's file is not there or the folder can't be written.
  public func write(to path: String) throws {
    let text = try text(seenFrom: Files.folder(of: path))
    try Files.replace(path, with: Array(text.utf8))
  }
}
