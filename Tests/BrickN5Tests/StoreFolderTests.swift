import BrickCore
import BrickFiles
import BrickFormats
import BrickTestSupport
import Testing

private func open(_ path: String) throws -> TileSet {
  try TileSet.open([path], cache: PieceCache(capacity: 1 << 20))
}

@Test(.enabled(if: SharedData.hasPython, "needs Python: set BRICKWORK_PYTHON"))
func foldersAreToldByWhatTheyHold() throws {
  let folder = try TemporaryFolder()
  try makeN5("images", folder)
  let series = try open(folder("series2.zarr"))
  #expect(series.tiles.count == 2 && series.stagePositions?.map(\.x) == [0, 3])
  #expect(series.voxelSize == VoxelSize(x: 0.25, y: 0.25, z: 0.5) && series.warnings.isEmpty)
  #expect(try open(folder("series3.zarr")).stagePositions?.map(\.x) == [0, 3, 6])
  #expect(try open(folder("plate.zarr")).tiles.count == 4)
  #expect(try open(folder("v01.zarr")).tiles.map(\.info.timepoints) == [2])
  #expect(try open(folder("v04.zarr/0")).tiles.map(\.info.format) == ["Zarr v2"])
  try writeDataset(folder("tiles.n5/setup0/timepoint0/s0"), first: 0)
  try writeDataset(folder("tiles.n5/setup1/timepoint0/s0"), first: 0)
  try overwrite(folder("tiles.n5/attributes.json"), Array(#"{"n5": "4.0.0"}"#.utf8))
  #expect(try open(folder("tiles.n5")).tiles.map(\.info.name) == ["setup0", "setup1"])
  #expect(try open(folder("tiles.n5/setup1/timepoint0/s0")).tiles.map(\.info.format) == ["N5"])
}

@Test func aFolderThatHoldsNothingKnownIsRefused() throws {
  let folder = try TemporaryFolder()
  try overwrite(folder("attributes.json"), Array(#"{"some": "thing"}"#.utf8))
  do {
    _ = try open(folder.path)
    Issue.record("a folder without images was opened")
  } catch let error as BrickworkError {
    #expect(error.code == .unsupportedInput && error.reason.contains("attributes.json"))
  }
}
