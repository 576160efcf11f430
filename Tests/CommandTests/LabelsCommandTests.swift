import BrickTestSupport
import Brickwork
import Foundation
import Testing

@Suite struct LabelsCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Two tiles side by side, 4 voxels of overlap: label 1 goes through, 2 is cut without partner.
  private func writeTiles() throws -> [String] {
    func tile(_ name: String, _ voxels: [UInt16]) throws {
      try Files.replace(
        folder(name), with: TinyTIFF.stack(width: 8, height: 2, depth: 1, voxels: voxels))
    }
    try tile("a.tif", [1, 1, 1, 1, 1, 1, 0, 0] + [0, 0, 0, 0, 0, 0, 2, 2])
    try tile("b.tif", [300, 300, 0, 0, 0, 0, 9, 9] + [0, 0, 0, 0, 0, 0, 0, 0])
    try Files.replace(folder("o.csv"), with: Array("tile,x,y,z\n0,0,0,0\n1,4,0,0\n".utf8))
    return [
      folder("a.tif"), folder("b.tif"), "--offsets", folder("o.csv"), "--voxel-size", "1,1,1",
    ]
  }

  private func text(_ name: String) throws -> String {
    String(decoding: try Files.read(folder(name)), as: UTF8.self)
  }

  @Test func overlapsAreListed() throws {
    let tiles = try writeTiles()
    let result = try Executable.run(
      ["labels", "overlaps"] + tiles + ["-o", folder("o.out.csv"), "--progress", "none"])
    #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    #expect(try text("o.out.csv") == "tile1,label1,tile2,label2,voxels\n0,1,1,300,2\n")
    #expect(
      result.output.hasPrefix(
        "\(folder("o.out.csv")): 1 pairs of labels in 1 overlaps of 2 tiles, 8 voxels compared in ")
    )
    let json = try Executable.run(
      ["labels", "overlaps"] + tiles + ["-o", folder("o.json"), "--json", "--progress", "none"])
    #expect(try JSON(parsing: Array(json.output.utf8), path: "-")["label_pairs"]?.intValue == 1)
    let document = try JSON(parsing: Files.read(folder("o.json")), path: "-")
    #expect(document[0]?["overlaps"] == [[1, 300, 2]])
    #expect(document[0]?["labeled_in_either"]?.intValue == 4)
  }

  @Test func theMapAndTheReportAreWritten() throws {
    let tiles = try writeTiles()
    let arguments =
      ["labels", "dedup"] + tiles
      + ["-o", folder("m.csv"), "--report", folder("r.html"), "--progress", "none"]
    let result = try Executable.run(arguments)
    #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    #expect(try text("m.csv") == "tile,label,new_label\n0,1,1\n0,2,2\n1,9,3\n1,300,1\n")
    let report = try JSON(parsing: Files.read(folder("r.json")), path: "-")
    #expect(report["labels"]?.intValue == 4 && report["new_labels"]?.intValue == 3)
    #expect(report["cut_without_partner"]?.intValue == 1)
    #expect(report["cut_examples"] == [["tile": 0, "label": 2, "other_tile": 1]])
    #expect(report["agreement"]?.doubleValue == 0.5)
    let page = try text("r.html")
    #expect(
      page.hasPrefix("<!doctype html>") && page.contains("<svg") && page.hasSuffix("</html>\n"))
    // Again: not without --overwrite.
    #expect(try Executable.run(arguments).status == 73)
    #expect(try Executable.run(arguments + ["--overwrite"]).status == 0)
    let map = try LabelMap.read(folder("m.csv"), tileCount: 2)
    #expect(map[1, 300] == 1 && map.smallestType == .uint8)
  }

  @Test func limitsKeepLabelsApart() throws {
    let tiles = try writeTiles()
    for limit in [["--min-voxels", "3"], ["--min-fraction", "1"]] {
      let result = try Executable.run(
        ["labels", "dedup"] + tiles + ["-o", folder("m.csv"), "--overwrite", "--json"] + limit)
      let summary = try JSON(parsing: Array(result.output.utf8), path: "-")
      // Both labels share their two voxels wholly, so that a fraction of 1 joins them.
      #expect(summary["new_labels"]?.intValue == (limit[0] == "--min-voxels" ? 4 : 3))
    }
    for wrong in [["--min-voxels", "0"], ["--min-fraction", "1.5"], ["--report", "x.txt"]] {
      let result = try Executable.run(
        ["labels", "dedup"] + tiles + ["-o", folder("n.csv")] + wrong)
      #expect(result.status == 64, "\(wrong) \(result.errors)")
    }
    #expect(
      try Executable.run(["labels", "dedup"] + tiles + ["-o", folder("n.txt")]).status == 64)
  }

  private static let real = SharedData.path("labels/derived_tissue_2x2/")

  /// Labels cut from one real segmentation: what is joined is what was one object.
  ///
  /// At the stage's positions, up to three voxels off, objects that only graze an overlap may stay apart, but none that
  /// are different are joined.
  @Test(
    .enabled(if: SharedData.isThere, "the real files are not there"),
    arguments: ["true_offset_px_zyx", "nominal_offset_px_zyx"])
  func aRealSegmentationIsJoinedAsItWasCut(_ positions: String) async throws {
    let truth = try JSON(parsing: Files.read(Self.real + "truth.json"), path: "truth.json")
    let entries = try #require(truth["tiles"]?.arrayValue)
    let cache = PieceCache(capacity: 64 << 20)
    let volumes = try entries.map { entry in
      let path = Self.real + (entry["labels"]?.stringValue ?? "")
      let set = try TileSet.open([path], cache: cache)
      return try set.tiles[0].volume(channel: 0, timepoint: 0)
    }
    let offsets = try entries.map { entry in
      let zyx = try #require(entry[positions]?.intArrayValue)
      return Point3(x: Double(zyx[2]), y: Double(zyx[1]), z: Double(zyx[0]))
    }
    let placement = try TilePlacement(offsets: offsets, sizes: volumes.map(\.size))
    let tiles = try LabelTile.tiles(
      volumes, placement: placement, names: entries.map { $0["labels"]?.stringValue ?? "" })
    let result = try await LabelJob(
      tiles: tiles, budget: MemoryBudget(byteCount: 512 << 20), threads: 2
    ).deduplicate()
    // By real object: which (tile, label)s show it.
    var objects: [Int: Set<[Int]>] = [:]
    var found: [UInt64: Set<[Int]>] = [:]
    for (tile, entry) in entries.enumerated() {
      let locals = try #require(entry["local_to_original"]?.objectValue)
      #expect(result.map.tiles[tile].labels.labels.count == locals.members.count)
      for member in locals.members {
        let label = try #require(UInt64(member.key))
        objects[try #require(member.value.intValue), default: []].insert([tile, Int(label)])
        found[try #require(result.map[tile, label]), default: []].insert([tile, Int(label)])
      }
    }
    let wrong = found.values.filter { group in !objects.values.contains { $0.isSuperset(of: group) }
    }
    let whole = objects.values.filter { object in found.values.contains(object) }.count
    print(
      "\(positions): \(objects.count) real objects, \(result.report.groups) found, \(whole) of them exactly, "
        + "\(wrong.count) groups of different objects; agreement \(result.report.agreement ?? 0)")
    for object in objects.values where !found.values.contains(object) {
      print("not as it was: \(object)")
    }
    if positions.hasPrefix("true") {
      #expect(whole == 49 && result.report.groups == 49 && result.report.agreement == 1)
    }
  }
}
