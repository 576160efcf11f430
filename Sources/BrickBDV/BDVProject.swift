public import BrickCore

/// What a SpimData XML (BigDataViewer, BigStitcher) says: images, time points and where they lie.
///
/// A value without any file behind it. Positions and sizes are x, y, z.
public struct BDVProject: Sendable, Hashable {
  /// Where the voxels are.
  public struct Loader: Sendable, Hashable {
    /// The loader's name, "bdv.hdf5", "bdv.n5", "bdv.multimg.zarr"; empty where the file names none.
    public var format: String
    /// The image file or folder, as seen from the current folder; nil where the loader names none.
    public var path: String?
    /// The loader's version, "1.0", "3.1"; empty where the file names none.
    public var version = ""
    /// "ZarrV3" or "ZarrV2" (`bdv.multimg.zarr` since 3.1); empty where the file names none.
    public var zarrVersion = ""
    /// Where each view lies in an OME-Zarr store; empty for other loaders.
    public var groups: [Group] = []
    /// The files among which the images are split, as seen from the XML; empty where there is but one.
    public var partitions: [Partition] = []

    /// A loader by name, and where its voxels are.
    public init(format: String, path: String? = nil) {
      self.format = format
      self.path = path
    }
  }

  /// One source of images: a tile in one channel, seen from one angle under one illumination.
  public struct Setup: Sendable, Hashable {
    /// The number by which views and files name the setup.
    public var id: Int
    /// What viewers call it; may be empty.
    public var name: String
    /// Voxels along z, y, x; nil where the file does not say.
    public var size: Index3?
    /// The distance between voxels in `unit`; nil where the file does not say.
    public var storedVoxelSize: VoxelSize?
    /// The unit's name as written: "micrometer", "µm", "pixel".
    public var unit: String
    /// The ids of "channel", "tile", "angle", "illumination" and others.
    public var attributes: [String: Int]

    /// A setup as a file describes it.
    public init(
      id: Int, name: String, size: Index3?, storedVoxelSize: VoxelSize?, unit: String,
      attributes: [String: Int] = [:]
    ) {
      self.id = id
      self.name = name
      self.size = size
      self.storedVoxelSize = storedVoxelSize
      self.unit = unit
      self.attributes = attributes
    }

    /// µm between voxels; nil where the file does not say, or in a unit that is no length.
    public var voxelSize: VoxelSize? {
      guard let stored = storedVoxelSize, stored.isValid,
        let factor = LengthUnit(unit)?.micrometres
      else { return nil }
      return VoxelSize(x: stored.x * factor, y: stored.y * factor, z: stored.z * factor)
    }
  }

  /// One setup at one time point.
  public struct View: Sendable, Hashable {
    /// The id of the time point.
    public var timepoint: Int
    /// The id of the setup.
    public var setup: Int

    /// The view of a setup at a time point.
    public init(timepoint: Int, setup: Int) {
      self.timepoint = timepoint
      self.setup = setup
    }
  }

  /// One step from voxels to the world.
  public struct Transform: Sendable, Hashable {
    /// What the transform is for: "calibration", "Stitching Transform"; may be empty.
    public var name: String
    /// The map itself, in x, y, z.
    public var affine: AffineTransform

    /// A transform with its name.
    public init(name: String, affine: AffineTransform) {
      self.name = name
      self.affine = affine
    }
  }

  /// Where the voxels are.
  public var loader: Loader
  /// In the order of the file.
  public var setups: [Setup]
  /// The names of attribute values: `attributeNames["channel"]?[0]`.
  public var attributeNames: [String: [Int: String]]
  /// The ids of the time points, ascending.
  public var timepoints: [Int]
  /// Views that were never acquired.
  public var missingViews: Set<View>
  /// Each view's transforms in the order of the file; the last one is applied first.
  public var registrations: [View: [Transform]]
  /// Where the project was read from; stands in error messages.
  public var path: String?

  /// A project from its parts; without more, one time point and no registrations.
  public init(
    loader: Loader, setups: [Setup], attributeNames: [String: [Int: String]] = [:],
    timepoints: [Int] = [0], missingViews: Set<View> = [],
    registrations: [View: [Transform]] = [:], path: String? = nil
  ) {
    self.loader = loader
    self.setups = setups
    self.attributeNames = attributeNames
    self.timepoints = timepoints
    self.missingViews = missingViews
    self.registrations = registrations
    self.path = path
  }

  /// The map from a view's voxels to the world: the product of its transforms in the order of the file;
  /// nil where the view has no registration.
  public func affine(of view: View) -> AffineTransform? {
    registrations[view].map { $0.reduce(.identity) { $0 * $1.affine } }
  }
}
