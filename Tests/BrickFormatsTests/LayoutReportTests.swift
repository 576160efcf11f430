import BrickCore
import BrickFormats
import BrickStitch
import BrickTestSupport
import Testing

@Suite struct LayoutReportTests {
  private let size = Index3(z: 10, y: 100, x: 200)

  private func report(_ offsets: [Point3], size: Index3? = nil, identities: [String] = []) throws
    -> LayoutReport
  {
    let placement = try TilePlacement(
      offsets: offsets, sizes: offsets.map { _ in size ?? self.size })
    return LayoutReport(offsets: offsets, placement: placement, identities: identities)
  }

  @Test func aGridTellsItsOverlaps() throws {
    let grid = (0..<12).map { point(Double($0 % 4) * 180, Double($0 / 4) * 95, 0) }
    let found = try report(grid)
    // 9 along x, 8 along y, 12 across corners.
    #expect(found.overlappingPairs == 29 && !found.isCrowded)
    #expect(found.medianOverlap == [nil, 5, 20])
    #expect(found.medianOverlapFraction == [nil, 0.05, 0.1])
    #expect(found.gaps.isEmpty && found.duplicates.isEmpty && found.isolated.isEmpty)
    #expect(found.layers == 1)
  }

  @Test func gapsAndLonelyTilesAreFound() throws {
    let found = try report([
      .zero, point(203, 4, 0), point(383, 0, 0), point(2000, 0, 0), point(383, 100, 0),
    ])
    #expect(found.gaps == [LayoutReport.Gap(first: 0, second: 1, axis: 2, voxels: 3)])
    #expect(found.isolated == [0, 3])
    // Tile 4 touches tile 2 and shares no voxel with it, but a corner with tile 1.
    #expect(found.overlappingPairs == 2)
    #expect(try report([.zero]).isolated.isEmpty)
  }

  @Test func tilesInOnePlaceAreDuplicates() throws {
    let places = [
      .zero, point(180, 0, 0), point(0.6, -0.7, 0.2), point(181, 0, 0), point(180.9, 0, 0),
    ]
    #expect(
      try report(places).duplicates == [
        LayoutReport.Pair(first: 0, second: 2), LayoutReport.Pair(first: 1, second: 4),
      ])
    let grid = [point(0, 0, 0), point(180, 0, 0), point(360, 0, 0)]
    #expect(
      try report(grid, identities: ["a", "b", "a"]).duplicates == [
        LayoutReport.Pair(first: 0, second: 2)
      ])
  }

  @Test func layersAreCountedAlsoWhereTheyAreTilted() throws {
    let tilted = (0..<30).map { number in
      let (layer, column) = (Double(number / 10), Double(number % 10))
      return point(column * 180, 0, layer * 9 + column * 0.2)
    }
    #expect(try report(tilted).layers == 3)
    #expect(try report([.zero, point(180, 0, 4)]).layers == 1)
  }

  /// Every pair by comparing all with all.
  @Test(arguments: 0..<20) func randomLayoutsAreCountedLikeByComparingAll(_ seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let offsets = (0..<60).map { _ in
      point(
        Double.random(in: 0...900, using: &random), Double.random(in: 0...700, using: &random),
        Double.random(in: 0...40, using: &random))
    }
    let placement = try TilePlacement(offsets: offsets, sizes: offsets.map { _ in size })
    let found = try report(offsets)
    let boxes = placement.boxes
    var (pairs, touching) = (0, Set<Int>())
    for i in boxes.indices {
      for j in boxes.indices where j != i {
        if j > i && boxes[i].intersects(boxes[j]) { pairs += 1 }
        let grown = Box3(origin: boxes[i].origin - .one, size: boxes[i].size + Index3(repeating: 2))
        if grown.intersects(boxes[j]) { touching.insert(i) }
      }
    }
    #expect(found.overlappingPairs == pairs && !found.isCrowded)
    #expect(found.isolated == boxes.indices.filter { !touching.contains($0) })
  }

  @Test func aHundredThousandTilesTakeSecondsHoweverTheyLie() throws {
    let grid = (0..<100_000).map { point(Double($0 % 300) * 180, Double($0 / 300) * 90, 0) }
    let crowd = grid.map { point($0.x * 1e-4, $0.y * 1e-4, 0) }
    let heap = (0..<100_000).map { $0 < 50_000 ? .zero : grid[$0] }
    for (offsets, isCrowded) in [(grid, false), (crowd, true), (heap, true)] {
      let start = ContinuousClock.now
      let found = try report(offsets)
      #expect(found.isCrowded == isCrowded)
      #expect(ContinuousClock.now - start < .seconds(8))
    }
  }

  @Test func micrometresTakenForVoxelsAreNoticed() {
    let voxelSize = VoxelSize(x: 0.16, y: 0.16, z: 0.4)
    let voxels = (0..<20).map { point(Double($0 % 5) * 1800, Double($0 / 5) * 1800, 0) }
    let sizes = voxels.map { _ in Index3(z: 50, y: 2048, x: 2048) }
    func suspicion(_ offsets: [Point3], _ units: OffsetUnits) -> UnitCheck.Suspicion? {
      UnitCheck.suspicion(offsets: offsets, sizes: sizes, readAs: units, voxelSize: voxelSize)
    }
    #expect(suspicion(voxels, .voxel) == nil && suspicion(voxels, .um) == nil)
    let tiny = voxels.map { point($0.x * 0.05, $0.y * 0.05, 0) }
    let fine = VoxelSize(x: 0.05, y: 0.05, z: 0.4)
    let found = UnitCheck.suspicion(offsets: tiny, sizes: sizes, readAs: .voxel, voxelSize: fine)
    #expect(
      found?.sentence
        == "read as voxels the offsets put tiles 4.4 % of their extent apart, read as µm 88 %: the unit looks wrong; "
        + "try --offset-units um")
    let far = voxels.map { point($0.x / 0.16, $0.y / 0.16, 0) }
    #expect(suspicion(far, .um)?.units == .voxel)
    // No unit makes sense of these.
    #expect(suspicion(voxels.map { point($0.x * 1e6, $0.y, 0) }, .voxel) == nil)
    #expect(suspicion(voxels.map { _ in .zero }, .voxel) == nil)
  }
}
