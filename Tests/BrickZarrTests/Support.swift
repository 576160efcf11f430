import BrickCore
import BrickFiles
import BrickTestSupport
import BrickZarr
import Foundation

/// Bytes of voxels that look like a picture: mostly small values, a third of them zero.
func pictureBytes(
  _ type: VoxelType, _ size: Index3, using random: inout SplitMix64
) -> [UInt8] {
  var bytes: [UInt8] = []
  for _ in 0..<size.volume {
    let zero = Int.random(in: 0..<3, using: &random) == 0
    let value = zero ? 0 : UInt64.random(in: 0..<200, using: &random)
    let bits: UInt64 =
      switch type {
      case .float32: UInt64(Float(value).bitPattern)
      case .float64: Double(value).bitPattern
      default: value
      }
    for byte in 0..<type.byteCount { bytes.append(UInt8(truncatingIfNeeded: bits >> (8 * byte))) }
  }
  return bytes
}

/// Writes a whole volume as the engine does: each shard aside, then into place.
func store(_ volume: any Volume, as array: ZarrArray) throws {
  try array.writeMetadata(dimensionNames: ["z", "y", "x"], dimensionUnits: nil)
  let encoder = try BrickEncoder(codec: array.codec, type: array.type, brick: array.brick)
  var scratch = VoxelBlock()
  try Box3(size: array.shards.counts).forEachPosition { shard in
    let temporary = array.path + ".partial"
    let writer = ShardWriter(array: array, temporaryPath: temporary)
    try array.bricks(inShard: shard).forEachPosition { brick in
      var bytes: [UInt8] = []
      var range: Range<Int>?
      try volume.withVoxels(of: array.bricks.box(at: brick), scratch: &scratch) {
        range = try encoder.encode($0, into: &bytes)
      }
      if range != nil { try unsafe writer.append(array.brickIndexInShard(brick), bytes.span.bytes) }
    }
    if try writer.seal() != nil {
      try Files.makeFolder(Files.folder(of: array.shardPath(shard)))
      try Files.rename(temporary, to: array.shardPath(shard))
    }
  }
}

/// The bytes of a box of a volume, x fastest.
func bytes(of volume: any Volume, _ box: Box3? = nil) throws -> [UInt8] {
  let block = try volume.block(of: box ?? volume.bounds)
  return unsafe block.bytes.withUnsafeBytes { unsafe Array($0) }
}

/// The same voxels cut out of the bytes of the whole.
func cut(_ whole: [UInt8], _ type: VoxelType, _ size: Index3, _ box: Box3) -> [UInt8] {
  var result: [UInt8] = []
  box.forEachPosition { at in
    let place = ((at.z * size.y + at.y) * size.x + at.x) * type.byteCount
    result += whole[place..<place + type.byteCount]
  }
  return result
}

/// A box within `size`, empty ones included.
func randomBox(in size: Index3, using random: inout SplitMix64) -> Box3 {
  let from = size.map { Int.random(in: 0...$0, using: &random) }
  let to = from.zip(size) { Int.random(in: $0...$1, using: &random) }
  return Box3(from: from, to: to)
}

/// The Python that tests against other programs run with.
let python: String? = {
  let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  let path =
    ProcessInfo.processInfo.environment["BRICKWORK_PYTHON"]
    ?? root.appendingPathComponent(".venv/bin/python3").path
  return FileManager.default.isExecutableFile(atPath: path) ? path : nil
}()

/// Runs a script of Tests/Python; returns the exit status and what it printed.
func runPython(_ script: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
  let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Python/\(script)")
  let process = Process()
  process.executableURL = URL(fileURLWithPath: python ?? "python3")
  process.arguments = [file.path] + arguments
  let pipe = Pipe()
  process.standardOutput = pipe
  process.standardError = pipe
  try process.run()
  let output = pipe.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  return (process.terminationStatus, String(decoding: output, as: UTF8.self))
}

/// Writes a file without waiting for the disk: for tests that damage thousands of them.
func overwrite(_ path: String, _ bytes: [UInt8]) throws {
  try Data(bytes).write(to: URL(fileURLWithPath: path))
}
