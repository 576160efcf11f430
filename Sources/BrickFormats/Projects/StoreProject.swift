public import BrickBDV
internal import BrickCore
internal import BrickFiles
public import BrickZarr

/// A BigDataViewer project whose images are those of an OME-Zarr store, which BigStitcher 3 opens as it is.
public struct StoreProject: Sendable {
  /// With the loader `bdv.multimg.zarr` 3.1; its path is that of the store, as seen from the XML.
  public let project: BDVProject
  /// The images, in the order of their tiles.
  public let images: [OMEZarrImage]
  /// What a user should know: a sentence each.
  public let notes: [String]

  /// Describes the store at `path`, of one image (`stitch`) or one for each tile (`import`), for an XML at `xmlPath`.
  ///
  /// Each channel of each image is a view setup, and each time point one of the project. Tiles lie where the store says,
  /// in BigStitcher's convention: calibration last, translations in multiples of the smallest voxel size. Where no
  /// image says a position, all lie at zero.
  ///
  /// - Throws: `BrickworkError`: what opening throws; `.unsupportedInput` where BigStitcher could not read an image, or
  ///   the images differ in their number of time points.
  public init(store path: String, xmlPath: String) throws {
    let images = try OMEZarrImages.images(in: path, cache: PieceCache(capacity: 0))
    let root = try Files.resolved(path)
    let folder = try Files.resolved(Files.folder(of: xmlPath))
    let timepoints = images[0].info.timepoints
    var notes: [String] = []
    var setups: [BDVSetup] = []
    var groups: [BDVProject.Loader.Group] = []
    for image in images {
      guard image.info.timepoints == timepoints else {
        throw BrickworkError(
          .unsupportedInput, path: image.info.path,
          reason: "has \(image.info.timepoints) time points, and the first image \(timepoints)",
          remedy: "Import images with as many time points each into stores of their own")
      }
      notes += try image.checkForBigStitcher()
    }
    // Channel by channel: the order in which BigStitcher numbers setups.
    for channel in 0..<(images.map(\.info.channelNames.count).max() ?? 0) {
      for (tile, image) in images.enumerated() where channel < image.info.channelNames.count {
        let setup = BDVSetup(image, tile: tile, channel: channel, id: setups.count)
        let place = Files.relative(try Files.resolved(image.info.path), to: root)
        for timepoint in 0..<timepoints {
          groups.append(
            .init(
              view: .init(timepoint: timepoint, setup: setup.id), path: place,
              indices: Self.indices(image, channel: channel, timepoint: timepoint)))
        }
        setups.append(setup)
      }
    }
    if let silent = images.first(where: { $0.info.voxelSize == nil }) {
      notes.append("\(silent.info.path) says no voxel size: 1 µm is written")
    }
    if images.count > 1, images.allSatisfy({ $0.info.position == nil }) {
      notes.append("nothing says where the \(images.count) images lie: all are put at zero")
    }
    var project = BDVProject(
      setups: setups, timepoints: Array(0..<timepoints), loader: .init(format: "bdv.multimg.zarr"))
    project.loader.path = Files.relative(root, to: folder)
    project.loader.version = "3.1"
    project.loader.zarrVersion = "ZarrV3"
    project.loader.groups = groups
    self.project = project
    self.images = images
    self.notes = notes
  }

  /// Channel and time point along the axes that the image has, in this order.
  private static func indices(_ image: OMEZarrImage, channel: Int, timepoint: Int) -> [Int] {
    let axes = image.axisNames
    return (axes.contains("c") ? [channel] : []) + (axes.contains("t") ? [timepoint] : [])
  }
}

extension BDVSetup {
  /// A channel of an image as a setup of a project.
  init(_ image: OMEZarrImage, tile: Int, channel: Int, id: Int) {
    let info = image.info
    let voxel = info.voxelSize ?? .unknown
    let position = info.position ?? .zero
    let channels = info.channelNames
    let name = channels[channel].isEmpty ? "channel \(channel)" : channels[channel]
    self.init(
      id: id, name: channels.count > 1 ? "\(info.name) \(name)" : info.name, channel: channel,
      channelName: channels[channel], tile: tile, voxelSize: voxel,
      offset: Point3(x: position.x / voxel.x, y: position.y / voxel.y, z: position.z / voxel.z),
      levels: [BDVLevel(factor: .one, size: info.size, chunk: info.size)])
  }
}
