internal import BrickCore

/// The lines ImageJ writes into the first page's description: `key=value` after `ImageJ=version`.
///
/// Source: `ij/io/TiffEncoder.java` and `ij/io/FileInfo.java` of ImageJ 1.5. Planes are ordered channel
/// fastest, then slice, then frame.
struct ImageJDescription {
  let images: Int
  let channels: Int
  let slices: Int
  let frames: Int
  /// The distance between slices in `unit`; 1 where the file doesn't say, as ImageJ assumes.
  let spacing: Double
  let unit: LengthUnit?

  /// Nil where the description isn't ImageJ's.
  init?(_ description: [UInt8]) {
    guard description.starts(with: Array("ImageJ=".utf8)), description.count < 64 << 20 else {
      return nil
    }
    var values: [Substring: Substring] = [:]
    let text = String(decoding: description, as: UTF8.self)
    for line in text.split(whereSeparator: \.isNewline) {
      guard let equals = line.firstIndex(of: "=") else { continue }
      let key = line[..<equals]
      // Labels and user properties may follow; the first one is ImageJ's own.
      if values[key] == nil { values[key] = line[line.index(after: equals)...] }
    }
    func count(_ key: Substring) -> Int { max(1, values[key].flatMap { Int($0) } ?? 1) }
    images = count("images")
    channels = count("channels")
    slices = count("slices")
    frames = count("frames")
    let spacing = values["spacing"].flatMap { Double($0) }.map(abs) ?? 1
    self.spacing = spacing.isFinite && spacing > 0 ? spacing : 1
    unit = values["unit"].flatMap { LengthUnit(String($0)) }
  }

  /// Channels, slices and frames if they account for all images.
  var shape: (channels: Int, slices: Int, frames: Int)? {
    let (planes, overflow) = channels.multipliedReportingOverflow(by: slices)
    let (all, second) = planes.multipliedReportingOverflow(by: frames)
    return !overflow && !second && all == images ? (channels, slices, frames) : nil
  }
}
