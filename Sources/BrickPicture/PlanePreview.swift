public import BrickCore

/// A plane of a volume, averaged down to a picture of bounded size, that reads only what it shows.
///
/// A pixel is the mean of the square of `factor` voxels it stands for, of those that exist at the
/// right and lower edge; NaN voxels make it NaN, which is black. x goes right and y down, as in the
/// volume.
public struct PlanePreview: Sendable {
  /// The volume the plane is cut from.
  public let volume: any Volume
  /// The plane, counted from 0.
  public let z: Int
  /// Voxels along each side of the square that one pixel stands for.
  public let factor: Int
  /// Pixels along x.
  public let width: Int
  /// Pixels along y.
  public let height: Int

  /// Voxels read at once at most: a band of rows and a part of their width.
  static let bandRows = 64
  static let bandColumns = 1 << 15
  /// Pixels from which the automatic contrast is found at most.
  static let sampledPixels = 4 << 20

  /// The preview of plane `z` whose longer side has at most `maxSide` pixels; 0 shows every voxel.
  ///
  /// - Throws: `BrickworkError` with code `.badRequest` if there is no such plane.
  public init(volume: any Volume, z: Int, maxSide: Int) throws {
    guard (0..<volume.size.z).contains(z) else {
      throw BrickworkError(
        .badRequest, reason: "there is no plane z = \(z): the volume has \(volume.size.z)",
        remedy: "Choose --z between 0 and \(max(0, volume.size.z - 1))")
    }
    guard volume.size.x > 0, volume.size.y > 0 else {
      throw BrickworkError(.badRequest, reason: "the volume has no voxels")
    }
    guard maxSide >= 0 else {
      throw BrickworkError(
        .badRequest, reason: "a picture can't have \(maxSide) pixels",
        remedy: "Give a positive size, or 0 for full resolution")
    }
    self.volume = volume
    self.z = z
    let longest = max(volume.size.x, volume.size.y)
    factor = maxSide == 0 ? 1 : max(1, (longest - 1) / maxSide + 1)
    width = (volume.size.x - 1) / factor + 1
    height = (volume.size.y - 1) / factor + 1
  }

  /// The picture in memory.
  ///
  /// For pictures of a moderate size; `write` streams any.
  public static func render(
    volume: any Volume, z: Int, maxSide: Int, contrast: Contrast
  ) throws -> GreyPicture {
    let preview = try PlanePreview(volume: volume, z: z, maxSide: maxSide)
    var reader = RowReader(preview)
    let window = try preview.window(contrast, &reader)
    var pixels: [UInt8] = []
    pixels.reserveCapacity(preview.width * preview.height)
    for y in 0..<preview.height { pixels.append(contentsOf: try reader.row(y).map(window.grey)) }
    return GreyPicture(
      width: preview.width, height: preview.height, pixels: pixels, window: window)
  }

  /// Writes the picture as an 8-bit PNG file and returns the contrast it was given.
  public func write(to path: String, contrast: Contrast) throws -> ContrastWindow {
    var reader = RowReader(self)
    let window = try window(contrast, &reader)
    try PNGWriter.write(path, width: width, height: height) { y, pixels in
      for (x, value) in try reader.row(y).enumerated() { pixels[x] = window.grey(value) }
    }
    return window
  }

  /// Reads the plane, or evenly spread rows of a very large one, to find the contrast.
  private func window(_ contrast: Contrast, _ reader: inout RowReader) throws -> ContrastWindow {
    if case .range(let low, let high) = contrast { return ContrastWindow(low: low, high: high) }
    let rows = max(1, min(height, Self.sampledPixels / width))
    // Large planes are sampled in whole bands: a band is decoded as a whole anyway.
    let step = rows == height ? 1 : max(1, height / rows)
    var values: [Float] = []
    values.reserveCapacity(rows * width)
    for y in stride(from: 0, to: height, by: step) {
      values.append(contentsOf: try reader.row(y).filter { !$0.isNaN })
    }
    values.sort()
    return ContrastWindow(percentilesOf: values)
  }
}

/// A grey picture of 8 bits, rows from the top, x fastest.
public struct GreyPicture: Sendable, Hashable {
  /// Pixels along x.
  public var width: Int
  /// Pixels along y.
  public var height: Int
  /// One byte per pixel.
  public var pixels: [UInt8]
  /// The voxel values that became black and white.
  public var window: ContrastWindow
}
