import ArgumentParser
import Brickwork

/// The kind of a surface's images.
enum SurfaceFormat: String, CaseIterable, ExpressibleByArgument {
  case tif, npy, zarr

  var suffix: String { self == .zarr ? ".ome.zarr" : "." + rawValue }
}

/// The files of a run of `brickwork surface`.
struct SurfaceFiles: Sendable {
  var prefix: String
  var sides: [SurfaceSide]
  var format: SurfaceFormat

  /// The prefix of one side's files.
  private func stem(_ side: SurfaceSide) -> String {
    sides.count > 1 ? "\(prefix)_\(side.rawValue)" : prefix
  }

  /// The image of thresholds.
  var threshold: String { prefix + "_threshold" + format.suffix }

  /// One side's files: intensity, index, height map.
  func names(of side: SurfaceSide) -> [String] {
    let stem = stem(side)
    return [
      stem + "_intensity" + format.suffix, stem + "_index" + format.suffix, stem + "_height.png",
    ]
  }

  /// All files.
  var all: [String] { sides.flatMap(names(of:)) + [threshold] }

  /// Throws if a file can't be made, or is there already.
  func check(overwrite: Bool) throws {
    for path in all {
      if format == .zarr, path.hasSuffix(format.suffix) {
        try checkFolder(ofStore: path)
        guard Files.exists(path), !overwrite else { continue }
        throw BrickworkError(
          .outputExists, path: path, reason: "exists already",
          remedy: "Choose another name with -o, or replace it with --overwrite")
      }
      try Output.check(path, overwrite: overwrite)
    }
  }

  /// Writes all images, each aside and then put in place.
  func write(
    _ found: Surfaces, voxelSize: VoxelSize, budget: MemoryBudget, threads: Int,
    overwrite: Bool
  ) async throws {
    func image(_ volume: any Volume, _ path: String) async throws {
      switch format {
      case .tif:
        var options = TIFFWriter.Options()
        options.voxelSize = voxelSize
        options.name = Files.name(of: path)
        options.slabBytes = max(1 << 20, min(64 << 20, budget.byteCount / 16))
        try TIFFWriter.write(volume, to: path, options, overwrite: overwrite) { _ in
          try Task.checkCancellation()
        }
      case .npy: try NPYImage.write(volume, to: path)
      case .zarr:
        let plan = try StorePlan(
          path: path, size: volume.size, type: volume.type, voxelSize: voxelSize,
          codec: BrickCodec.automatic(for: volume.type), levels: .exactly(1))
        let job = StoreJob(
          path: path, source: volume, plan: plan,
          description: StoreDescription(
            name: Files.name(of: path), voxelSize: voxelSize, channelName: "", source: nil),
          budget: budget, threads: threads, cache: PieceCache(capacity: 0))
        _ = try await job.run(overwrite: overwrite)
      }
    }
    for surface in found.surfaces {
      let names = names(of: surface.side)
      try await image(surface.intensity, names[0])
      try await image(surface.planes, names[1])
      try HeightMap.write(surface.planes, surface.range, to: names[2])
    }
    try await image(found.threshold, threshold)
  }
}
