import BrickTestSupport
import Brickwork
import Testing

@Suite struct IntensityCommandTests {
  private let folder: TemporaryFolder
  private let first: [UInt16]
  private let second: [UInt16]

  /// Two tiles of 9×8×7 voxels, the second 5 voxels to the right.
  init() throws {
    folder = try TemporaryFolder()
    var random = SplitMix64(seed: 2)
    func voxels() -> [UInt16] {
      (0..<9 * 8 * 7).map { _ in UInt16.random(in: 0...4000, using: &random) }
    }
    (first, second) = (voxels(), voxels())
    for (name, voxels) in [("a.tif", first), ("b.tif", second)] {
      try Files.replace(
        folder(name), with: TinyTIFF.stack(width: 9, height: 8, depth: 7, voxels: voxels))
    }
    let csv = "tile,x,y,z\na.tif,0,0,0\nb.tif,5,0,0\n"
    try Files.replace(folder("o.csv"), with: Array(csv.utf8))
  }

  private var tiles: [String] { [folder("a.tif"), folder("b.tif")] }
  private var placed: [String] { tiles + ["--offsets", folder("o.csv")] }
  private let quiet = ["--progress", "none", "--log-level", "error"]

  private func run(_ arguments: [String]) throws -> Executable.Result {
    let result = try Executable.run(arguments + quiet)
    #expect(result.status == 0, "\(result.errors)")
    return result
  }

  private func document(_ arguments: [String]) throws -> JSON {
    let result = try run(["intensity"] + arguments)
    return try JSON(parsing: Array(result.output.utf8), path: "-")
  }

