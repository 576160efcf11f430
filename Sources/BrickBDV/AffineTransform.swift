internal import BrickCore

/// An affine map of x, y, z: three rows of four numbers, the last of each row being the translation.
public struct AffineTransform: Sendable, Hashable {
  /// The twelve numbers m00 m01 m02 m03 m10 … m23, axes x, y, z.
  public let rows: [Double]

  /// A map from its twelve numbers, row by row.
  public init?(rows: [Double]) {
    guard rows.count == 12, rows.allSatisfy(\.isFinite) else { return nil }
    self.rows = rows
  }

  private init(_ rows: [Double]) { self.rows = rows }

  /// The map that changes nothing.
  public static let identity = AffineTransform([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0])

  /// Scales each axis, and moves afterwards.
  public init(
    scaleX x: Double, y: Double, z: Double, translation: (Double, Double, Double) = (0, 0, 0)
  ) {
    rows = [x, 0, 0, translation.0, 0, y, 0, translation.1, 0, 0, z, translation.2]
  }

  /// The number in `row` and `column`.
  public subscript(row: Int, column: Int) -> Double { rows[row * 4 + column] }

  /// The map that applies `second` first: the matrix product.
  public static func * (first: AffineTransform, second: AffineTransform) -> AffineTransform {
    var product = [Double](repeating: 0, count: 12)
    for row in 0..<3 {
      for column in 0..<4 {
        var sum = column == 3 ? first[row, 3] : 0
        for k in 0..<3 { sum += first[row, k] * second[k, column] }
        product[row * 4 + column] = sum
      }
    }
    return AffineTransform(product)
  }

  /// How far the corners of a box lie at most from where scaling and moving alone would put them.
  ///
  /// In voxels, after the shift that fits best; nil where an axis is scaled by zero. `size` is x, y, z
  /// in voxels. Corners are the outer faces of the first and last voxel.
  public func shear(ofBox size: [Double]) -> Double? {
    guard (0..<3).allSatisfy({ self[$0, $0] != 0 }) else { return nil }
    var worst = 0.0
    // The map without its diagonal is linear: opposite corners move by opposite amounts about the centre,
    // so the best shift is that of the centre, and four corners tell of all eight.
    for corner in 0..<4 {
      let offset = [
        size[0] / 2, size[1] / 2 * (corner & 1 == 0 ? 1 : -1),
        size[2] / 2 * (corner & 2 == 0 ? 1 : -1),
      ]
      var sum = 0.0
      for row in 0..<3 {
        var moved = 0.0
        for column in 0..<3 where column != row { moved += self[row, column] * offset[column] }
        let voxels = moved / self[row, row]
        sum += voxels * voxels
      }
      worst = max(worst, sum.squareRoot())
    }
    return worst
  }
}
