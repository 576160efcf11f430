import BrickCore
import BrickEngine
import BrickFiles
import BrickLabels
import BrickTestSupport
import Foundation
import Testing

@Suite struct LabelJobTests {
  private func tiles(_ layout: RandomLabels) throws -> [LabelTile] {
    try layout.tiles.enumerated().map {
      try LabelTile($1.volume, number: $0, origin: $1.box.origin, name: "tile \($0)")
    }
  }

  private func rows(_ overlaps: [TileOverlap]) -> [RandomLabels.Row: Int] {
    var rows: [RandomLabels.Row: Int] = [:]
    for overlap in overlaps {
      for pair in overlap.pairs {
        rows[
          .init(
            overlap.tiles.first, pair.labels.first, overlap.tiles.second, pair.labels.second)] =
          pair.voxels
      }
    }
    return rows
  }

  /// Scattered tiles, chains, and three or four that meet at a corner; each integer type, and tiles that differ.
  @Test(arguments: RandomLabels.labelTypes + [nil])
  func labelsOverlapsAndObjectsAreThoseOfPlainLoops(_ type: VoxelType?) async throws {
    for seed in UInt64(0)..<70 {
      var random = SplitMix64(seed: seed &+ 5000)
      let layout = RandomLabels(type: type, using: &random)
      let job = LabelJob(
        tiles: try tiles(layout), budget: MemoryBudget(byteCount: 256 << 20),
        threads: .random(in: 1...4, using: &random),
        pieceVoxels: .random(in: 1...60, using: &random))
      let labels = try await job.labels()
      #expect(labels.map(\.labels) == layout.labels, "seed \(seed)")
      let overlaps = try await job.overlaps()
      let wanted = layout.sharedVoxels.filter { $0.key.label1 != 0 && $0.key.label2 != 0 }
      #expect(rows(overlaps) == wanted, "seed \(seed)")
      #expect(
        overlaps.map { [$0.tiles.first, $0.tiles.second] }
          == overlaps.map { [$0.tiles.first, $0.tiles.second] }.sorted {
            ($0[0], $0[1]) < ($1[0], $1[1])
          })
      let options = JoinOptions(
        minimumVoxels: .random(in: 1...3, using: &random),
        minimumFraction: [0, 0.3].randomElement(using: &random) ?? 0)
      let result = try await job.deduplicate(options)
      let new = layout.newLabels(
        minimumVoxels: options.minimumVoxels, minimumFraction: options.minimumFraction)
      for (tile, labels) in new.enumerated() {
        for (old, new) in labels { #expect(result.map[tile, old] == new, "seed \(seed)") }
      }
    }
  }

  @Test func resultsDoNotDependOnThreadsPiecesOrMemory() async throws {
    for seed in UInt64(0)..<20 {
      var random = SplitMix64(seed: seed)
      let layout = RandomLabels(type: nil, using: &random)
      var first: ([TileOverlap], LabelMap, JSON, String)?
      for (threads, piece, memory) in [(1, 1 << 19, 1024), (4, 7, 128), (2, 100, 256), (3, 1, 512)]
      {
        let job = LabelJob(
          tiles: try tiles(layout), budget: MemoryBudget(byteCount: memory << 20),
          threads: threads, pieceVoxels: piece)
        let overlaps = try await job.overlaps()
        let result = try await job.deduplicate()
        let now = (overlaps, result.map, result.report.json, result.report.html)
        if let first {
          #expect(first.0 == now.0 && first.1 == now.1 && first.2 == now.2 && first.3 == now.3)
        } else {
          first = now
        }
      }
    }
  }

