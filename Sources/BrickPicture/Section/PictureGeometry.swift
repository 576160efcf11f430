public import BrickCore

/// How large a picture is.
public enum PictureFit: Sendable, Hashable {
  /// The largest that has no more pixels; 0 is no limit.
  case most(columns: Int, rows: Int)
  /// The one whose longer side is nearest to so many pixels, as a ratio: at most 1.42 times as many or as few, where the
  /// section has as many voxels.
  case about(Int)
}

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

  /// The picture of the section whose size fits.
  ///
  /// - Parameter spacing: from voxel to voxel; (1, 1, 1) shows voxels as squares whatever their size.
  /// - Throws: `BrickworkError` with code `.badRequest` if the picture would have 2³¹ pixels along a side.
  public init(_ section: Section, spacing: VoxelSize, fitting fit: PictureFit) throws {
    var (most, side): ((columns: Int, rows: Int), Double?)
    switch fit {
    case .most(let columns, let rows): (most, side) = ((columns, rows), nil)
    case .about(let length): (most, side) = ((length, length), Double(length))
    }
    let lengths = [spacing.z, spacing.y, spacing.x]
    let (rows, columns) = (section.axis.rows, section.axis.columns)
    let finest = min(lengths[rows], lengths[columns])
    func picture(_ whole: Double) -> PictureGeometry {
      func axis(_ axis: Int) -> PictureAxis {
        PictureAxis(
          section.box.origin[axis]..<section.box.end[axis], spacing: lengths[axis],
          pitch: whole * finest)
      }
      return PictureGeometry(
        section: section, rows: axis(rows), columns: axis(columns), pitch: whole * finest)
    }
    // The pitch is the smallest whole number of the finer voxels whose pixels reach from end to end.
    func excess(_ axis: Int, _ most: Int) -> Double {
      most == 0 ? 1 : Double(section.box.size[axis]) * lengths[axis] / (finest * Double(most))
    }
    let least = max(1, excess(rows, most.rows), excess(columns, most.columns))
    var whole = (least - 1e-9 * least).rounded(.up)
    var found = picture(whole)
    while most.rows > 0 && found.height > most.rows
      || most.columns > 0 && found.width > most.columns
    {
      whole += 1
      found = picture(whole)
    }
    if let side, side > 0, whole > 1 {
      let larger = picture(whole - 1)
      func longest(_ geometry: PictureGeometry) -> Double {
        Double(max(geometry.width, geometry.height))
      }
      if longest(larger) / side < side / longest(found) { found = larger }
    }
    guard max(found.width, found.height) < 1 << 31 else {
      throw BrickworkError(
        .badRequest, reason: "the picture would have \(found.width)×\(found.height) pixels",
        remedy: "Choose a smaller --size, or --pixels voxel")
    }
    self = found
  }

  private init(section: Section, rows: PictureAxis, columns: PictureAxis, pitch: Double) {
    self.section = section
    self.rows = rows
    self.columns = columns
    self.pitch = pitch
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