  private func percentile(_ p: Double, _ voxels: [UInt16]) -> Double {
    let sorted = voxels.sorted()
    let place = Double(sorted.count - 1) * (p / 100)
    let (lower, t) = (Int(place), place - Double(Int(place)))
    let (a, b) = (Double(sorted[lower]), Double(sorted[min(lower + 1, sorted.count - 1)]))
    return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t)
  }

  private func voxels<V: Voxel>(ofStore name: String, _: V.Type) throws -> [V] {
    let volume = try OMEZarrImage(folder(name), cache: PieceCache(capacity: 0))
      .volume(channel: 0, timepoint: 0)
    return try volume.block(of: volume.bounds).values(V.self)
  }

  @Test func allTilesAndEachOfThemAreDescribed() throws {
    let json = try document(tiles + ["--percentiles", "5,50", "--per-tile", "--bins", "4"])
    let all = first + second
    #expect(json["voxels"]?.intValue == all.count)
    #expect(json["minimum"]?.intValue == all.min().map { Int($0) })
    #expect(json["percentiles"]?["5"]?.doubleValue == percentile(5, all))
    #expect(json["counts"]?.intArrayValue?.reduce(0, +) == all.count)
    #expect(json["bins"]?.doubleArrayValue?.count == 5)
    for (number, own) in [first, second].enumerated() {
      let tile = json["tiles"]?[number]
      #expect(tile?["tile"]?.intValue == number)
      #expect(tile?["percentiles"]?["50"]?.doubleValue == percentile(50, own))
      #expect(
        tile?["mean"]?.doubleValue == Double(own.reduce(0) { $0 + Int($1) }) / Double(own.count))
    }
    #expect(json["passes"]?.intValue == 1)
  }

  @Test func aRegionIsThatOfTheStitchedVolume() throws {
    func part(_ voxels: [UInt16], _ x: Range<Int>) -> [UInt16] {
      voxels.enumerated().filter { x.contains($0.offset % 9) }.map(\.element)
    }
    let region = ["--roi", "6:10,:,:"]
    let tiled = try document(placed + region)
    let both = part(first, 6..<9) + part(second, 1..<5)
    #expect(tiled["voxels"]?.intValue == both.count)
    #expect(tiled["percentiles"]?["99"]?.doubleValue == percentile(99, both))
    let stitched = try document(placed + region + ["--stitched", "--fusion", "overwrite"])
    #expect(stitched["voxels"]?.intValue == 4 * 8 * 7)
    let seen = zip(part(second, 1..<4), part(first, 6..<9)).map { $0 == 0 ? $1 : $0 }
    #expect(
      stitched["percentiles"]?["99"]?.doubleValue == percentile(99, seen + part(second, 4..<5)))
    let outside = try document(
      tiles + ["--offsets", folder("o.csv"), "--roi", "0:2,:,:", "--per-tile"])
    #expect(outside["tiles"]?[1]?["voxels"]?.intValue == 0)
    #expect(outside["tiles"]?[1]?["mean"]?.isNull == true)
  }

  @Test func histogramsAreDrawn() throws {
    let (svg, png) = (folder("h.svg"), folder("h.png"))
    let result = try run(["intensity"] + tiles + ["--histogram", svg, "--text"])
    #expect(result.errors.contains("│█"))
    let text = String(decoding: try Files.read(svg), as: UTF8.self)
    #expect(text.hasPrefix("<svg") && text.contains("99 %: ") && text.hasSuffix("</svg>\n"))
    _ = try run(["intensity"] + tiles + ["--histogram", png, "-o", folder("o.json")])
    #expect(try Files.read(png).prefix(4) == [0x89, 0x50, 0x4E, 0x47])
    #expect(Files.exists(folder("o.json")))
    #expect(try Executable.run(["intensity"] + tiles + ["--histogram", png]).status == 73)
    #expect(try Executable.run(["intensity"] + tiles + ["--histogram", "x.jpg"]).status == 64)
    #expect(try Executable.run(["intensity"] + tiles + ["--percentiles", "101"]).status == 64)
    #expect(try Executable.run(["intensity"] + tiles + ["--fusion", "max"]).status == 64)
    #expect(try Executable.run(["intensity"] + tiles + ["--level", "0"]).status == 64)
  }

  @Test func channelsOfAStoreAndItsLevelsAreDescribed() throws {
    try FiveDimensionalStore.write(folder("s.zarr"))
    let all = try document([folder("s.zarr"), "--channel", "all", "--timepoint", "all"])
    #expect(all["channels"]?.arrayValue?.count == 3)
    #expect(all["channels"]?[0]?["name"]?.stringValue == "DAPI")
    let one = try document([
      folder("s.zarr"), "--channel", "2", "--timepoint", "all", "--level", "0",
    ])
    #expect(one["percentiles"] == all["channels"]?[2]?["percentiles"])
  }

  @Test func aStitchedStoreIsScaledAndMasked() throws {
    let mask = (0..<14 * 8 * 7).map { UInt16($0 % 14 < 6 ? 1 : 0) }
    try Files.replace(
      folder("m.tif"), with: TinyTIFF.stack(width: 14, height: 8, depth: 7, voxels: mask))
    let stitch = ["stitch"] + placed + ["--fusion", "max"]
    _ = try run(stitch + ["-o", folder("plain.ome.zarr")])
    let views = ["--scale-intensity", "auto:10,90", "--mask", folder("m.tif")]
    let result = try run(stitch + views + ["-o", folder("seen.ome.zarr"), "--json"])
    let json = try JSON(parsing: Array(result.output.utf8), path: "-")
    let (low, high) = (percentile(10, first + second), percentile(90, first + second))
    #expect(json["scale_intensity"]?[0]?.doubleArrayValue == [low, high])
    let plain = try voxels(ofStore: "plain.ome.zarr", UInt16.self)
    let wanted = plain.enumerated().map { place, voxel -> UInt8 in
      guard place % 14 < 6 else { return 0 }
      return UInt8(min(255, max(0, (Double(voxel) - low) * 255 / (high - low))))
    }
    #expect(try voxels(ofStore: "seen.ome.zarr", UInt8.self) == wanted)
    // The same command finds it complete; other values or another mask are refused.
    #expect(try run(stitch + views + ["-o", folder("seen.ome.zarr")]).output.contains("complete"))
    let other = ["--scale-intensity", "0,90", "--mask", folder("m.tif")]
    #expect(
      try Executable.run(stitch + other + ["-o", folder("seen.ome.zarr")] + quiet).status == 73)
    #expect(
      try Executable.run(
        stitch + ["--scale-intensity", "auto:10,90", "-o", folder("seen.ome.zarr")] + quiet
      ).status == 73)
  }

  @Test func importedTilesAreScaledAndMasked() throws {
    // One voxel of the mask for 3×4×7 of the tile.
    try Files.replace(
      folder("m.tif"),
      with: TinyTIFF.stack(width: 3, height: 2, depth: 1, voxels: [1, 0, 1, 0, 1, 0]))
    _ = try run(
      ["import"] + tiles + [
        "-o", folder("t.zarr"), "--scale-intensity", "100,3000", "--mask", folder("m.tif"),
      ])
    let wanted = second.enumerated().map { place, voxel -> UInt8 in
      let (x, y) = (place % 9, place / 9 % 8)
      guard (x / 3 + y / 4 * 3).isMultiple(of: 2) else { return 0 }
      return UInt8(min(255, max(0, (Double(voxel) - 100) * 255 / 2900)))
    }
    #expect(try voxels(ofStore: "t.zarr/1", UInt8.self) == wanted)
    let masks = Array(repeating: ["--mask", folder("m.tif")], count: 3).flatMap { $0 }
    #expect(
      try Executable.run(["import"] + tiles + masks + ["-o", folder("u.zarr")] + quiet).status == 64
    )
  }

  @Test func everyVoxelEqualBecomesZero() throws {
    try Files.replace(
      folder("c.tif"),
      with: TinyTIFF.stack(
        width: 2, height: 2, depth: 2, voxels: Array(repeating: UInt16(7), count: 8)))
    _ = try run([
      "stitch", folder("c.tif"), "--scale-intensity", "auto", "-o", folder("c.ome.zarr"),
    ])
    #expect(try voxels(ofStore: "c.ome.zarr", UInt8.self).allSatisfy { $0 == 0 })
    // Percentiles that meet though voxels differ are no range.
    try Files.replace(
      folder("d.tif"),
      with: TinyTIFF.stack(
        width: 9, height: 8, depth: 7, voxels: [1] + Array(repeating: UInt16(7), count: 503)))
    let refused = try Executable.run(
      ["stitch", folder("d.tif"), "--scale-intensity", "auto", "-o", folder("d.ome.zarr")] + quiet)
    #expect(refused.status == 64 && refused.errors.contains("span no range"))
  }

  @Test(.enabled(if: SharedData.hasPython, "no Python with NumPy and tifffile"))
  func numPyFindsTheSame() throws {
    try SharedData.runPythonScript(
      at: SharedData.packageRoot + "/Tests/Python/check_intensity.py",
      [Executable.path, folder.path])
  }
}
