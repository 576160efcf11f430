/// A picture as a terminal shows it.
public enum TerminalPicture: String, Sendable, Hashable, CaseIterable {
  /// The protocol of kitty, which WezTerm, Ghostty and Konsole know too.
  case kitty
  /// DEC's sixels: xterm, foot, mlterm, iTerm2, Windows Terminal.
  case sixel
  /// Half blocks in 24-bit colours, two pixels a character.
  case blocks
  /// Characters of more and less ink, one for two pixels, for terminals without colours.
  case characters

  /// What to write to the terminal, its last line ended.
  ///
  /// - Precondition: the canvas holds a whole picture, its first row being 0.
  public func text(of picture: Canvas) -> String {
    precondition(picture.rows.lowerBound == 0, "The picture is whole")
    return switch self {
    case .kitty: Self.kitty(picture)
    case .sixel: Sixels.text(of: picture)
    case .blocks: Self.blocks(picture)
    case .characters: Self.characters(picture)
    }
  }

  /// Source: kitty's description of its graphics protocol; 24-bit pixels in pieces of 4096 characters.
  private static func kitty(_ picture: Canvas) -> String {
    let data = Base64.characters(of: picture.pixels)
    var text = ""
    for start in stride(from: 0, to: max(1, data.count), by: 4096) {
      let piece = data[start..<min(data.count, start + 4096)]
      let more = start + 4096 < data.count ? 1 : 0
      let head =
        start == 0
        ? "a=T,f=24,s=\(picture.width),v=\(picture.rows.count),m=\(more)" : "m=\(more)"
      text += "\u{1B}_G\(head);\(String(decoding: piece, as: UTF8.self))\u{1B}\\"
    }
    return text + "\n"
  }

  private static func blocks(_ picture: Canvas) -> String {
    var text = ""
    for y in stride(from: 0, to: picture.rows.count, by: 2) {
      var last: (RGB, RGB)?
      for x in 0..<picture.width {
        let upper = picture[x, y]
        let lower = y + 1 < picture.rows.count ? picture[x, y + 1] : .black
        if last.map({ $0 != (upper, lower) }) ?? true {
          text += "\u{1B}[38;2;\(upper.red);\(upper.green);\(upper.blue)"
          text += ";48;2;\(lower.red);\(lower.green);\(lower.blue)m"
          last = (upper, lower)
        }
        text += "▀"
      }
      text += "\u{1B}[0m\n"
    }
    return text
  }

  private static func characters(_ picture: Canvas) -> String {
    let ramp = Array(" .:-=+*#%@")
    var text = ""
    for y in stride(from: 0, to: picture.rows.count, by: 2) {
      for x in 0..<picture.width {
        let pair = [y, min(y + 1, picture.rows.count - 1)].map { brightness(picture[x, $0]) }
        text.append(ramp[(pair[0] + pair[1]) * ramp.count / 511])
      }
      text += "\n"
    }
    return text
  }

  /// 0 to 255, by the weights of ITU-R BT.601.
  private static func brightness(_ color: RGB) -> Int {
    (299 * Int(color.red) + 587 * Int(color.green) + 114 * Int(color.blue)) / 1000
  }
}

/// RFC 4648.
enum Base64 {
  private static let digits = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  static func characters(of bytes: [UInt8]) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let count = min(3, bytes.count - start)
      var word: UInt32 = 0
      for place in 0..<3 {
        word = word << 8 | (place < count ? UInt32(bytes[start + place]) : 0)
      }
      for place in 0..<4 {
        let digit = Int(word >> UInt32(18 - 6 * place) & 63)
        text.append(place <= count ? digits[digit] : 0x3D)
      }
    }
    return text
  }
}
