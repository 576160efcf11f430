import BrickBDV
import BrickCore
import BrickFormats
import Testing

/// Which rows of a table belong to which setups of a project.
@Suite struct ProjectOffsetsTests {
  /// Setups of tiles in channels under illuminations, with ids in steps.
  private func project(
    tiles: Int, channels: Int = 1, illuminations: Int = 1, step: Int = 1, names: Bool = true,
    voxel: VoxelSize? = VoxelSize(x: 0.5, y: 0.5, z: 2)
  ) -> BDVProject {
    var setups: [BDVProject.Setup] = []
    for channel in 0..<channels {
      for illumination in 0..<illuminations {
        for tile in 0..<tiles {
          setups.append(
            .init(
              id: setups.count * step, name: names ? "t\(tile) i\(illumination) c\(channel)" : "",
              size: Index3(repeating: 9), storedVoxelSize: voxel, unit: "µm",
              attributes: [
                "tile": tile, "channel": channel, "illumination": illumination, "angle": 0,
              ]))
        }
      }
    }
    return BDVProject(loader: .init(format: "bdv.hdf5"), setups: setups, path: "dataset.xml")
  }

  private func xs(_ offsets: [Int: Point3]) -> [Double] {
    offsets.sorted { $0.key < $1.key }.map(\.value.x)
  }

  @Test func aRowStandsForATileWithItsChannels() throws {
    let table = try table("x,y,z\n10,0,0\n20,0,0\n")
    #expect(try xs(table.offsets(in: project(tiles: 2))) == [10, 20])
    #expect(try xs(table.offsets(in: project(tiles: 2, channels: 2))) == [10, 20, 10, 20])
    // Illuminations share the tile's place too.
    let arms = project(tiles: 2, channels: 2, illuminations: 2)
    #expect(try xs(table.offsets(in: arms)) == [10, 20, 10, 20, 10, 20, 10, 20])
  }

  @Test func aRowMayStandForASingleSetup() throws {
    let table = try table("x,y,z\n10,0,0\n20,0,0\n11,0,0\n21,0,0\n")
    #expect(try xs(table.offsets(in: project(tiles: 2, channels: 2))) == [10, 20, 11, 21])
    let arms = project(tiles: 2, illuminations: 2)
    #expect(try xs(table.offsets(in: arms)) == [10, 20, 11, 21])
  }

  @Test func numbersOfRowsAreSetupIdsWhereTheyFit() throws {
    // Ids 0, 10, 20: the rows come in another order.
    let byId = try table("tile,x,y,z\n20,3,0,0\n0,1,0,0\n10,2,0,0\n")
    #expect(try xs(byId.offsets(in: project(tiles: 3, step: 10))) == [1, 2, 3])
    // No ids, but numbers from 0.
    let counted = try table("tile,x,y,z\n2,3,0,0\n0,1,0,0\n1,2,0,0\n")
    #expect(try xs(counted.offsets(in: project(tiles: 3, step: 10))) == [1, 2, 3])
  }

  @Test func namesComeBeforeTheOrder() throws {
    let named = try table("tile,x,y,z\nt1 i0 c0,2,0,0\nt0 i0 c0,1,0,0\n")
    #expect(try xs(named.offsets(in: project(tiles: 2, channels: 2))) == [1, 2, 1, 2])
    let unknown = try table("tile,x,y,z\na.tif,2,0,0\nb.tif,1,0,0\n")
    #expect(
      sentence { _ = try unknown.offsets(in: project(tiles: 2)) }.contains(
        "2 of 2 tiles have no row"))
  }

  @Test func micrometresNeedAVoxelSize() throws {
    let table = try table("x_um,y_um,z_um\n10,5,4\n20,0,0\n")
    let offsets = try table.offsets(in: project(tiles: 2))
    #expect(offsets[0] == point(20, 10, 2) && offsets[1] == point(40, 0, 0))
    #expect(
      sentence { _ = try table.offsets(in: project(tiles: 2, voxel: nil)) }
        .contains("has no voxel size"))
  }

  @Test func countsThatFitNothingAreNamed() throws {
    let table = try table("x,y,z\n10,0,0\n20,0,0\n30,0,0\n")
    let words = sentence { _ = try table.offsets(in: project(tiles: 2, channels: 2)) }
    #expect(
      words.contains("has 3 offsets for 2 tiles") && words.contains("4 setups of 2 or 4 tiles"))
  }

  @Test func setupsWithoutNamesOrTilesAreTakenInTheirOrder() throws {
    let table = try table("x,y,z\n10,0,0\n20,0,0\n")
    #expect(try xs(table.offsets(in: project(tiles: 2, names: false))) == [10, 20])
    var bare = project(tiles: 2)
    for index in bare.setups.indices { bare.setups[index].attributes = [:] }
    #expect(try xs(table.offsets(in: bare)) == [10, 20])
  }
}
