import BrickCore
import BrickEngine
import BrickLabels
import BrickStitch
import BrickTestSupport
import BrickZarr
import Testing

/// What users of the library are promised: a job's budget covers the whole process, on volumes more than ten times as
/// large.
///
/// Each test runs in a process of its own, which Swift Testing starts for it. In the one of all tests, memory that
/// hundreds of tests before have freed and malloc has kept would be counted, or hide what a job takes; here nothing has
/// to be subtracted. Voxels are computed, so that no mapped page is counted either. `Tests/Python/memory_proof.py` does
/// the same with the command, on files and under a limit of the kernel.
@Suite(.serialized, .enabled(if: OwnMemory.isKnown, "only Linux tells a process's own memory"))
struct KeptBudgetTests {
  @Test func stitchingStaysWithinItsBudget() async {
    await #expect(processExitsWith: .success) {
      let folder = try TemporaryFolder()
      let source = try NoiseTiles.stitched(.linear(BlendWidth(z: 4, y: 40, x: 40)))
      try await NoiseTiles.expectWithinBudget {
        _ = try await NoiseTiles.storing(source, folder("s.zarr")).run()
      }
    }
  }

  @Test func exportingStaysWithinItsBudget() async {
    await #expect(processExitsWith: .success) {
      let folder = try TemporaryFolder()
      let image = try ExportImage(
        name: "noise", volumes: [try NoiseTiles.stitched(.overwrite)],
        voxelSize: VoxelSize(x: 0.2, y: 0.2, z: 0.5))
      try await NoiseTiles.expectWithinBudget {
        _ = try await ExportJob(
          path: folder("e.h5"), images: [image], budget: NoiseTiles.budget, threads: 2,
          cache: PieceCache(capacity: 0)
        ).run()
      }
    }
  }

  @Test func intensitiesAreCountedWithinTheBudget() async {
    await #expect(processExitsWith: .success) {
      let tiles = try NoiseTiles.tiles().map { IntensityJob.Tile([[$0]]) }
      try await NoiseTiles.expectWithinBudget {
        _ = try await IntensityJob(
          tiles, budget: NoiseTiles.budget, threads: 2, cache: PieceCache(capacity: 0)
        ).run(perTile: true)
      }
    }
  }

  /// What the others look at does see memory that is held, and ends the process.
  @Test func moreThanTheBudgetIsNoticed() async {
    await #expect(processExitsWith: .failure) {
      try await NoiseTiles.expectWithinBudget {
        let held = [UInt8](repeating: 1, count: NoiseTiles.budget.byteCount)
        try await Task.sleep(for: .milliseconds(200))
        precondition(held.last == 1)
      }
    }
  }

  @Test func labelsAreJoinedWithinTheBudget() async {
    await #expect(processExitsWith: .success) {
      // Four windows into one world of 300 000 cubes, 1.5 GB of uint64.
      let (world, size) = (Index3(z: 64, y: 1600, x: 1600), Index3(z: 64, y: 880, x: 880))
      let tiles = try (0..<4).map { number in
        let origin = Index3(z: 0, y: number / 2 * 720, x: number % 2 * 720)
        let volume = GridLabels(world: world, origin: origin, size: size, cell: 8)
        return try LabelTile(volume, number: number, origin: origin, name: "tile \(number)")
      }
      precondition(4 * size.volume * 8 > 10 * NoiseTiles.budget.byteCount)
      try await NoiseTiles.expectWithinBudget {
        let joined = try await LabelJob(tiles: tiles, budget: NoiseTiles.budget, threads: 2)
          .deduplicate()
        precondition(joined.map.count > 300_000)
      }
    }
  }
}

/// Tiles of noise, 1.4 GB of uint16 together, that lie nowhere.
private enum NoiseTiles {
  static let budget = MemoryBudget(byteCount: 128 << 20)

  static func tiles() throws -> [any Volume] {
    let size = Index3(z: 64, y: 1024, x: 1024)
    return try (0..<11).map {
      try NoiseVolume(type: .uint16, size: size, amplitude: 40, seed: 7, stream: $0)
    }
  }

  static func stitched(_ fusion: Fusion) throws -> StitchedVolume {
    let tiles = try tiles()
    precondition(
      tiles.reduce(0) { $0 + $1.size.volume * 2 } > 10 * budget.byteCount, "Ten times the budget")
    let places = tiles.indices.map {
      Point3(x: Double($0 % 4 * 960), y: Double($0 / 4 * 960), z: Double($0 % 2))
    }
    return try StitchedVolume(
      tiles, placement: TilePlacement(offsets: places, sizes: tiles.map(\.size)), fusion: fusion)
  }

  static func storing(_ source: any Volume, _ path: String) throws -> StoreJob {
    let voxelSize = VoxelSize(x: 0.2, y: 0.2, z: 0.5)
    return StoreJob(
      path: path, source: source,
      plan: try StorePlan(path: path, size: source.size, type: source.type, voxelSize: voxelSize),
      description: StoreDescription(
        name: "noise", voxelSize: voxelSize, channelName: "c", source: [:]),
      budget: budget, threads: 2, cache: PieceCache(capacity: 0))
  }

  /// Traps where the process, with all it has loaded, held more memory of its own than the budget.
  static func expectWithinBudget(_ work: () async throws -> Void) async throws {
    let peak = try await OwnMemory.peak(of: work)
    precondition(peak > 1 << 20, "Memory was not looked at: \(peak) bytes")
    precondition(
      peak <= budget.byteCount,
      "\(peak >> 20) MiB were taken, and the budget is \(budget.byteCount >> 20) MiB")
  }
}
