internal import BrickCore
internal import BrickHDF5

/// The groups, tables and empty datasets of a new file.
extension BDVFileWriter {
  static func makeDatasets(
    in file: HDF5File, _ setups: [BDVSetup], _ timepoints: [Int], _ type: VoxelType,
    _ options: BDVExportOptions
  ) throws -> [HDF5Dataset] {
    for setup in setups { try BDVTables.write(setup, type, options, to: file) }
    let stored = try options.storedType(of: type)
    var datasets: [HDF5Dataset] = []
    for timepoint in timepoints {
      for setup in setups {
        for (number, level) in setup.levels.enumerated() {
          datasets.append(
            try file.makeDataset(
              BDVNames.cells(timepoint: timepoint, setup: setup.id, level: number), type: stored,
              size: level.size, chunk: level.chunk, deflateLevel: options.deflateLevel,
              shuffle: options.shuffles(type)))
        }
      }
    }
    return datasets
  }

  static func check(_ setups: [BDVSetup], _ type: VoxelType, _ path: String) throws {
    for setup in setups {
      for level in setup.levels {
        guard level.size.minimum(.one) == .one, level.chunk.minimum(.one) == .one,
          level.factor.minimum(.one) == .one, level.size.checkedVolume != nil,
          let voxels = level.chunk.checkedVolume, voxels <= (1 << 28) / type.byteCount
        else {
          throw BrickworkError(
            .badRequest, path: path, place: "setup \(setup.id)",
            reason: "a level of \(level.size) voxels in chunks of \(level.chunk) can't be written",
            remedy: "Sizes are at least 1, and a chunk has at most 256 MiB")
        }
      }
      guard !setup.levels.isEmpty, setup.voxelSize.isValid else {
        throw BrickworkError(
          .badRequest, path: path, place: "setup \(setup.id)",
          reason: "has \(setup.levels.count) levels and voxels of \(setup.voxelSize)",
          remedy: "Give a voxel size of positive numbers")
      }
    }
  }
}
