import BrickTestSupport
import Brickwork
import Testing

/// The functions of the reference module, row by row of docs/reference.md, through the public library.
@Suite struct ReferenceStitchingTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func row(_ values: [UInt16]) -> ArrayVolume {
    ArrayVolume(values, size: Index3(z: 1, y: 1, x: values.count))
  }

  private func row(_ volume: any Volume) throws -> [UInt16] {
    try volume.block(of: volume.bounds).values(UInt16.self)
  }

  private func placement(_ starts: [Double], _ tiles: [any Volume]) throws -> TilePlacement {
    try TilePlacement(
      offsets: starts.map { Point3(x: $0, y: 0, z: 0) }, sizes: tiles.map(\.size))
  }

  /// Three tiles that share a voxel each: one object runs through all of them.
  private func chain() throws -> [LabelTile] {
    let tiles = [row([0, 4, 7]), row([7, 7, 2]), row([2, 0, 9])]
    return try LabelTile.tiles(
      tiles, placement: placement([0, 2, 4], tiles), names: ["a", "b", "c"])
  }

  private func job(_ tiles: [LabelTile]) -> LabelJob {
    LabelJob(tiles: tiles, budget: MemoryBudget(), threads: 2)
  }

  @Test func boxesOverlapWhereTheyShareAVoxel() {
    let box = Box3(size: Index3(z: 2, y: 3, x: 5))
    #expect(box.intersects(box.translated(by: Index3(z: 1, y: 2, x: 4))))
    // Touching is not overlapping; y and x are told apart.
    #expect(!box.intersects(box.translated(by: Index3(z: 0, y: 3, x: 0))))
    #expect(box.intersects(box.translated(by: Index3(z: 0, y: 0, x: 3))))
  }

  @Test func pairsOfOverlappingTilesAreSorted() {
    let boxes = [4, 0, 3, 8].map {
      Box3(origin: Index3(z: 0, y: 0, x: $0), size: Index3(z: 1, y: 1, x: 4))
    }
    let pairs = BoxIndex(boxes).intersectingPairs().map { [$0.0, $0.1] }
    #expect(pairs == [[0, 2], [1, 2]])
  }

  @Test func laterTilesCoverEarlierOnesAndZerosAreTransparent() throws {
    let tiles = [row([1, 1, 1]), row([2, 0, 2]), row([3, 3, 3])]
    let places = try placement([0, 1, 2], tiles)
    func blend(_ order: [Int]?) throws -> [UInt16] {
      try row(StitchedVolume(tiles, placement: places, fusion: .overwrite, order: order))
    }
    #expect(try blend(nil) == [1, 2, 3, 3, 3])
    #expect(try blend([2, 1, 0]) == [1, 1, 1, 2, 3])
    #expect(try blend([0, 1]) == [1, 2, 1, 2, 0])
  }

  @Test func invertedAxesFlipEveryTileBeforeItIsPlaced() throws {
    let tiles = [row([1, 2, 3]), row([4, 5, 6])].map { $0.flipped(z: false, y: false, x: true) }
    let volume = try StitchedVolume(
      tiles, placement: placement([0, 2], tiles), fusion: .overwrite)
    #expect(try row(volume) == [3, 2, 6, 5, 4])
  }

  @Test func tilesStartAtTheNearestVoxelUnlessTruncated() throws {
    let sizes = [Index3.one, .one]
    let offsets = [Point3(x: -0.5, y: 0, z: 0), Point3(x: 12.4999, y: 0, z: 0)]
    let nearest = try TilePlacement(offsets: offsets, sizes: sizes)
    let truncated = try TilePlacement(offsets: offsets, sizes: sizes, rounding: .truncate)
    #expect(nearest.boxes[1].origin.x == 13 && truncated.boxes[1].origin.x == 12)
  }

  @Test func everyFusionMethodIsItsDefinition() throws {
    let tiles = [row([10, 10, 21]), row([30, 50, 50])]
    let places = try placement([0, 2], tiles)
    func fused(_ fusion: Fusion) throws -> [UInt16] {
      try row(StitchedVolume(tiles, placement: places, fusion: fusion))
    }
    #expect(try fused(.average) == [10, 10, 26, 50, 50])
    #expect(try fused(.maximum) == [10, 10, 30, 50, 50])
    #expect(try fused(.minimum) == [10, 10, 21, 50, 50])
    #expect(try fused(.overwrite) == [10, 10, 30, 50, 50])
    // Both tiles end in the shared voxel, so they weigh the same there.
    #expect(try fused(.linear(BlendWidth(z: 0, y: 0, x: 2))) == [10, 10, 26, 50, 50])
  }

  @Test func twoLabelTilesLieSideBySideInWiderIntegers() throws {
    let tiles = [row([1, 2]), row([3, 4])]
    let volume = try Blend2Volume(
      first: tiles[0], second: tiles[1], placement: placement([0, 1], tiles))
    #expect(volume.type == .uint32)
    let values = try volume.block(of: volume.bounds).values(UInt32.self)
    #expect(values == [1, 2 | 3 << 16, 4 << 16])
  }

  @Test func allLabelsOfAllTilesAreFoundWithoutBackground() async throws {
    let labels = try await job(chain()).labels()
    #expect(labels.map(\.labels) == [[4, 7], [2, 7], [2, 9]])
    #expect(labels.map(\.hasBackground) == [true, false, true])
  }

  @Test func labelsThatShareVoxelsAreCountedPairByPair() async throws {
    let overlaps = try await job(chain()).overlaps()
    #expect(overlaps.map { [$0.tiles.first, $0.tiles.second] } == [[0, 1], [1, 2]])
    #expect(overlaps[0].pairs == [LabelOverlap(LabelPair(7, 7), voxels: 1)])
    #expect(overlaps[1].pairs == [LabelOverlap(LabelPair(2, 2), voxels: 1)])
  }

  @Test func matchesJoinAcrossMoreThanTwoTiles() async throws {
    let tiles = [row([5, 1]), row([8, 8]), row([3, 6])]
    let placed = try LabelTile.tiles(
      tiles, placement: placement([0, 1, 2], tiles), names: ["a", "b", "c"])
    let map = try await job(placed).deduplicate().map
    // 1 of the first tile, 8 of the second and 3 of the third are one object, the first in order.
    #expect(map[0, 1] == 1 && map[1, 8] == 1 && map[2, 3] == 1)
    #expect(map[0, 5] == 2 && map[2, 6] == 3 && map.largestNewLabel == 3)
  }

  @Test func newLabelsAreAppliedAndMissingOnesAreErrors() async throws {
    let tiles = try chain()
    let map = try await job(tiles).deduplicate().map
    let first = try tiles[0].relabeled(with: map)
    #expect(first.type == .uint8)
    #expect(try first.block(of: first.bounds).values(UInt8.self) == [0, 1, 2])
    let stranger = try LabelTile(row([99]), number: 0, origin: .zero, name: "stranger")
    #expect {
      let volume = try stranger.relabeled(with: map)
      _ = try volume.block(of: volume.bounds)
    } throws: {
      "\($0)".contains("99") && "\($0)".contains("tile 0")
    }
  }

  private func surfaces(_ side: SurfaceSide) async throws -> [[Double]] {
    // One column of four voxels.
    let volume = ArrayVolume([UInt16](arrayLiteral: 9, 0, 8, 0), size: Index3(z: 4, y: 1, x: 1))
    let found = try await SurfaceJob(
      source: volume, sides: [side], threshold: .constant(5), budget: MemoryBudget(),
      threads: 1, cache: PieceCache(capacity: 0), scratchFolder: folder.path
    ).run()
    let surface = found.surfaces[0]
    return [
      try row(surface.intensity).map(Double.init),
      try surface.planes.block(of: surface.planes.bounds).values(Int32.self).map(Double.init),
      try found.threshold.block(of: found.threshold.bounds).values(Float64.self),
    ]
  }

  @Test func theBottomSurfaceMayLieInPlaneZero() async throws {
    #expect(try await surfaces(.bottom) == [[9], [0], [5]])
  }

  @Test func theTopSurfaceIsLookedForFromAbove() async throws {
    #expect(try await surfaces(.top) == [[8], [2], [5]])
  }

  @Test func contactSurfacesTakeAThirdOfAPercentileAndTellColumnsWithout() async throws {
    let volume = ArrayVolume(
      [UInt16](repeating: 0, count: 20) + [UInt16](repeating: 30, count: 20),
      size: Index3(z: 2, y: 1, x: 20))
    let job = { (source: any Volume) in
      SurfaceJob(
        source: source, sides: [.bottom], budget: MemoryBudget(), threads: 1,
        cache: PieceCache(capacity: 0), scratchFolder: folder.path)
    }
    let found = try await job(volume).run().surfaces[0]
    #expect(found.found == 20 && found.range == 1...1)
    // The 99th percentile of 0 and 30, a third of it.
    let thresholds = try await job(volume).run().threshold
    #expect(
      try thresholds.block(of: thresholds.bounds).values(Double.self)
        == Array(repeating: (30 - 30 * (1 - 0.99)) / 3, count: 20))
    // One bright column at the edge is found as far as the dilation reaches: itself and five beside it.
    let bright = ArrayVolume(
      [UInt16](repeating: 0, count: 20) + [30] + [UInt16](repeating: 0, count: 19),
      size: Index3(z: 2, y: 1, x: 20))
    #expect(try await job(bright).run().surfaces[0].found == 6)
    let none = try await job(row([0, 0])).run().surfaces[0]
    #expect(none.found == 0 && none.range == nil)
    #expect(
      try none.planes.block(of: none.planes.bounds).values(Int32.self) == [-1, -1])
  }
}
