/// A TIFF file of one 8-bit pixel around a description, so that the description's own parser can be fuzzed.
enum TIFFFrame {
  static func around(description: [UInt8]) -> [UInt8] {
    let text = description + [0]
    // Tag, type (2 text, 3 short, 4 long), count, value or place; in ascending order of the tags.
    let entries: [(UInt16, UInt16, Int, Int)] = [
      (256, 3, 1, 1), (257, 3, 1, 1), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
      (270, 2, max(5, text.count), 8 + 1), (273, 4, 1, 8), (277, 3, 1, 1), (278, 3, 1, 1),
      (279, 4, 1, 1),
    ]
    let padded = text + Array(repeating: 0, count: max(0, 5 - text.count))
    var bytes: [UInt8] = [0x49, 0x49, 42, 0]
    let directory = (8 + 1 + padded.count + 1) / 2 * 2
    append(directory, 4, to: &bytes)
    bytes.append(7)
    bytes += padded
    while bytes.count < directory { bytes.append(0) }
    append(entries.count, 2, to: &bytes)
    for (tag, type, count, value) in entries {
      append(Int(tag), 2, to: &bytes)
      append(Int(type), 2, to: &bytes)
      append(count, 4, to: &bytes)
      append(value, 4, to: &bytes)
    }
    append(0, 4, to: &bytes)
    return bytes
  }

  private static func append(_ number: Int, _ width: Int, to bytes: inout [UInt8]) {
    for byte in 0..<width { bytes.append(UInt8(truncatingIfNeeded: number >> (8 * byte))) }
  }
}