  @Test func aBudgetTooSmallIsRefusedWithBothNumbers() async throws {
    let world = Index3(z: 64, y: 64, x: 192)
    let tiles = try [0, 64].enumerated().map { number, x in
      try LabelTile(
        GridLabels(
          world: world, origin: Index3(z: 0, y: 0, x: x), size: Index3(z: 64, y: 64, x: 128),
          cell: 2),
        number: number, origin: Index3(z: 0, y: 0, x: x), name: "t\(number)")
    }
    func failure(_ memory: Int) async -> BrickworkError? {
      do {
        _ = try await LabelJob(
          tiles: tiles, budget: MemoryBudget(byteCount: memory), threads: 2
        ).deduplicate()
        return nil
      } catch { return error as? BrickworkError }
    }
    #expect(await failure(256 << 20) == nil)
    let start = await failure(40 << 20)
    #expect(start?.code == .outOfBudget && start?.remedy == "Raise --memory")
    #expect(
      start?.reason.hasPrefix("a memory budget of 40 MiB is too small: this job takes") == true)
    // Enough to begin with, but not for 32 768 pairs of labels.
    let later = await failure(55 << 20)
    #expect(later?.code == .outOfBudget, "\(later?.description ?? "no error")")
  }

  @Test func aNegativeLabelStopsTheJob() async throws {
    var values = [Int32](repeating: 3, count: 4000)
    values[3999] = -1
    let tile = try LabelTile(
      ArrayVolume(values, size: Index3(z: 10, y: 20, x: 20)), number: 0, origin: .zero, name: "t")
    let job = LabelJob(
      tiles: [tile], budget: MemoryBudget(byteCount: 256 << 20), threads: 2, pieceVoxels: 100)
    await #expect(throws: BrickworkError.self) { try await job.labels() }
  }

  /// A tile that can be read only where its neighbours overlap it.
  private struct GuardedVolume: Volume {
    let base: ArrayVolume
    let allowed: [Box3]
    var type: VoxelType { base.type }
    var size: Index3 { base.size }
    func read(into block: inout VoxelBlock) throws {
      guard allowed.contains(where: { $0.contains(block.box) }) else {
        throw BrickworkError(.inputOutput, reason: "\(block.box) lies outside of what is shared")
      }
      try base.read(into: &block)
    }
    func scratchBytes(reading size: Index3) -> Int { 0 }
  }

  @Test func onlyWhatTilesShareIsRead() async throws {
    for seed in UInt64(0)..<40 {
      var random = SplitMix64(seed: seed)
      let layout = RandomLabels(type: nil, using: &random)
      let boxes = layout.tiles.map(\.box)
      let guarded = try layout.tiles.enumerated().map { number, tile in
        let shared = boxes.indices.filter { $0 != number }.map {
          boxes[$0].intersection(tile.box).translated(by: .zero - tile.box.origin)
        }
        return try LabelTile(
          GuardedVolume(base: tile.volume, allowed: shared), number: number,
          origin: tile.box.origin, name: "tile \(number)")
      }
      let job = LabelJob(
        tiles: guarded, budget: MemoryBudget(byteCount: 256 << 20), threads: 2,
        pieceVoxels: .random(in: 1...60, using: &random))
      let plain = LabelJob(
        tiles: try tiles(layout), budget: MemoryBudget(byteCount: 256 << 20), threads: 1)
      #expect(try await job.overlaps() == plain.overlaps(), "seed \(seed)")
    }
  }

  private static let isSlow =
    ProcessInfo.processInfo.environment["BRICKWORK_SPEED"] != nil

  /// Prints time against size: two tiles that share up to two million labels.
  @Test(.enabled(if: isSlow, "set BRICKWORK_SPEED"), arguments: [UInt64(1), 1_000_003])
  func millionsOfLabelsInOneOverlapTakeLinearTime(_ factor: UInt64) async throws {
    for depth in [40, 80, 160, 320, 640] {
      let size = Index3(z: depth, y: 320, x: 320)
      let world = Index3(z: depth, y: 320, x: 350)
      let tiles = try [0, 30].enumerated().map { number, x in
        try LabelTile(
          GridLabels(
            world: world, origin: Index3(z: 0, y: 0, x: x), size: size, cell: 3, factor: factor),
          number: number, origin: Index3(z: 0, y: 0, x: x), name: "t\(number)")
      }
      let job = LabelJob(tiles: tiles, budget: MemoryBudget(byteCount: 4 << 30), threads: 2)
      let clock = ContinuousClock()
      var result: Deduplication?
      let reading = try await clock.measure { _ = try await job.labels() }
      let overlapping = try await clock.measure { _ = try await job.overlaps() }
      let all = try await clock.measure { result = try await job.deduplicate() }
      let report = try #require(result?.report)
      #expect(report.unions == report.labels - report.groups && report.agreement == 1)
      print(
        "factor \(factor): \(report.pairs[0].joined) labels in the overlap of "
          + "\(report.pairs[0].tiles.box.count) voxels: labels \(reading), overlaps \(overlapping), all \(all)"
      )
    }
  }

  /// Prints the time a map of five million rows takes.
  @Test(.enabled(if: isSlow, "set BRICKWORK_SPEED"))
  func aMapOfMillionsIsWrittenAndReadFast() throws {
    let folder = try TemporaryFolder()
    let count: UInt64 = 500_000
    let map = LabelMap(
      (0..<10).map { tile in
        TileLabelMap(
          LabelSet((1...count).map { $0 * 3 }),
          newLabels: PackedLabels((1...count).map { $0 + tile * count }))
      })
    let clock = ContinuousClock()
    var read: LabelMap?
    let writing = try clock.measure { try map.write(folder("m.csv")) }
    let reading = try clock.measure { read = try LabelMap.read(folder("m.csv"), tileCount: 10) }
    #expect(read == map)
    print("\(map.count) rows: written in \(writing), read in \(reading)")
  }

  /// Prints time against the number of tiles that overlap a little.
  @Test(.enabled(if: isSlow, "set BRICKWORK_SPEED"))
  func manyTilesTakeLinearTime() async throws {
    for side in [10, 20, 50, 100, 141] {
      let size = Index3(z: 8, y: 48, x: 48)
      let world = Index3(z: 8, y: side * 44 + 4, x: side * 44 + 4)
      let tiles = try (0..<side * side).map { number in
        let origin = Index3(z: 0, y: number / side * 44, x: number % side * 44)
        return try LabelTile(
          GridLabels(world: world, origin: origin, size: size, cell: 4), number: number,
          origin: origin, name: "t\(number)")
      }
      let job = LabelJob(tiles: tiles, budget: MemoryBudget(byteCount: 704 << 20), threads: 2)
      let clock = ContinuousClock()
      var result: Deduplication?
      let overlapping = try await clock.measure { _ = try await job.overlaps() }
      let all = try await clock.measure { result = try await job.deduplicate() }
      let report = try #require(result?.report)
      print(
        "\(tiles.count) tiles, \(report.pairs.count) overlaps, \(report.labels) labels, "
          + "\(report.groups) objects: overlaps \(overlapping), all \(all); at most "
          + "\(SystemMemory.peakResident >> 20) MiB so far")
    }
  }
}
