import BrickCore
import BrickFormats
import Testing

/// How sets of tiles come together: stage rules, notes, matching of tiles in one file.
@Suite struct OpeningTests {
  private func set(_ tiles: [FakeTile], _ rule: StageRule = .usual) throws -> TileSet {
    var opening = TileSet.Opening()
    opening.tiles = tiles
    var options = OpeningOptions()
    options.stageRule = rule
    opening.origins = tiles.map { TileOrigin(path: $0.info.path, options: options) }
    return try opening.finished(nil, nil)
  }

  @Test func theStageRuleChoosesThePosition() throws {
    let tiles = [
      FakeTile("a", position: point(0, 0, 0), camera: point(0, 0, 0)),
      FakeTile("b", position: point(50, 0, 0), camera: point(0, -50, 0)),
    ]
    #expect(try set(tiles).offsets(from: nil).offsets == [.zero, point(100, 0, 0)])
    #expect(try set(tiles, .camera).offsets(from: nil).offsets == [.zero, point(0, -100, 0)])
    #expect(
      try set(tiles).stageRuleWarning
        == "the stage positions by the usual rule and by the orientation of the camera differ by up to 100 voxels: "
        + "compare --stage-rule usual and --stage-rule camera in a preview")
  }

  @Test func anOffsetInVoxelsStaysWhenAnotherVoxelSizeIsGiven() throws {
    func offsets(_ isInVoxels: Bool) throws -> [Point3] {
      var opening = TileSet.Opening()
      opening.tiles = ["a", "b"].map { name in
        var tile = FakeTile(name, position: name == "a" ? .zero : point(50, 10, 8))
        tile.info.positionIsInVoxels = isInVoxels
        return tile
      }
      opening.origins = opening.tiles.map { TileOrigin(path: $0.info.path) }
      // The files say 0.5 × 0.5 × 2 µm.
      return try opening.finished(VoxelSize(x: 0.25, y: 1, z: 4), nil).offsets(from: nil).offsets
    }
    #expect(try offsets(true) == [.zero, point(100, 20, 4)])
    // Micrometres of a stage stay micrometres.
    #expect(try offsets(false) == [.zero, point(200, 10, 2)])
  }

  @Test func rulesThatDifferByACommonShiftAgree() throws {
    let tiles = (0..<3).map {
      FakeTile(
        "\($0)", position: point(Double($0) * 40, 7, 0), camera: point(Double($0) * 40 + 900, -5, 3)
      )
    }
    #expect(try set(tiles).stageRuleWarning == nil)
    // Without a camera's orientation there is nothing to compare.
    #expect(try set([FakeTile("a", position: .zero)]).stageRuleWarning == nil)
  }

  @Test func aCameraRuleThatNoFileKnowsIsTheUsualWithAWarning() throws {
    let tiles = [FakeTile("a", position: .zero), FakeTile("b", position: point(5, 0, 0))]
    let opened = try set(tiles, .camera)
    #expect(opened.stagePositions == [.zero, point(5, 0, 0)])
    #expect(
      opened.warnings == [
        "no file tells how its camera lies on the stage: positions are those of the usual rule"
      ])
    let mixed = [FakeTile("a", position: .zero, camera: .zero), FakeTile("b", position: .zero)]
    #expect(
      sentence { _ = try set(mixed, .camera) }
        == "b: does not tell how its camera lies on the stage, as 1 of 2 tiles don't. Open all by --stage-rule "
        + "usual, or give positions with --offsets")
  }

  @Test func aTileWithoutAPositionLeavesTheSetWithoutOnes() throws {
    let tiles = [FakeTile("a", position: .zero), FakeTile("b")]
    let opened = try set(tiles)
    #expect(opened.stagePositions == nil)
    #expect(
      sentence { _ = try opened.offsets(from: nil) }.contains(
        "1 of their files give no stage position, b among"))
    let infinite = try set([
      FakeTile("a", position: point(.infinity, 0, 0)), FakeTile("b", position: .zero),
    ])
    #expect(infinite.stagePositions == nil)
  }

  @Test func notesAreSaidOncePerFileWithTheirCount() throws {
    let tiles =
      (0..<3).map { FakeTile("a.nd2", name: "a \($0)", notes: ["2 frames are missing"]) }
      + [FakeTile("b.nd2", notes: ["2 frames are missing", "the map was rebuilt"])]
    #expect(
      try set(tiles).warnings == [
        "a.nd2: 2 frames are missing (3 tiles)", "b.nd2: 2 frames are missing",
        "b.nd2: the map was rebuilt",
      ])
    let many = (0..<30).map { FakeTile("\($0)", notes: ["odd"]) }
    let warnings = try set(many).warnings
    #expect(warnings.count == 21 && warnings[20].hasPrefix("10 more notes"))
  }

  @Test func tilesOfOneFileAreFoundByTheirNames() throws {
    let tiles = (0..<3).map { FakeTile("d/s.nd2", name: "s.nd2 [\($0)]").info }
    func table(_ names: [String?], files: Bool = true) -> OffsetTable {
      OffsetTable(
        rows: names.enumerated().map {
          TileOffset(index: $0, name: $1, position: .voxels(point(Double($0), 0, 0)))
        }, source: "t.csv", format: "CSV", namesAreFiles: files)
    }
    func found(_ table: OffsetTable) throws -> [Double] {
      try table.offsets(for: tiles, voxelSize: .unknown).map(\.x)
    }
    #expect(try found(table(["s.nd2 [2]", "s.nd2 [0]", "s.nd2 [1]"])) == [1, 2, 0])
    // Names of views, which usually are no file names, count where they fit all tiles.
    #expect(try found(table(["s.nd2 [2]", "s.nd2 [0]", "s.nd2 [1]"], files: false)) == [1, 2, 0])
    #expect(try found(table(["x", "y", "z"], files: false)) == [0, 1, 2])
    // As many rows as the file has tiles, one after the other.
    #expect(try found(table(["s.nd2", "s.nd2", "s.nd2"])) == [0, 1, 2])
    #expect(try found(table([nil, nil, nil], files: false)) == [0, 1, 2])
    #expect(
      sentence { _ = try found(table(["s.nd2", "s.nd2"])) }
        == "t.csv: names occur more than once, in its rows or among the tiles: d/s.nd2, d/s.nd2, d/s.nd2. Give each "
        + "tile a name of its own, or remove the names to match by order")
    #expect(sentence { _ = try found(table(["q.nd2"])) }.contains("3 of 3 tiles have no row"))
    #expect(
      sentence { _ = try found(table([nil, nil], files: false)) }
        .contains("has 2 offsets for 3 tiles"))
  }

  @Test func equalFileNamesAreToldApartByTheirFolders() throws {
    let tiles = ["/d/one/a.tif", "/d/two/a.tif"].map { FakeTile($0, name: "a.tif").info }
    let rows = ["two/a.tif", "one/a.tif"].enumerated().map {
      TileOffset(name: $1, position: .voxels(point(Double($0), 0, 0)))
    }
    let table = OffsetTable(rows: rows, source: "t.csv", format: "CSV", namesAreFiles: true)
    #expect(try table.offsets(for: tiles, voxelSize: .unknown).map(\.x) == [1, 0])
    let same = OffsetTable(
      rows: rows.map { TileOffset(name: "a.tif", position: $0.position) }, source: "t.csv",
      format: "CSV", namesAreFiles: true)
    #expect(
      sentence { _ = try same.offsets(for: tiles, voxelSize: .unknown) }.contains("more than once"))
  }

  @Test func offsetsAreScaledReplacedAndChosen() throws {
    let tiles = try set((0..<3).map { FakeTile("\($0)", position: point(Double($0) * 10, 4, 2)) })
    let scaled = try tiles.scaledOffsets(by: point(2, 0.5, -1))
    #expect(try scaled.offsets(from: nil).offsets == (0..<3).map { point(Double($0) * 40, 4, -1) })
    let table = OffsetTable(
      rows: (0..<3).map { TileOffset(position: .voxels(point(0, Double($0), 0))) }, source: "t.npy",
      format: "NumPy array")
    let updated = try tiles.updatingOffsets(from: table)
    #expect(try updated.offsets(from: nil).offsets.map(\.y) == [0, 1, 2])
    #expect(try updated.offsets(from: nil).source == .table("t.npy"))
    let chosen = try updated.choosing([2, 0])
    #expect(try chosen.offsets(from: nil).offsets.map(\.y) == [2, 0])
    #expect(chosen.tiles.map(\.info.path) == ["2", "0"])
    #expect(try tiles.choosing([1]).stagePositions == [point(10, 4, 2)])
    for places in [[3], [0, 0], []] {
      #expect(throws: BrickworkError.self) { try tiles.choosing(places) }
    }
    #expect(throws: BrickworkError.self) { try tiles.scaledOffsets(by: point(1e300, 1, 1)) }
  }
}
