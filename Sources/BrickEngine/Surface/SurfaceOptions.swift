public import BrickCore
public import BrickSurface

/// What a voxel has to exceed to belong to the mask of a surface.
public enum SurfaceThreshold: Sendable {
  /// A percentile of each column over z, divided by a number. NaN voxels are left out.
  case percentile(Double, divisor: Double)
  /// The same number for every column.
  case constant(Double)
  /// A number for each column: a volume of one plane, as wide and high as the volume.
  case image(any Volume)

  /// The reference's: the 99th percentile, divided by 3.
  public static let usual = SurfaceThreshold.percentile(99, divisor: 3)

  /// Throws unless it can be used on a volume of this size.
  func check(for size: Index3) throws {
    switch self {
    case .percentile(let percentile, let divisor):
      guard percentile >= 50 && percentile <= 100 else {
        throw BrickworkError(
          .badRequest, reason: "the percentile \(percentile) of a surface is not within 50 to 100",
          remedy: "Give one in that range, or a threshold")
      }
      guard divisor > 0 && divisor.isFinite else {
        throw BrickworkError(
          .badRequest, reason: "a percentile can't be divided by \(divisor)",
          remedy: "Give a positive number")
      }
    case .constant(let value):
      guard value.isFinite else {
        throw BrickworkError(.badRequest, reason: "the threshold \(value) is not a finite number")
      }
    case .image(let image):
      guard image.size == Index3(z: 1, y: size.y, x: size.x) else {
        throw BrickworkError(
          .badRequest,
          reason: "the image of thresholds has \(image.size.x)×\(image.size.y) pixels (x×y) in "
            + "\(image.size.z) planes, and the volume has \(size.x)×\(size.y) columns",
          remedy: "Give a threshold for each column, in one plane")
      }
    }
  }
}

/// The surface that is seen from one side, as images of one plane: x and y are the volume's.
public struct Surface: Sendable {
  /// From where it was looked for.
  public var side: SurfaceSide
  /// The volume's voxel at each column's plane, 0 where there is none; of the volume's type.
  public var intensity: any Volume
  /// Each column's plane, counted from 0 at the bottom, int32; −1 where there is none.
  public var planes: any Volume
  /// Columns that have a plane.
  public var found = 0
  /// The smallest and the largest plane; nil where no column has one.
  public var range: ClosedRange<Int>?
}

/// The surfaces of a volume.
public struct Surfaces: Sendable {
  /// One for each side that was asked for, in that order.
  public var surfaces: [Surface]
  /// What each column's voxels had to exceed, float64.
  public var threshold: any Volume
  /// Bytes of voxels that were read.
  public var voxelBytesRead: Int
  /// Seconds from the start to the complete images.
  public var seconds: Double
  /// Workers that the budget and the machine allowed.
  public var workers: Int
  /// Rows of columns that were in memory at once.
  public var bandRows: Int
}
