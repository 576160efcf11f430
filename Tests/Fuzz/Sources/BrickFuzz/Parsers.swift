@_spi(Fuzzing) import BrickBDV
@_spi(Fuzzing) import BrickFormats
@_spi(Fuzzing) import BrickHDF5
@_spi(Fuzzing) import BrickJPEG2000
@_spi(Fuzzing) import BrickN5
@_spi(Fuzzing) import BrickND2
@_spi(Fuzzing) import BrickZarr
import Brickwork

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What is fuzzed: each parser opens the bytes as a file, and reads some voxels if that succeeds.
///
/// A `BrickworkError` is the right answer to damaged bytes; a trap, a hang or a report of the sanitizer is not.
enum Parsers {
  typealias Parser = @Sendable (_ bytes: [UInt8]) throws -> Void

  /// The parser that the environment variable BRICKWORK_FUZZ names.
  static let chosen = ProcessEnvironment.value(of: "BRICKWORK_FUZZ").flatMap { named[$0] }

  static let named: [String: Parser] = [
    "tiff": { try readTiles(of: file("input.tif", $0)) },
    "ome-xml": { try readTiles(of: file("input.ome.tif", TIFFFrame.around(description: $0))) },
    "nd2": { try ND2File.exercise(file("input.nd2", $0)) },
    "nd2-metadata": { try ND2File.exercise(metadata: $0) },
    "jpeg2000": { try JPEG2000File.exercise(file("input.jp2", $0)) },
    "hdf5": { try HDF5Tiles.exercise(file("input.h5", $0)) },
    "bdv": { try BDVTiles.exercise(file("input.h5", $0)) },
    "zarr-store": { try readTiles(of: store($0)) },
    "zarr": { try ZarrBytes.parse($0) },
    "n5": { try N5Bytes.parse($0) },
    "tileset": { try ParserExercise.tileset($0) },
    "npy": { try ParserExercise.offsets($0) },
    "csv": { try ParserExercise.offsets($0) },
    "tile-configuration": { try ParserExercise.offsets($0) },
    "spimdata": { bytes in
      let path = try file("input.xml", bytes)
      try both({ try readOffsets(path) }, { _ = try BDVProject(reading: path) })
    },
    "json": { _ = try JSON(parsing: $0, path: "input") },
  ]

  /// Where the input lies: memory, so that nothing waits for a disk.
  private static let folder = "/dev/shm/brickwork-fuzz-\(getpid())"

  static func run(_ bytes: [UInt8]) {
    do {
      try chosen?(bytes)
    } catch is BrickworkError {
    } catch { preconditionFailure("another error than the package's own: \(error)") }
  }

  // MARK: Inputs as files

  static func file(_ name: String, _ bytes: [UInt8]) throws -> String {
    let path = Files.join(folder, name)
    try Files.makeFolder(Files.folder(of: path))
    try Files.replace(path, with: bytes)
    return path
  }

  /// Two files from one input: two bytes of length, zarr.json, and then the array's first shard.
  private static func store(_ bytes: [UInt8]) throws -> String {
    let length = bytes.count < 2 ? 0 : Int(bytes[0]) | Int(bytes[1]) << 8
    let rest = bytes.dropFirst(2)
    _ = try file("store/zarr.json", Array(rest.prefix(length)))
    // The names that a first shard has in one, two and three dimensions can't all be files.
    let shard = Array(rest.dropFirst(length))
    try? Files.remove(Files.join(folder, "store/c"))
    _ = try file(["store/c/0/0/0", "store/c/0/0"][length & 1], shard)
    return Files.join(folder, "store")
  }

  // MARK: What is done with them

  /// Opens the file as tiles and reads two boxes of each channel and time point, as far as they are few.
  static func readTiles(of path: String) throws {
    let cache = PieceCache(capacity: 1 << 20)
    for tile in try TileSet.open([path], cache: cache).tiles.prefix(4) {
      for channel in tile.info.channelNames.indices.prefix(3) {
        for timepoint in 0..<min(2, tile.info.timepoints) {
          try readBoxes(of: tile.volume(channel: channel, timepoint: timepoint))
        }
      }
    }
  }

  private static func readBoxes(of volume: any Volume) throws {
    let extent = volume.size.minimum(Index3(z: 3, y: 17, x: 33))
    let middle = (volume.size - extent).dividedRoundingDown(by: Index3(repeating: 2))
    for origin in [Index3.zero, middle] {
      _ = try volume.block(of: Box3(origin: origin, size: extent))
    }
  }

  private static func readOffsets(_ path: String) throws {
    _ = try OffsetTable.read(path, units: .unspecified, layout: .plain, timepoint: 0)
  }

  /// Does both, also where the first throws; the last error counts.
  private static func both(_ first: () throws -> Void, _ second: () throws -> Void) throws {
    var failure: (any Error)?
    do { try first() } catch { failure = error }
    try second()
    if let failure { throw failure }
  }
}
