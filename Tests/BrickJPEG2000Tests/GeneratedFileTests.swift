import BrickCore
import BrickFiles
import BrickJPEG2000
import BrickTestSupport
import Foundation
import Testing

/// Whether the interpreter with the reference readers has glymur.
enum Glymur {
  static let isThere: Bool =
    SharedData.hasPython && (try? SharedData.runPython("import glymur")) != nil
}

/// Files that glymur writes with options drawn at random, against what glymur decodes.
@Suite(.enabled(if: Glymur.isThere, "no glymur among the Python readers"))
struct GeneratedFileTests {
  private struct Case: Decodable {
    var name: String
    var type: String
    var shape: [Int]
    var reduced: Int
    var options: String
  }

  private func generated(seed: Int, _ body: (TemporaryFolder, Case) throws -> Void) throws {
    let folder = try TemporaryFolder()
    let script = SharedData.packageRoot + "/Tests/Python/make_jp2.py"
    try SharedData.runPython(
      "import sys, runpy; runpy.run_path(sys.argv.pop(1), run_name='__main__')",
      [script, folder.path, "\(seed)", "40"])
    let cases = try JSONDecoder().decode(
      [Case].self, from: Data(Files.read(folder("cases.json"))))
    #expect(cases.count > 25)
    for one in cases { try body(folder, one) }
  }

  @Test(arguments: 1...2) func anyFileGivesTheSamplesGlymurReads(seed: Int) throws {
    var random = SplitMix64(seed: UInt64(seed))
    try generated(seed: seed) { folder, one in
      let image = try JPEG2000File.image(in: folder(one.name), cache: PieceCache(capacity: 1 << 22))
      let volume = try image.volume(channel: 0, timepoint: 0)
      #expect(volume.size.components == one.shape, "\(one)")
      #expect(volume.type.rawValue == one.type, "\(one)")
      let truth = try Files.read(folder(one.name + ".raw"))
      #expect(try volume.block(of: volume.bounds).byteArray == truth, "seed \(seed), \(one)")
      try checkVolumeLaws(of: volume, using: &random, boxes: 3)
    }
  }

  @Test func aCoarserResolutionIsTheOneGlymurDecodes() throws {
    var compared = 0
    try generated(seed: 5) { folder, one in
      let image = try JPEG2000File.image(in: folder(one.name), cache: PieceCache(capacity: 1 << 22))
      for reduction in 0..<one.reduced {
        let factor = Index3(z: 1, y: 2 << reduction, x: 2 << reduction)
        guard let (volume, done) = try image.reduced(by: factor, channel: 0, timepoint: 0) else {
          // Only an image off the grid's corner has none.
          #expect(one.options.contains("grid_offset"), "\(one)")
          continue
        }
        #expect(volume.size == image.info.size.dividedRoundingUp(by: done), "\(one)")
        guard done == factor else { continue }
        let truth = try Files.read(folder(one.name + ".r\(reduction + 1).raw"))
        #expect(try volume.block(of: volume.bounds).byteArray == truth, "\(one)")
        compared += 1
      }
    }
    #expect(compared > 10)
  }
}
