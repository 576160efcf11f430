public import BrickCore

extension BDVProject {
  /// The name of the translation that `placing` adds.
  public static let offsetsName = "Brickwork offsets"

  /// How the registrations change so that views lie at given offsets.
  public struct Placing: Sendable {
    /// For `SpimDataDocument.edit`.
    public var edits: [View: RegistrationEdit]
    /// What a user should know: a sentence each.
    public var notes: [String]
  }

  /// The changes that put setups at these offsets, in their own voxels, x, y, z.
  ///
  /// Each view's translations are replaced by a single one with the name `offsetsName`, as BigStitcher does when it
  /// moves tiles to a grid. Everything else stays below it in its order: the calibration, which keeps its name and place,
  /// and rotations and the like. The translation makes up for what those move, so that `offsets(timepoint:)`
  /// gives the offsets back. A view without a registration gets one with the calibration that others of its voxel
  /// size have, or BigStitcher's own where there are none. Missing views stay without.
  ///
  /// - Parameters:
  ///   - offsets: by setup; others stay where they are.
  ///   - timepoints: ids of those that change; nil means all.
  /// - Throws: `BrickworkError` with code `.badRequest` if there is no such time point or setup, or an offset is no
  ///   finite number; `.damagedInput` if a view is turned so that it has no offset.
  public func placing(
    _ offsets: [Int: Point3], timepoints chosen: [Int]? = nil
  ) throws -> Placing {
    if let unknown = chosen?.first(where: { !timepoints.contains($0) }) {
      throw BrickworkError(
        .badRequest, path: path, reason: "there is no time point \(unknown)",
        remedy:
          "The project has \(timepoints.count), of which the first is \(timepoints.first ?? 0)")
    }
    let known = Dictionary(setups.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    var placing = Placing(edits: [:], notes: [])
    var (missing, turned) = (0, 0)
    let sample = calibratedSample()
    let finest = setups.compactMap { Self.lengths($0)?.min() }.min() ?? 1
    for (id, offset) in offsets.sorted(by: { $0.key < $1.key }) {
      guard let setup = known[id], offset.x.isFinite, offset.y.isFinite, offset.z.isFinite else {
        throw BrickworkError(
          .badRequest, path: path, place: "setup \(id)",
          reason: known[id] == nil
            ? "there is no such setup" : "the offset \(offset) is no finite position")
      }
      for timepoint in chosen ?? timepoints {
        let view = View(timepoint: timepoint, setup: id)
        if missingViews.contains(view) {
          missing += 1
          continue
        }
        let (edit, isTurned) = try self.edit(setup, view, at: offset, sample, finest)
        placing.edits[view] = edit
        if isTurned { turned += 1 }
      }
    }
    if missing > 0 {
      placing.notes.append("\(missing) missing views were left without a registration")
    }
    if turned > 0 {
      placing.notes.append(
        "\(turned) views are turned or sheared, which their registrations keep: their offsets are those "
          + "of the diagonal alone")
    }
    return placing
  }

  private func edit(
    _ setup: Setup, _ view: View, at offset: Point3, _ sample: CalibratedSample?,
    _ finest: Double
  ) throws -> (RegistrationEdit, isTurned: Bool) {
    guard let transforms = registrations[view], !transforms.isEmpty else {
      let calibration = Transform(
        name: "calibration", affine: calibration(of: setup, like: sample, finest))
      let top = Transform(
        name: Self.offsetsName, affine: translation(to: offset, over: calibration.affine))
      return (RegistrationEdit(added: [top, calibration]), false)
    }
    let removed = transforms.indices.filter { transforms[$0].isMovable }
    let rest = transforms.indices.filter { !removed.contains($0) }.map { transforms[$0].affine }
    let below = rest.reduce(AffineTransform.identity, *)
    guard (0..<3).allSatisfy({ below[$0, $0] != 0 && (1 / below[$0, $0]).isFinite }) else {
      throw BrickworkError(
        .damagedInput, path: path,
        place: "time point \(view.timepoint), setup \(view.setup)",
        reason: "the view is turned or scaled so that it has no offset in voxels",
        remedy: "Remove the rotation in BigStitcher, and run the same command again")
    }
    let top = Transform(name: Self.offsetsName, affine: translation(to: offset, over: below))
    let size = setup.size ?? .one
    let shear = below.shear(ofBox: [Double(size.x), Double(size.y), Double(size.z)]) ?? 0
    return (
      RegistrationEdit(removed: Set(removed), added: [top]), shear > Self.shearTolerance
    )
  }

  /// The translation after which a view with the map `below` lies at the offset.
  private func translation(to offset: Point3, over below: AffineTransform) -> AffineTransform {
    let wanted = [offset.x, offset.y, offset.z]
    let shift = (0..<3).map { wanted[$0] * below[$0, $0] - below[$0, 3] }
    return AffineTransform(scaleX: 1, y: 1, z: 1, translation: (shift[0], shift[1], shift[2]))
  }

  /// A setup that has a place in the world, and what its voxels measure there.
  private struct CalibratedSample {
    let scale: [Double]
    let voxelSize: [Double]?
  }

  /// The first setup with a registration that scales all axes.
  private func calibratedSample() -> CalibratedSample? {
    for setup in setups {
      guard
        let view = timepoints.lazy.map({ View(timepoint: $0, setup: setup.id) }).first(where: {
          registrations[$0]?.isEmpty == false
        }),
        let affine = affine(of: view)
      else { continue }
      let scale = (0..<3).map { affine[$0, $0] }
      if scale.allSatisfy({ $0.isFinite && $0 > 0 }) {
        return CalibratedSample(scale: scale, voxelSize: Self.lengths(setup))
      }
    }
    return nil
  }

  private static func lengths(_ setup: Setup) -> [Double]? {
    setup.storedVoxelSize.flatMap { $0.isValid ? [$0.x, $0.y, $0.z] : nil }
  }

  /// The calibration of a view that has none: the one that puts its voxels into the world of the others.
  private func calibration(of setup: Setup, like sample: CalibratedSample?, _ finest: Double)
    -> AffineTransform
  {
    let own = Self.lengths(setup)
    if let sample {
      let scale = (0..<3).map { axis in
        sample.scale[axis]
          * (own.flatMap { own in sample.voxelSize.map { own[axis] / $0[axis] } } ?? 1)
      }
      return AffineTransform(scaleX: scale[0], y: scale[1], z: scale[2])
    }
    let scale = (own ?? [finest, finest, finest]).map { $0 / finest }
    return AffineTransform(scaleX: scale[0], y: scale[1], z: scale[2])
  }
}

extension BDVProject.Transform {
  /// Whether it merely moves a view, and is no calibration (which may be the identity).
  var isMovable: Bool {
    guard name.lowercased() != "calibration" else { return false }
    return (0..<3).allSatisfy { row in
      (0..<3).allSatisfy { affine[row, $0] == (row == $0 ? 1 : 0) }
    }
  }
}
