import Brickwork

/// Draws an image of planes: higher ones brighter, black where there is none.
enum HeightMap {
  /// Pixels along the longer side at most; larger images are thinned out.
  private static let longest = 4096

  /// Writes the picture of `planes`, an image of int32.
  ///
  /// - Parameter range: the planes that are drawn darkest and brightest; nil where there are none.
  static func write(_ planes: any Volume, _ range: ClosedRange<Int>?, to path: String) throws {
    let size = planes.size
    let step = max(1, (max(size.x, size.y) - 1) / longest + 1)
    let (low, high) = (range?.lowerBound ?? 0, range?.upperBound ?? 0)
    var row = VoxelBlock()
    try PNGWriter.write(path, width: (size.x - 1) / step + 1, height: (size.y - 1) / step + 1) {
      y, pixels in
      row.reshape(
        to: Box3(origin: Index3(z: 0, y: y * step, x: 0), size: Index3(z: 1, y: 1, x: size.x)),
        type: .int32)
      try planes.read(into: &row)
      let values = row.voxels(as: Int32.self)
      for x in pixels.indices {
        let plane = Int(values[x * step])
        // Never black: from 31 up to 255.
        pixels[x] = plane < 0 ? 0 : UInt8(31 + (plane - low) * 224 / max(1, high - low))
      }
    }
  }
}
