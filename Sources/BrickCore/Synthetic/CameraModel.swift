/// How a camera counts light: 100 counts of offset, 0.46 electrons a count, 1.6 electrons of read noise.
package enum CameraModel {
  /// The count of a pixel.
  ///
  /// - Parameters:
  ///   - signal: the light in counts, without offset and noise; not negative.
  ///   - noise: a draw around 0 with standard deviation 1.
  package static func count(_ signal: Float, noise: Float) -> UInt16 {
    let shotAndRead = (signal * 2.17 + 12).squareRoot() * noise
    return UInt16(max(0, min(65_535, 100.5 + signal + shotAndRead)))
  }
}
