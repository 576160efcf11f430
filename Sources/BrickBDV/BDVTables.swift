internal import BrickCore
internal import BrickHDF5

/// What a BDV file says about a setup besides its voxels.
enum BDVTables {
  /// Writes the tables of resolutions and chunks, and the type unless the form is the old one.
  static func write(
    _ setup: BDVSetup, _ type: VoxelType, _ options: BDVExportOptions, to file: HDF5File
  ) throws {
    func xyz(_ index: Index3) -> [Double] { [Double(index.x), Double(index.y), Double(index.z)] }
    try file.writeTable(
      BDVNames.resolutions(setup.id), doubles: setup.levels.map { xyz($0.factor) })
    try file.writeTable(
      BDVNames.subdivisions(setup.id),
      integers: setup.levels.map { xyz($0.chunk).map { Int32($0) } })
    if !options.legacyInt16 {
      try file.setAttribute("dataType", of: BDVNames.setup(setup.id), to: type.rawValue)
    }
  }
}
