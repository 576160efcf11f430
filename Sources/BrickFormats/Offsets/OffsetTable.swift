public import BrickCore
internal import BrickFiles

/// The positions of tiles as a file gives them, before they are matched to images.
public struct OffsetTable: Sendable {
  /// One row per tile, in the file's order.
  public var rows: [TileOffset]
  /// The file they were read from.
  public var source: String
  /// The format in words: "CSV", "NumPy array".
  public var format: String
  /// Whether the names of the rows are those of tile files, so that tiles are found by them.
  public var namesAreFiles: Bool
  /// µm between voxels, where the file says.
  public var voxelSize: VoxelSize?
  /// What was read but should be known: one sentence each.
  public var warnings: [String]

  /// A table of these rows.
  public init(
    rows: [TileOffset], source: String, format: String, namesAreFiles: Bool = false,
    voxelSize: VoxelSize? = nil, warnings: [String] = []
  ) {
    self.rows = rows
    self.source = source
    self.format = format
    self.namesAreFiles = namesAreFiles
    self.voxelSize = voxelSize
    self.warnings = warnings
  }

  /// Positions read with magnitudes beyond this are damage or another unit, not a microscope's stage.
  static let farthest = 1e12

  /// The table in a CSV, `.npy`, Fiji `TileConfiguration` or BDV/BigStitcher XML file, told apart by content.
  ///
  /// `units` says what the numbers are where the file doesn't: voxels unless told otherwise. `timepoint`,
  /// counted from 0, picks the registrations of an XML file.
  ///
  /// - Throws: `BrickworkError` naming the file, the line or row, and what was expected there.
  public static func read(
    _ path: String, units: OffsetUnits = .unspecified, layout: OffsetLayout = .plain,
    timepoint: Int = 0
  ) throws -> OffsetTable {
    if Files.isFolder(path) {
      throw BrickworkError(
        .unsupportedInput, path: path, reason: "is a folder, not a file of offsets",
        remedy: remedyForFormats)
    }
    return try parse(Files.read(path), path: path, units: units, layout: layout) {
      try readBDV(path, units: units, timepoint: timepoint)
    }
  }

  /// The table in a file's bytes; `project` reads those that are XML.
  static func parse(
    _ bytes: [UInt8], path: String, units: OffsetUnits, layout: OffsetLayout,
    project: () throws -> OffsetTable
  ) throws -> OffsetTable {
    if NPYArray.looksLikeNPY(bytes) {
      return try readArray(bytes, path: path, units: units, layout: layout)
    }
    if layout == .exm {
      throw BrickworkError(
        .badRequest, path: path, reason: "the layout exm is one of .npy files, and this is none",
        remedy: "Leave out --offset-layout exm, or name the .npy file")
    }
    let text = try TextLines(bytes, path: path)
    if text.startsWithMarkup { return try project() }
    if TileConfiguration.looksLikeOne(text) {
      return try TileConfiguration.read(text, path: path, units: units)
    }
    return try CSVOffsets.read(text, path: path, units: units)
  }

  static let remedyForFormats =
    "Offsets are read from .csv, .npy, Fiji's TileConfiguration.txt and BigDataViewer .xml files"

  /// Checks a coordinate that a file gave.
  static func checked(_ value: Double, path: String, place: String) throws -> Double {
    guard value.isFinite, abs(value) <= farthest else {
      throw BrickworkError(
        .damagedInput, path: path, place: place,
        reason: "\(value) is no position: it must be a finite number of at most \(farthest)",
        remedy: "Correct the number")
    }
    return value
  }
}
