internal import BrickBDV
internal import BrickCore
internal import BrickStitch
internal import BrickZarr

/// Compares what the jobs of a benchmark wrote with what it has to be, at sampled places: a wrong answer is no fast one.
struct BenchmarkCheck: Sendable {
  let jobs: BenchmarkJobs
  /// Rows that are compared, half of them where tiles overlap.
  private static let rows = 200
  private static let rowVoxels = 48

  private func store(level: Int) throws -> any Volume {
    try OMEZarrImage(jobs.storePath, cache: PieceCache(capacity: 0))
      .volume(level: level, channel: 0, timepoint: 0)
  }

  /// The stitched volume is the fusion of the tiles, and its first coarser level the means of it.
  ///
  /// - Throws: `BrickworkError` with code `.verificationFailed`, with the voxel and both numbers.
  func stitched() throws {
    let volume = try store(level: 0)
    for box in sampledRows() {
      try Task.checkCancellation()
      let found = try numbers(volume, box)
      for (step, voxel) in found.enumerated() {
        let place = box.origin + Index3(z: 0, y: 0, x: step)
        let truth = try jobs.scene.truth(z: place.z, y: place.y, x: place.x)
        let expected = truth ?? (0, true)
        // Sums of 16-bit voxels are made in single precision: a half may be rounded the other way (docs/decisions/0006).
        guard abs(expected.voxel - voxel) <= (expected.isExact ? 0 : 0.501) else {
          throw wrong("stitched", place, voxel, expected.voxel)
        }
      }
    }
    let levels = try jobs.storePlan(at: jobs.storePath).levels
    guard levels.count > 1 else { return }
    let (coarse, step) = (try store(level: 1), levels[1].step)
    for box in sampledRows().prefix(20) {
      let place = box.origin.dividedRoundingDown(by: step)
      let group = Box3(origin: place * step, size: step).intersection(volume.bounds)
      let voxels = try numbers(volume, group)
      let mean = (voxels.reduce(0, +) / Double(voxels.count) + 0.5).rounded(.down)
      let found = try numbers(coarse, Box3(origin: place, size: .one))[0]
      guard mean == found else { throw wrong("level 1", place, found, mean) }
    }
  }

  /// The exported file holds what the store does.
  ///
  /// - Throws: `BrickworkError` with code `.verificationFailed`, with the voxel and both numbers.
  func exported() throws {
    let file = try BDVFile(jobs.exportPath)
    let (setup, volume) = (file.setups.first ?? 0, try store(level: 0))
    guard let exported = try file.volume(setup: setup, timepoint: 0, level: 0) else {
      throw BrickworkError(
        .verificationFailed, path: jobs.exportPath, reason: "the exported file has no voxels",
        remedy: Self.remedy)
    }
    for box in sampledRows() {
      let (found, expected) = (try numbers(exported, box), try numbers(volume, box))
      if let place = found.indices.first(where: { found[$0] != expected[$0] }) {
        throw wrong(
          "exported", box.origin + Index3(z: 0, y: 0, x: place), found[place], expected[place])
      }
    }
  }

  private func numbers(_ volume: any Volume, _ box: Box3) throws -> [Double] {
    let block = try volume.block(of: box)
    let voxels = block.voxels(as: UInt16.self)
    return voxels.indices.map { Double(voxels[$0]) }
  }

  /// Rows of the volume, the same each time.
  private func sampledRows() -> [Box3] {
    let (placement, length) = (jobs.scene.placement, Self.rowVoxels)
    var random = Randomness(seed: 3)
    let shared = zip(placement.boxes, placement.boxes.dropFirst()).map { $0.intersection($1) }
      .filter { !$0.isEmpty }
    let whole = Box3(size: placement.size)
    return (0..<Self.rows).map { number in
      let box = number % 2 == 0 || shared.isEmpty ? whole : shared[number / 2 % shared.count]
      func place(_ start: Int, _ end: Int) -> Int {
        random.whole(start...max(start, end - 1))
      }
      let origin = Index3(
        z: place(box.origin.z, box.end.z), y: place(box.origin.y, box.end.y),
        x: place(box.origin.x, box.end.x))
      return Box3(origin: origin, size: Index3(z: 1, y: 1, x: length)).intersection(whole)
    }
  }

  private static let remedy =
    "Memory, disk or processor of this machine may be faulty, or it is a mistake of ours: run it again, and report it"

  private func wrong(_ what: String, _ place: Index3, _ found: Double, _ expected: Double)
    -> BrickworkError
  {
    BrickworkError(
      .verificationFailed,
      reason: "the \(what) voxel (z \(place.z), y \(place.y), x \(place.x)) is \(found), where "
        + "\(expected) belongs: no figures are shown for a wrong answer",
      remedy: Self.remedy)
  }
}
