internal import BrickCore

extension BDVProject {
  /// The project of an HDF5 file to be written.
  init(imageName: String, setups: [BDVSetup], timepoints: [Int]) {
    self.init(
      setups: setups, timepoints: timepoints, loader: Loader(format: "bdv.hdf5", path: imageName))
  }

  /// The project of images to be written: in BigStitcher's convention, world units are the smallest voxel
  /// size, each view's last transform is the `calibration`, and an offset stands above it.
  public init(setups: [BDVSetup], timepoints: [Int], loader: Loader) {
    let finest = setups.map(\.voxelSize.finest).min() ?? 1
    var registrations: [View: [Transform]] = [:]
    for setup in setups {
      let size = setup.voxelSize
      let (x, y, z) = (size.x / finest, size.y / finest, size.z / finest)
      var transforms = [
        Transform(name: "calibration", affine: AffineTransform(scaleX: x, y: y, z: z))
      ]
      if setups.count > 1 || setup.offset != .zero {
        let shift = (setup.offset.x * x, setup.offset.y * y, setup.offset.z * z)
        transforms.insert(
          Transform(
            name: "Translation to Regular Grid",
            affine: AffineTransform(scaleX: 1, y: 1, z: 1, translation: shift)), at: 0)
      }
      for timepoint in timepoints {
        registrations[View(timepoint: timepoint, setup: setup.id)] = transforms
      }
    }
    self.init(
      loader: loader,
      setups: setups.map {
        Setup(
          id: $0.id, name: $0.name, size: $0.levels.first?.size, storedVoxelSize: $0.voxelSize,
          unit: "micrometer",
          attributes: ["illumination": 0, "channel": $0.channel, "tile": $0.tile, "angle": 0])
      },
      attributeNames: [
        "channel": Dictionary(
          setups.map { ($0.channel, $0.channelName.isEmpty ? "\($0.channel)" : $0.channelName) },
          uniquingKeysWith: { first, _ in first })
      ],
      timepoints: timepoints, registrations: registrations)
  }
}
