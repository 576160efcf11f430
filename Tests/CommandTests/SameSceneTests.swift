import BrickTestSupport
import Brickwork
import Testing

/// One scene, written as six formats by other programs, becomes the same store.
@Suite struct SameSceneTests {
  private static let canRun = SharedData.hasPython && SharedData.isThere

  @Test(.enabled(if: canRun, "needs the Python readers and the generator of ND2 files"))
  func everyFormatStitchesToTheSameBytes() throws {
    let folder = try TemporaryFolder()
    let script = SharedData.packageRoot + "/Tests/Python/same_scene.py"
    try SharedData.runPythonScript(at: script, [folder("scene"), SharedData.tool("make_nd2.py")])
    let scene = try JSON(
      parsing: try Files.read(folder("scene/scene.json")), path: folder("scene/scene.json"))
    guard case .object(let formats)? = scene["formats"] else {
      Issue.record("scene.json lists no formats")
      return
    }
    #expect(formats.keys == ["nd2", "tiff", "jp2", "hdf5", "bdv", "zarr2", "zarr3"])
    var expected: [String: [UInt8]]?
    for format in formats.keys {
      guard let entry = formats[format], case .array(let list)? = entry["sources"] else { continue }
      let sources = list.compactMap(\.stringValue).map { folder("scene/" + $0) }
      var ways = [["--offsets", folder("scene/offsets.csv")]]
      if entry["positions"] == .bool(true) { ways.append([]) }
      for (number, way) in ways.enumerated() {
        let store = folder("\(format)-\(number).ome.zarr")
        let result = try Executable.run(
          ["stitch"] + sources + way
            + [
              "-o", store, "--voxel-size", "0.2,0.2,0.5", "--brick", "4,16,16", "--shard",
              "8,32,32",
            ])
        try #require(result.status == 0, "\(format): \(result.errors)")
        let shards = try contents(of: store).filter { !$0.key.hasSuffix("zarr.json") }
        #expect(shards.count > 8)
        if let expected {
          #expect(shards == expected, "\(format), \(way.isEmpty ? "own positions" : "--offsets")")
        } else {
          expected = shards
        }
      }
    }
  }
}
