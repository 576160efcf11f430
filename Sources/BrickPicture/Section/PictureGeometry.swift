public import BrickCore

/// How a section of a volume becomes a picture of bounded size.
///
/// Voxels are first averaged in whole blocks, exactly, as many along each side as fit into a pixel. Pixels are square:
/// where voxels are not, blocks of the longer side are then repeated or left out, never mixed, so every pixel is a value
/// that blocks of voxels have. Where pixel (r, c) lies: it covers the voxels from c · `columns.voxelsPerPixel` on, and its
/// centre is half a pixel further.
public struct PictureGeometry: Sendable, Hashable {
  /// What is shown.
  public let section: Section
  /// From the top down.
  public let rows: PictureAxis
  /// From left to right.
  public let columns: PictureAxis
  /// From pixel to pixel, in the unit of the voxels' spacing.
  public let pitch: Double

  /// Pixels along a row.
  public var width: Int { columns.pixels }
  /// The number of rows.
  public var height: Int { rows.pixels }

  /// The largest picture of the section that has at most so many pixels; 0 is no limit.
  ///
  /// - Parameter spacing: from voxel to voxel; (1, 1, 1) shows voxels as squares whatever their size.
  /// - Throws: `BrickworkError` with code `.badRequest` if the picture would have 2³¹ pixels along a side.
  public init(
    _ section: Section, spacing: VoxelSize, maxColumns: Int, maxRows: Int
  ) throws {
    let lengths = [spacing.z, spacing.y, spacing.x]
    let finest = min(lengths[section.axis.rows], lengths[section.axis.columns])
    func axis(_ axis: Int, _ pitch: Double) -> PictureAxis {
      PictureAxis(
        section.box.origin[axis]..<section.box.end[axis], spacing: lengths[axis], pitch: pitch)
    }
    func excess(_ axis: Int, _ most: Int) -> Double {
      most == 0 ? 1 : Double(section.box.size[axis]) * lengths[axis] / (finest * Double(most))
    }
    // The pitch is a whole number of the finer voxels; the estimate is at most a little too small.
    var whole = max(
      1, excess(section.axis.rows, maxRows), excess(section.axis.columns, maxColumns)
    ).rounded(.down)
    func fits(_ axis: PictureAxis, _ most: Int) -> Bool { most == 0 || axis.pixels <= most }
    var (rows, columns) = (
      axis(section.axis.rows, whole * finest), axis(section.axis.columns, whole * finest)
    )
    while !fits(rows, maxRows) || !fits(columns, maxColumns) {
      whole += 1
      rows = axis(section.axis.rows, whole * finest)
      columns = axis(section.axis.columns, whole * finest)
    }
    guard max(rows.pixels, columns.pixels) < 1 << 31 else {
      throw BrickworkError(
        .badRequest, reason: "the picture would have \(columns.pixels)×\(rows.pixels) pixels",
        remedy: "Choose a smaller --size, or --pixels voxel")
    }
    self.section = section
    self.rows = rows
    self.columns = columns
    pitch = whole * finest
  }

  /// The voxels along z, y, x that are averaged into one, all planes of a mean included.
  public var reduction: Index3 {
    var factor = Index3.one
    factor[section.axis.rows] = rows.reduction
    factor[section.axis.columns] = columns.reduction
    if section.projection == .mean { factor[section.axis.rawValue] = section.planes.count }
    return factor
  }

  /// The pixels of the part of a box that the section shows; empty where it shows none.
  public func pixels(showing box: Box3) -> (rows: Range<Int>, columns: Range<Int>) {
    guard box.intersects(section.box) else { return (0..<0, 0..<0) }
    let (r, c) = (section.axis.rows, section.axis.columns)
    return (
      rows.pixels(showing: box.origin[r]..<box.end[r]),
      columns.pixels(showing: box.origin[c]..<box.end[c])
    )
  }

  /// Whether voxels that stand for `factor` finer ones are small enough for pixels of this geometry, whose section is of
  /// the finer ones: along both sides no longer than a pixel.
  public func suffices(_ factor: Index3) -> Bool {
    func suffices(_ axis: PictureAxis, _ factor: Int) -> Bool {
      factor == 1 || Double(factor) <= axis.voxelsPerPixel * (1 + 1e-6)
    }
    return suffices(rows, factor[section.axis.rows])
      && suffices(columns, factor[section.axis.columns])
  }
}
