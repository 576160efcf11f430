/// Pictures in DEC's sixels: bands of six rows, each written once for every colour it has.
///
/// Source: the VT340's programmer reference, chapter 14. A grey picture has 64 greys, a coloured one 6 × 6 × 6 colours,
/// which leaves terminals with 256 registers room.
enum Sixels {
  static func text(of picture: Canvas) -> String {
    let palette = Palette(of: picture)
    var bytes: [UInt8] = Array("\u{1B}P0;1q\"1;1;\(picture.width);\(picture.rows.count)".utf8)
    for (place, color) in palette.colors.enumerated() {
      // Channels are in percent.
      let percents = [color.red, color.green, color.blue].map { (Int($0) * 100 + 127) / 255 }
      bytes += "#\(place);2;\(percents[0]);\(percents[1]);\(percents[2])".utf8
    }
    for top in stride(from: 0, to: picture.rows.count, by: 6) {
      let rows = top..<min(top + 6, picture.rows.count)
      var masks: [Int: [UInt8]] = [:]
      for y in rows {
        for x in 0..<picture.width {
          let color = palette.place(of: picture[x, y])
          masks[color, default: [UInt8](repeating: 0, count: picture.width)][x] |=
            1 << UInt8(y - top)
        }
      }
      for (place, color) in masks.keys.sorted().enumerated() {
        // Back to the start of the band for each further colour.
        if place > 0 { bytes.append(UInt8(ascii: "$")) }
        bytes += "#\(color)".utf8
        append(masks[color] ?? [], to: &bytes)
      }
      bytes.append(UInt8(ascii: "-"))
    }
    return String(decoding: bytes, as: UTF8.self) + "\u{1B}\\\n"
  }

  /// Columns of six dots, runs of equal ones shortened; none where no dot follows.
  private static func append(_ mask: [UInt8], to bytes: inout [UInt8]) {
    let end = (mask.lastIndex { $0 != 0 } ?? -1) + 1
    var start = 0
    while start < end {
      var stop = start + 1
      while stop < end && mask[stop] == mask[start] { stop += 1 }
      let sixel = 0x3F + mask[start]
      if stop - start > 3 {
        bytes += "!\(stop - start)".utf8
        bytes.append(sixel)
      } else {
        bytes += Array(repeating: sixel, count: stop - start)
      }
      start = stop
    }
  }

  private struct Palette {
    let colors: [RGB]
    private let isGray: Bool

    init(of picture: Canvas) {
      var isGray = true
      for place in stride(from: 0, to: picture.pixels.count, by: 3) {
        let red = picture.pixels[place]
        if picture.pixels[place + 1] != red || picture.pixels[place + 2] != red {
          isGray = false
          break
        }
      }
      self.isGray = isGray
      colors =
        isGray
        ? (0..<64).map { grey in
          let value = UInt8(grey * 255 / 63)
          return RGB(value, value, value)
        }
        : (0..<216).map { (place: Int) in
          let steps = [place / 36, place / 6 % 6, place % 6].map { UInt8($0 * 51) }
          return RGB(steps[0], steps[1], steps[2])
        }
    }

    /// The nearest colour.
    func place(of color: RGB) -> Int {
      if isGray { return (Int(color.red) * 63 + 127) / 255 }
      func step(_ channel: UInt8) -> Int { (Int(channel) * 5 + 127) / 255 }
      return (step(color.red) * 6 + step(color.green)) * 6 + step(color.blue)
    }
  }
}
