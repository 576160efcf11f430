/// Writes the smallest ND2 files that tests need, without the generator: chunks, LV trees, the map.
struct TinyND2 {
  /// A value of the LV notation.
  indirect enum Item {
    case bool(String, Bool)
    case i32(String, Int)
    case u32(String, Int)
    case f64(String, Double)
    case text(String, String)
    case bytes(String, [UInt8])
    case level(String, [Item])

    var name: String {
      switch self {
      case .bool(let name, _), .i32(let name, _), .u32(let name, _), .f64(let name, _),
        .text(let name, _), .bytes(let name, _), .level(let name, _):
        name
      }
    }

    var encoded: [UInt8] {
      func head(_ type: UInt8) -> [UInt8] {
        name.isEmpty
          ? [type, 0]
          : [type, UInt8(name.utf16.count + 1)] + TinyND2.units(name)
      }
      switch self {
      case .bool(_, let flag): return head(1) + [flag ? 1 : 0]
      case .i32(_, let number): return head(2) + TinyND2.number(number, 4)
      case .u32(_, let number): return head(3) + TinyND2.number(number, 4)
      case .f64(_, let number):
        return head(6) + TinyND2.number(Int(bitPattern: UInt(number.bitPattern)), 8)
      case .text(_, let text): return head(8) + TinyND2.units(text)
      case .bytes(_, let bytes): return head(9) + TinyND2.number(bytes.count, 8) + bytes
      case .level(_, let children):
        let start = head(11)
        var body: [UInt8] = []
        var offsets: [(name: String, offset: Int)] = []
        for child in children {
          offsets.append((child.name, start.count + 12 + body.count))
          body += child.encoded
        }
        offsets.sort { $0.name < $1.name }
        return start + TinyND2.number(children.count, 4)
          + TinyND2.number(start.count + 12 + body.count, 8) + body
          + offsets.flatMap { TinyND2.number($0.offset, 8) }
      }
    }
  }

  static func number(_ value: Int, _ width: Int) -> [UInt8] {
    (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  static func units(_ text: String) -> [UInt8] {
    (Array(text.utf16) + [0]).flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
  }

  private(set) var bytes: [UInt8] = []
  private var map: [(name: String, offset: Int, size: Int)] = []

  init() {
    bytes = Self.number(0x0ABE_CEDA, 4) + Self.number(32, 4) + Self.number(64, 8)
    bytes += Array("ND2 FILE SIGNATURE CHUNK NAME01!Ver3.0".utf8)
    pad(to: 4096)
  }

  private mutating func pad(to multiple: Int) {
    while !bytes.count.isMultiple(of: multiple) { bytes.append(0) }
  }

  mutating func add(_ name: String, _ data: [UInt8], listed: Bool = true) {
    if listed { map.append((name, bytes.count, data.count)) }
    bytes += Self.number(0x0ABE_CEDA, 4) + Self.number(name.utf8.count + 4, 4)
    bytes += Self.number(data.count, 8) + Array(name.utf8) + [0, 0, 0, 0] + data
    pad(to: 4096)
  }

  mutating func addAttributes(
    width: Int, height: Int, components: Int = 1, bits: Int = 16, pixelType: Int? = 1,
    frames: Int, compression: Int = 2, rowBytes: Int? = nil
  ) {
    add(
      "ImageAttributesLV!",
      Item.level(
        "SLxImageAttributes",
        [
          .u32("uiWidth", width), .u32("uiHeight", height), .u32("uiComp", components),
          .u32("uiWidthBytes", rowBytes ?? (width * components * bits / 8 + 3) / 4 * 4),
          .i32("uiBpcInMemory", bits), .i32("uiBpcSignificant", bits),
          .u32("uiSequenceCount", frames), .i32("eCompression", compression),
        ] + (pixelType.map { [.i32("ePixelType", $0)] } ?? [])
      ).encoded)
  }

  /// Levels nested in their order, outermost first.
  mutating func addLoops(_ levels: [[Item]]) {
    var tree: [Item] = []
    for level in levels.reversed() {
      tree = level + (tree.isEmpty ? [] : [.level("ppNextLevelEx", [.level("", tree)])])
    }
    add("ImageMetadataLV!", Item.level("SLxExperiment", tree).encoded)
  }

  /// A loop of a type and a count.
  static func loop(_ type: Int, _ count: Int, _ more: [Item] = []) -> [Item] {
    [.u32("eType", type), .level("uLoopPars", [.u32("uiCount", count)] + more)]
  }

  /// A frame of one value: uint16 if `wide`.
  mutating func addFrame(_ number: Int, _ pixels: [UInt8], time: Double = 0) {
    add(
      "ImageDataSeq|\(number)!", Self.number(Int(bitPattern: UInt(time.bitPattern)), 8) + pixels)
  }

  /// The file with its map.
  func finished() -> [UInt8] {
    var file = bytes
    let offset = file.count
    var data: [UInt8] = []
    for entry in map.sorted(by: { $0.name > $1.name }) {
      data += Array(entry.name.utf8) + Self.number(entry.offset, 8) + Self.number(entry.size, 8)
    }
    let tail = Array("ND2 CHUNK MAP SIGNATURE 0000001!".utf8) + Self.number(offset, 8)
    data += tail
    while !(48 + data.count + tail.count).isMultiple(of: 4096) { data.append(0) }
    data += tail
    file += Self.number(0x0ABE_CEDA, 4) + Self.number(32, 4) + Self.number(data.count, 8)
    return file + Array("ND2 FILEMAP SIGNATURE NAME 0001!".utf8) + data
  }
}
