import ArgumentParser
import Brickwork

/// How positions are printed.
enum OffsetFormatOption: String, CaseIterable, ExpressibleByArgument {
  case csv, json, npy
}

/// `brickwork offsets`: the positions in a file.
struct OffsetsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "offsets",
    abstract:
      "Prints the positions found in a file of offsets or in tiles as CSV, JSON or NumPy array.",
    discussion: """
      The columns are tile,name,x,y,z,x_um,y_um,z_um: voxels and µm. Those of the other unit are filled in where the \
      voxel size is known. The result can be given to --offsets. Arrays hold voxels (plain), or what ExM-Toolbox \
      reads: a row with the tile's size, then µm with x negated (exm).

      EXAMPLES
        brickwork offsets TileConfiguration.registered.txt
        brickwork offsets dataset.xml -o offsets.csv
        brickwork offsets scan.nd2 --format json
        brickwork offsets sample.json --format npy --npy-layout exm -o offsets.npy
        brickwork offsets offsets.npy --offset-layout exm --voxel-size 0.16,0.16,0.4
      """)

  @Argument(
    help: ArgumentHelp(
      "A .csv, .npy, Fiji TileConfiguration.txt or BigDataViewer/BigStitcher .xml file; or tile files, a folder, a "
        + "store or a tileset file with positions of their own.",
      valueName: "file"),
    completion: .file())
  var files: [String]

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Write to this file instead of standard output; its ending chooses the format.",
      valueName: "out.csv"),
    completion: .file(extensions: ["csv", "json", "npy"]))
  var output: String?

  @Option(
    help: ArgumentHelp(
      "Format of the output; npy needs -o (default: the output's ending, else csv).",
      valueName: "csv|json|npy"))
  var format: OffsetFormatOption?

  @Option(
    help: ArgumentHelp(
      "Layout of a .npy file that is written: plain, or exm, for which tiles tell their size (default: plain).",
      valueName: "plain|exm"))
  var npyLayout: OffsetLayout?

  @OptionGroup var table: OffsetFileGroup

  @Option(
    help: ArgumentHelp(
      "Distance between voxels in µm, in the order x,y,z (default: what the file says).",
      valueName: "x,y,z"),
    transform: { try Notation.voxelSize($0) })
  var voxelSize: VoxelSize?

  @Option(
    help: ArgumentHelp("The time point of an XML file (default: 0).", valueName: "n"),
    transform: { try OptionValue.timepoint($0) })
  var timepoint: Int?

  @OptionGroup(title: "Opening tiles") var opening: OpeningGroup

  @Flag(help: "Replace an existing output file.")
  var overwrite = false

  @Flag(help: "Print JSON instead of CSV: the same as --format json.")
  var json = false

  @OptionGroup var logging: LogOptions

  func run() throws {
    let log = logging.log()
    let format = try chosenFormat()
    if let output { try Output.check(output, overwrite: overwrite) }
    let found = try found(log)
    let size = voxelSize ?? found.table.voxelSize
    let bytes: [UInt8]
    switch format {
    case .csv: bytes = Array(found.table.csv(voxelSize: size).utf8)
    case .json: bytes = Array((document(found, size).text(pretty: true) + "\n").utf8)
    case .npy: bytes = try array(found, size)
    }
    if let output {
      try Files.replace(output, with: bytes)
      log.notice("\(output): \(found.table.rows.count) offsets")
    } else {
      Terminal.write(String(decoding: bytes, as: UTF8.self), to: .output)
    }
  }

  private func chosenFormat() throws -> OffsetFormatOption {
    if json, let format, format != .json {
      throw BrickworkError(
        .badRequest, reason: "--json and --format \(format.rawValue) contradict each other",
        remedy: "Leave one of them out")
    }
    let ending = output.flatMap { path in
      OffsetFormatOption.allCases.first { path.lowercased().hasSuffix("." + $0.rawValue) }
    }
    let chosen = json ? .json : format ?? ending ?? .csv
    if chosen == .npy && output == nil {
      throw BrickworkError(
        .badRequest, reason: "a NumPy array is not text for standard output",
        remedy: "Name a file with -o OUT.npy")
    }
    if npyLayout != nil && chosen != .npy {
      throw BrickworkError(
        .badRequest, reason: "--npy-layout is given, but \(chosen.rawValue) is written",
        remedy: "Add --format npy")
    }
    return chosen
  }

  /// Positions, and the tiles where they were found in their files.
  private struct Found {
    var table: OffsetTable
    var tiles: TileSet?
  }

  private func found(_ log: Log) throws -> Found {
    guard files.count > 1 || TileSet.isSource(files[0]) else {
      return Found(table: try table.read(files[0], timepoint: timepoint ?? 0, log))
    }
    try table.refuseForTiles()
    let tiles = try TileSet.open(
      files, cache: PieceCache(capacity: 0), voxelSize: voxelSize, opening.options)
    for warning in tiles.warnings { log.warning(warning) }
    return Found(table: try tiles.offsetTable(), tiles: tiles)
  }

  private func array(_ found: Found, _ size: VoxelSize?) throws -> [UInt8] {
    guard npyLayout == .exm else { return try found.table.npy(voxelSize: size) }
    guard let tileSize = found.tiles?.tiles.first?.info.size else {
      throw BrickworkError(
        .badRequest, path: found.table.source,
        reason: "gives positions alone, and the layout exm begins with the size of a tile",
        remedy: "Name the tiles or a tileset file instead, or write --npy-layout plain")
    }
    guard let size else {
      throw BrickworkError(
        .badRequest, path: found.table.source,
        reason: "the layout exm holds µm, and nothing says the voxel size",
        remedy: "Give it with --voxel-size X,Y,Z")
    }
    return found.table.exmNPY(voxelSize: size, tileSize: tileSize)
  }

  private func document(_ found: Found, _ size: VoxelSize?) -> JSON {
    let table = found.table
    let rows = table.rows.enumerated().map { index, row -> JSON in
      var entry: JSON = [
        "tile": JSON(row.index ?? index),
        "name": row.name.map { .string($0) } ?? nil,
        "voxels_xyz": (row.voxels ?? size.map { row.inVoxels(of: $0) }).map { JSON($0) } ?? nil,
        "um_xyz": (row.micrometers ?? size.map { row.inMicrometers(of: $0) }).map { JSON($0) }
          ?? nil,
      ]
      if let info = found.tiles?.tiles[index].info {
        entry["path"] = .string(info.path)
        entry["position_um_xyz"] = info.position.map { JSON($0) } ?? JSON.null
        entry["camera_position_um_xyz"] = info.cameraPosition.map { JSON($0) } ?? JSON.null
      }
      return entry
    }
    return [
      "source": .string(table.source), "format": .string(table.format),
      "voxel_size_um_xyz": size.map { JSON($0) } ?? nil, "offsets": .array(rows),
    ]
  }
}
