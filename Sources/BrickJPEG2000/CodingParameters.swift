internal import BrickCore

/// How one component is transformed and cut into code-blocks (SPcod and SPcoc, ISO/IEC 15444-1 A.6.1).
struct CodingStyle: Sendable, Hashable {
  /// Wavelet decompositions: resolutions are 0…levels.
  var levels: Int
  /// Exponents of the code-blocks' size.
  var blockX: Int
  var blockY: Int
  /// Bit flags: 1 raw passes, 4 every pass ends a segment, 0x40 high throughput.
  var blockStyle: Int
  /// Exponents of the precincts' size, one for each resolution; empty means 15.
  var precincts: [UInt8]

  func precinctX(_ resolution: Int) -> Int {
    precincts.isEmpty ? 15 : Int(precincts[resolution]) & 15
  }
  func precinctY(_ resolution: Int) -> Int {
    precincts.isEmpty ? 15 : Int(precincts[resolution]) >> 4
  }

  /// Parses from `place` on in a segment that ends at `end`; nil where it contradicts itself.
  init?(_ bytes: Span<UInt8>, at place: Int, end: Int, hasPrecincts: Bool) {
    guard place <= end - 5 else { return nil }
    levels = bytes.byte(place)
    blockX = bytes.byte(place + 1) + 2
    blockY = bytes.byte(place + 2) + 2
    blockStyle = bytes.byte(place + 3)
    precincts = []
    guard levels <= 32, blockX <= 10, blockY <= 10, blockX + blockY <= 12 else { return nil }
    guard hasPrecincts else { return }
    guard place + 5 <= end - levels - 1 else { return nil }
    precincts = (0...levels).map { bytes[place + 5 + $0] }
    // Only the lowest resolution may have precincts of one sample: others are shared by two bands along each axis.
    guard precincts.dropFirst().allSatisfy({ $0 & 15 > 0 && $0 >> 4 > 0 }) else { return nil }
  }
}

/// What the COD and COC segments of the main header and a tile's header say together.
struct CodingParameters: Sendable {
  /// 0 LRCP, 1 RLCP, 2 RPCL, 3 PCRL, 4 CPRL.
  private(set) var progression = 0
  private(set) var layers = 1
  /// Whether the first three components were coded as sums and differences.
  private(set) var mixesComponents = false
  private(set) var mayHaveSOP = false
  private(set) var hasEPH = false
  private var common: CodingStyle?
  private var special: [Int: CodingStyle] = [:]

  /// Whether there was a COD segment.
  var isComplete: Bool { common != nil }

  func style(of component: Int) -> CodingStyle? { special[component] ?? common }
  /// All styles there are.
  var styles: [CodingStyle] { Array(special.values) + (common.map { [$0] } ?? []) }

  /// Takes over what a header's segments say: those of a tile win over those of the main header.
  mutating func apply(
    _ segments: [MarkerSegment], of bytes: Span<UInt8>, components: Int, _ complaints: Complaints
  ) throws {
    for segment in segments where segment.marker == .cod {
      let body = segment.body
      guard body.count >= 10,
        let style = CodingStyle(
          bytes, at: body.lowerBound + 5, end: body.upperBound,
          hasPrecincts: bytes.byte(body.lowerBound) & 1 != 0)
      else { throw complaints.damaged("byte \(body.lowerBound)", "its COD segment is not valid") }
      let flags = bytes.byte(body.lowerBound)
      mayHaveSOP = flags & 2 != 0
      hasEPH = flags & 4 != 0
      progression = bytes.byte(body.lowerBound + 1)
      layers = bytes.half(body.lowerBound + 2)
      mixesComponents = bytes.byte(body.lowerBound + 4) & 1 != 0
      guard progression <= 4, layers > 0 else {
        throw complaints.damaged(
          "byte \(body.lowerBound)",
          "its COD segment names progression \(progression) and \(layers) layers")
      }
      common = style
      special = [:]
    }
    for segment in segments where segment.marker == .coc {
      let body = segment.body
      let width = components < 257 ? 1 : 2
      guard body.count >= width + 6,
        let style = CodingStyle(
          bytes, at: body.lowerBound + width + 1, end: body.upperBound,
          hasPrecincts: bytes.byte(body.lowerBound + width) & 1 != 0)
      else { throw complaints.damaged("byte \(body.lowerBound)", "its COC segment is not valid") }
      let component = segment.component(bytes, components)
      guard component < components else {
        throw complaints.damaged(
          "byte \(body.lowerBound)", "its COC segment names component \(component) of \(components)"
        )
      }
      special[component] = style
    }
  }
}

/// A marker with its segment, the length left out.
struct MarkerSegment: Sendable {
  enum Marker: Int, Sendable {
    case cap = 0xFF50, siz = 0xFF51, cod = 0xFF52, coc = 0xFF53, tlm = 0xFF55, plm = 0xFF57
    case plt = 0xFF58, qcd = 0xFF5C, qcc = 0xFF5D, rgn = 0xFF5E, poc = 0xFF5F, ppm = 0xFF60
    case ppt = 0xFF61, crg = 0xFF63, com = 0xFF64, mct = 0xFF74, mcc = 0xFF75, mco = 0xFF77
    case cbd = 0xFF78
    case sot = 0xFF90, sod = 0xFF93, eoc = 0xFFD9
  }
  let marker: Marker
  let body: Range<Int>

  /// The component that a COC, QCC or RGN segment speaks of.
  func component(_ bytes: Span<UInt8>, _ components: Int) -> Int {
    if components < 257 { return body.isEmpty ? .max : bytes.byte(body.lowerBound) }
    return body.count < 2 ? .max : bytes.half(body.lowerBound)
  }

  /// The segments from `start` up to a marker without one, `last`, which must come before `end`.
  ///
  /// - Returns: the segments and the place of `last`.
  static func list(
    _ bytes: Span<UInt8>, from start: Int, end: Int, until last: Marker, _ complaints: Complaints
  ) throws -> (segments: [MarkerSegment], end: Int) {
    var place = start
    var segments: [MarkerSegment] = []
    while true {
      guard place <= end - 2 else {
        throw complaints.damaged("byte \(place)", "a header of its codestream has no end")
      }
      let code = bytes.half(place)
      if code == last.rawValue { return (segments, place) }
      guard place <= end - 4 else {
        throw complaints.damaged("byte \(place)", "a header of its codestream has no end")
      }
      let length = bytes.half(place + 2)
      guard code >= 0xFF30, code != Marker.sot.rawValue, code != Marker.sod.rawValue,
        code != Marker.eoc.rawValue, length >= 2, length <= end - place - 2
      else {
        throw complaints.damaged(
          "byte \(place)",
          "a header of its codestream has the bytes \(String(code, radix: 16)) and a length of \(length) "
            + "where a marker segment belongs")
      }
      guard segments.count < 1 << 18 else {
        throw complaints.damaged(
          "byte \(place)", "a header of its codestream has more than 2^18 segments")
      }
      // Markers nobody knows are left out, as a decoder may.
      if let marker = Marker(rawValue: code) {
        segments.append(MarkerSegment(marker: marker, body: place + 4..<place + 2 + length))
      }
      place += 2 + length
    }
  }
}
