public import BrickCore

/// Where one view lies, as an offset in voxels.
public struct ViewOffset: Sendable, Hashable {
  /// The setup's id.
  public var setup: Int
  /// The setup's name as the file gives it; may be empty.
  public var name: String
  /// The centre of voxel 0 in the view's own voxels, x, y, z; may lie between voxels.
  public var offset: Point3
  /// The largest distance of a corner, in voxels, from where scaling and moving alone would put it; of a single
  /// voxel's corner where the file does not say the size.
  public var shearDistance: Double
  /// Voxels along z, y, x; nil where the file does not say.
  public var size: Index3?
  /// µm between voxels; nil where the file does not say.
  public var voxelSize: VoxelSize?
  /// A sentence for the user where the offset does not tell the whole truth.
  public var warning: String?

  /// An offset; without more, of a view that is merely shifted.
  public init(
    setup: Int, name: String, offset: Point3, shearDistance: Double = 0, size: Index3? = nil,
    voxelSize: VoxelSize? = nil, warning: String? = nil
  ) {
    self.setup = setup
    self.name = name
    self.offset = offset
    self.shearDistance = shearDistance
    self.size = size
    self.voxelSize = voxelSize
    self.warning = warning
  }
}

extension BDVProject {
  /// Beyond this many voxels a view is no longer merely shifted.
  public static let shearTolerance = 0.5

  /// The id that a user means by a number: itself where a time point has it, else the place counted from 0.
  public func timepointID(_ number: Int) -> Int {
    timepoints.contains(number) || !timepoints.indices.contains(number)
      ? number : timepoints[number]
  }

  /// The offsets of all views of a time point, in the order of the setups.
  ///
  /// With M = [A | t] the product of a view's transforms, the offset along axis d is t_d / A_dd: exact where
  /// A is diagonal. Views without registration, and missing views, are left out.
  ///
  /// - Throws: `BrickworkError` with code `.badRequest` if there is no such time point,
  ///   `.damagedInput` if a view is scaled by zero along an axis, so that it has no offset.
  public func offsets(timepoint: Int) throws -> [ViewOffset] {
    guard timepoints.contains(timepoint) else {
      let known = timepoints.prefix(8).map(String.init).joined(separator: ", ")
      throw BrickworkError(
        .badRequest, path: path, reason: "there is no time point \(timepoint)",
        remedy: "The file has the time points \(known)\(timepoints.count > 8 ? ", …" : "")")
    }
    var offsets: [ViewOffset] = []
    var firstScale: [Double]?
    for setup in setups {
      let view = View(timepoint: timepoint, setup: setup.id)
      guard !missingViews.contains(view), let affine = affine(of: view) else { continue }
      // Where the file does not say the size, a single voxel tells whether the view is turned at all.
      let size = setup.size ?? .one
      let scale = (0..<3).map { affine[$0, $0] }
      let numbers = (0..<3).map { affine[$0, 3] / scale[$0] }
      guard let shear = affine.shear(ofBox: [Double(size.x), Double(size.y), Double(size.z)]),
        numbers.allSatisfy(\.isFinite), shear.isFinite
      else {
        throw BrickworkError(
          .damagedInput, path: path, place: "time point \(timepoint), setup \(setup.id)",
          reason:
            "the view is turned or scaled so that it has no offset in voxels (diagonal \(scale))",
          remedy: "Remove the rotation in BigStitcher, or give the offsets as a CSV file")
      }
      let reference = firstScale ?? scale
      firstScale = reference
      offsets.append(
        ViewOffset(
          setup: setup.id, name: setup.name,
          offset: Point3(x: numbers[0], y: numbers[1], z: numbers[2]), shearDistance: shear,
          size: setup.size, voxelSize: setup.voxelSize,
          warning: Self.warning(
            shear: shear, isWhole: setup.size != nil, scale: scale, reference: reference)))
    }
    return offsets
  }

  /// A voxel's shear that no view has the size to turn into `shearTolerance`.
  private static let voxelShearTolerance = 1e-6

  private static func warning(
    shear: Double, isWhole: Bool, scale: [Double], reference: [Double]
  ) -> String? {
    if !isWhole && shear > voxelShearTolerance {
      return "is turned or sheared, and without its size in the file nobody knows how far its "
        + "corners lie from where its offset puts them"
    }
    if isWhole && shear > shearTolerance {
      return
        "is turned or sheared: a corner lies \(rounded(shear)) voxels from where its offset puts it"
    }
    if let axis = (0..<3).first(where: { scale[$0] < 0 }) {
      return "is mirrored along \(["x", "y", "z"][axis]), which its offset does not tell"
    }
    if let axis = (0..<3).first(where: { abs(scale[$0] / reference[$0] - 1) > 1e-3 }) {
      let ratio = scale[axis] / reference[axis]
      return
        "has voxels \(rounded(ratio)) times as long along \(["x", "y", "z"][axis]) as the first view's"
    }
    return nil
  }

  private static func rounded(_ number: Double) -> Double {
    abs(number) < 1e12 ? (number * 1000).rounded() / 1000 : number
  }
}
