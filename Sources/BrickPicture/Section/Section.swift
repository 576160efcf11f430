public import BrickCore

/// The axis a picture is looked at along; its other two are the picture's.
///
/// Arrays keep their order, as `volume[z]`, `volume[:, y]` and `volume[:, :, x]` do: the rows of a z plane are y and its
/// columns x; the rows of a y section are z and its columns x; the rows of an x section are z and its columns y.
public enum SectionAxis: Int, Sendable, Hashable, CaseIterable {
  case z = 0
  case y = 1
  case x = 2

  /// The axis' letter.
  public var name: String { ["z", "y", "x"][rawValue] }
  /// The axis from row to row: 0 is z, 1 is y, 2 is x.
  public var rows: Int { self == .z ? 1 : 0 }
  /// The axis along a row.
  public var columns: Int { self == .x ? 1 : 2 }
}

/// How the voxels behind one another become one.
public enum Projection: String, Sendable, Hashable, CaseIterable {
  /// The largest; for floats NaN wins, as in `numpy.max`.
  case max
  /// The smallest; for floats NaN wins.
  case min
  /// Their mean.
  case mean
}

/// The part of a volume that a picture shows: a plane, or planes that are projected onto one.
public struct Section: Sendable, Hashable {
  /// The axis it is looked at along.
  public let axis: SectionAxis
  /// The voxels shown: one along the axis, unless they are projected.
  public let box: Box3
  /// How planes become one; nil for a single one.
  public let projection: Projection?

  /// The plane `plane` of the voxels of `box` across an axis.
  ///
  /// - Throws: `BrickworkError` with code `.badRequest` if the box is empty or has no such plane.
  public init(_ axis: SectionAxis, at plane: Int, in box: Box3) throws {
    try Self.check(box)
    let (first, end) = (box.origin[axis.rawValue], box.end[axis.rawValue])
    guard first <= plane, plane < end else {
      throw BrickworkError(
        .badRequest,
        reason:
          "there is no plane \(axis.name) = \(plane): planes \(first) to \(end - 1) are there",
        remedy: "Choose --\(axis.name) between \(first) and \(end - 1)")
    }
    var box = box
    box.origin[axis.rawValue] = plane
    box.size[axis.rawValue] = 1
    self.axis = axis
    self.box = box
    projection = nil
  }

  /// All planes of `box` along an axis, as one.
  ///
  /// - Throws: `BrickworkError` with code `.badRequest` if the box is empty.
  public init(_ projection: Projection, of box: Box3, along axis: SectionAxis) throws {
    try Self.check(box)
    self.axis = axis
    self.box = box
    self.projection = projection
  }

  private init(axis: SectionAxis, box: Box3, projection: Projection?) {
    self.axis = axis
    self.box = box
    self.projection = projection
  }

  private static func check(_ box: Box3) throws {
    guard !box.isEmpty else {
      throw BrickworkError(.badRequest, reason: "there are no voxels to show")
    }
  }

  /// The planes along the axis.
  public var planes: Range<Int> { box.origin[axis.rawValue]..<box.end[axis.rawValue] }

  /// The same part of a volume of `size` voxels that stand for `factor` voxels each.
  ///
  /// Of a plane it is the coarser plane that holds it; of a range every coarser voxel that holds one of its own.
  public func coarsened(by factor: Index3, in size: Index3) -> Section {
    let origin = box.origin.dividedRoundingDown(by: factor).minimum(size - .one)
    let end = box.end.dividedRoundingUp(by: factor).minimum(size)
    return Section(
      axis: axis, box: Box3(from: origin, to: end.maximum(origin + .one)), projection: projection)
  }
}
