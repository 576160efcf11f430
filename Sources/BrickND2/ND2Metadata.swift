public import BrickCore

/// What an ND2 file says about its acquisition, as it stands in the file.
///
/// Lengths are µm, times ms. Source of the meanings: files of NIS-Elements 4.20 and 5.42, and the readers `nd2` and
/// `limnd2`; the vendor has published no specification.
public struct ND2Metadata: Sendable, Hashable {
  /// A loop of the acquisition.
  public struct Loop: Sendable, Hashable {
    /// What changes from one turn to the next.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
      /// Time points.
      case time
      /// Stage positions.
      case position
      /// Planes of a stack.
      case z
      /// Something the user chose, taken as time.
      case custom
    }
    /// What changes.
    public var kind: Kind
    /// How many turns it has: positions that were not used are left out.
    public var count: Int
    /// µm between planes of a stack, ms between time points; nil where the file doesn't say.
    public var step: Double?

    /// A loop from its parts.
    public init(kind: Kind, count: Int, step: Double? = nil) {
      self.kind = kind
      self.count = count
      self.step = step
    }
  }

  /// A stage position as the file lists it: the centre of the field, in µm of the stage.
  public struct Point: Sendable, Hashable {
    /// Its name, often empty.
    public var name: String
    /// Along the stage's x axis.
    public var x: Double
    /// Along the stage's y axis.
    public var y: Double
    /// The focus, whether or not it was used.
    public var z: Double

    /// A position from its parts.
    public init(name: String, x: Double, y: Double, z: Double) {
      self.name = name
      self.x = x
      self.y = y
      self.z = z
    }
  }

  /// A channel: a plane of every frame.
  public struct Channel: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// Values of each pixel: 3 for colour pictures, otherwise 1.
    public var components: Int
    /// Its colour as 0x00BBGGRR.
    public var color: Int
    /// The emission wavelength in nm, if the file says.
    public var emission: Double?

    /// A channel from its parts.
    public init(name: String, components: Int, color: Int, emission: Double?) {
      self.name = name
      self.components = components
      self.color = color
      self.emission = emission
    }
  }

  /// The objective.
  public struct Objective: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// Its magnification; nil where it is unknown.
    public var magnification: Double?
    /// Its numerical aperture.
    public var numericalAperture: Double?
    /// The index of refraction of its immersion.
    public var refractiveIndex: Double?

    /// An objective from its parts.
    public init(
      name: String, magnification: Double?, numericalAperture: Double?, refractiveIndex: Double?
    ) {
      self.name = name
      self.magnification = magnification
      self.numericalAperture = numericalAperture
      self.refractiveIndex = refractiveIndex
    }
  }

  /// The container's version, "Ver3.0".
  public var formatVersion = ""
  /// The program that wrote the file, with its version; empty where the file doesn't say.
  public var application = ""
  /// Pixels of a row.
  public var width = 0
  /// Rows.
  public var height = 0
  /// Values of each pixel, of all channels together.
  public var components = 0
  /// Bits of a value that are used, at its low end.
  public var significantBits = 0
  /// Bytes from one row of a stored frame to the next.
  public var rowBytes = 0
  /// Whether frames are compressed without loss.
  public var isCompressed = false
  /// The loops, outermost first; empty for a single picture.
  public var loops: [Loop] = []
  /// Frames that the loops make.
  public var frames = 0
  /// The positions that were used.
  public var points: [Point] = []
  /// The channels, in the order of their components.
  public var channels: [Channel] = []
  /// µm between voxels; z is 1 where there is no stack.
  public var voxelSize: VoxelSize?
  /// The stage at the first frame in µm.
  public var stage: Point3?
  /// The rotation from camera to stage: dStgLgCT11, CT12, CT21, CT22.
  public var cameraMatrix: [Double]?
  /// The objective, if the file says.
  public var objective: Objective?
  /// Texts for people: "description", "date", "optics" and others that are not empty.
  public var texts: [String: String] = [:]

  /// Metadata of nothing.
  public init() {}
}
