import BrickCore
import BrickFiles
import BrickND2
import BrickTestSupport
import Foundation
import Testing

/// What the generator and the table of real files say, and how planes are compared with it.
enum ND2Oracle {
  static let generator = SharedData.path("../tools/make_nd2.py")
  /// Whether files can be generated: tests are skipped aloud otherwise.
  static let canGenerate =
    SharedData.hasPython && FileManager.default.fileExists(atPath: generator)
  static let whyNot: Comment = "no make_nd2.py beside the package or no Python with NumPy"

  /// Runs the generator once for each line of arguments, as `0.nd2`, `1.nd2`, …, each with its truth.
  static func generate(_ lines: [String]) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try SharedData.runPython(
      """
      import sys, os, contextlib
      sys.path.insert(0, os.path.dirname(sys.argv[1]))
      import make_nd2
      for number, line in enumerate(sys.argv[3:]):
        make_nd2.write(make_nd2.parse([f'{sys.argv[2]}/{number}.nd2', '--json'] + line.split()))
      """, [generator, folder.path] + lines)
    return folder
  }

  static func json(_ path: String) throws -> JSON {
    try JSON(parsing: Files.read(path), path: path)
  }

  /// CRC-32 (IEEE 802.3, as in zlib) of the voxels of a plane.
  static func crc(_ image: any TileImage, channel: Int, timepoint: Int, z: Int) throws -> UInt32 {
    let volume = try image.volume(channel: channel, timepoint: timepoint)
    let block = try volume.block(
      of: Box3(
        origin: Index3(z: z, y: 0, x: 0),
        size: Index3(z: 1, y: volume.size.y, x: volume.size.x)))
    return crc(block.byteArray)
  }

  static func crc(_ bytes: [UInt8]) -> UInt32 {
    var crc: UInt32 = ~0
    for byte in bytes { crc = table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] ^ crc >> 8 }
    return ~crc
  }

  private static let table: [UInt32] = (0..<256).map { number in
    (0..<8).reduce(UInt32(number)) { value, _ in
      value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1
    }
  }
}

/// The truth beside a generated file.
struct ND2Truth {
  struct Frame {
    var timepoint, position, z: Int
    var time: Double
    var crc: [UInt32]?
  }
  struct Point {
    var name: String
    var x, y, z: Double
  }
  var width, height, components: Int
  var type: String
  var names: [String]
  var frames: [Frame]
  var points: [Point]
  var counts: [String: Int]

  init(_ path: String) throws {
    let json = try ND2Oracle.json(path + ".json")
    func int(_ value: JSON?) -> Int { value?.intValue ?? 0 }
    func double(_ value: JSON?) -> Double { value?.doubleValue ?? .nan }
    width = int(json["width"])
    height = int(json["height"])
    components = int(json["components"])
    type = json["dtype"]?.stringValue ?? ""
    names = json["channels"]?.stringArrayValue ?? []
    frames = (json["frameTable"]?.arrayValue ?? []).map { frame in
      Frame(
        timepoint: int(frame["T"]), position: int(frame["P"]), z: int(frame["Z"]),
        time: double(frame["timeMs"]),
        crc: frame["crc32"]?.intArrayValue?.map { UInt32($0) })
    }
    points = (json["points"]?.arrayValue ?? []).filter { $0["valid"]?.boolValue ?? false }
      .map {
        Point(
          name: $0["name"]?.stringValue ?? "", x: double($0["x"]), y: double($0["y"]),
          z: double($0["z"]))
      }
    counts = [:]
    for loop in json["loops"]?.arrayValue ?? [] {
      counts[loop["axis"]?.stringValue ?? ""] = int(loop["count"])
    }
  }
}
