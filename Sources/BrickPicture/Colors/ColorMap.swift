/// The colours of the 256 greys between black and white.
public struct ColorMap: Sendable, Hashable {
  /// The colours, of grey 0 first.
  public let colors: [RGB]

  /// Colours that lie straight between `points`, which are evenly spread, rounded to nearest.
  ///
  /// - Precondition: there are two points at least.
  init(through points: [RGB]) {
    precondition(points.count >= 2, "A colour map has two ends")
    let steps = points.count - 1
    colors = (0..<256).map { grey in
      let (place, part) = (grey * steps).quotientAndRemainder(dividingBy: 255)
      let (a, b) = (points[min(place, steps - 1)], points[min(place + 1, steps)])
      let share = place == steps ? 255 : part
      func mixed(_ a: UInt8, _ b: UInt8) -> UInt8 {
        UInt8((Int(a) * (255 - share) + Int(b) * share + 127) / 255)
      }
      return RGB(mixed(a.red, b.red), mixed(a.green, b.green), mixed(a.blue, b.blue))
    }
  }

  /// From black to one colour.
  public init(to color: RGB) { self.init(through: [.black, color]) }

  /// From black to white.
  public static let gray = ColorMap(to: .white)

  /// Whether every colour is a grey.
  public var isGray: Bool { colors.allSatisfy { $0.red == $0.green && $0.green == $0.blue } }

  /// A colour map by its name; nil for one that is not known.
  public init?(named name: String) {
    if let points = ColorTables.points[name] {
      self.init(through: points.map { RGB(hex: $0) })
    } else if let color = ColorTables.single[name] {
      self.init(to: RGB(hex: color))
    } else {
      return nil
    }
  }

  /// The names of the maps there are.
  public static let names =
    ["gray"] + ColorTables.points.keys.sorted()
    + ColorTables.single.keys.filter { $0 != "gray" }.sorted()
}

/// Where the colours come from.
enum ColorTables {
  /// Maps from black to one colour.
  static let single: [String: UInt32] = [
    "gray": 0xFFFFFF, "red": 0xFF0000, "green": 0x00FF00, "blue": 0x0000FF, "cyan": 0x00FFFF,
    "magenta": 0xFF00FF, "yellow": 0xFFFF00,
  ]

  /// Points of maps with more colours.
  ///
  /// viridis, magma and inferno are those of matplotlib by Nathaniel Smith, Stéfan van der Walt and Eric Firing (CC0), at
  /// 33 of their 256 places: no colour in between is off by more than 2 of 255. fire is ImageJ's (public domain),
  /// which has 32 points too.
  static let points: [String: [UInt32]] = [
    "viridis": [
      0x440154, 0x470D60, 0x48186A, 0x482374, 0x472D7B, 0x453681, 0x424086, 0x3F4989,
      0x3B528B, 0x375A8D, 0x33638D, 0x2F6A8E, 0x2C728E, 0x297A8E, 0x26818E, 0x23898E,
      0x21908C, 0x1F988B, 0x1F9F88, 0x21A685, 0x28AE80, 0x31B57B, 0x3EBC74, 0x4CC26C,
      0x5DC963, 0x6ECE58, 0x82D34C, 0x96D83F, 0xABDC32, 0xC0DF24, 0xD5E21A, 0xEAE51A,
      0xFDE725,
    ],
    "magma": [
      0x000004, 0x030311, 0x0A0822, 0x130D33, 0x1D1146, 0x28115A, 0x36106A, 0x430F76,
      0x50127C, 0x5D177F, 0x691C81, 0x762181, 0x822681, 0x8F2A81, 0x9C2E7F, 0xA9327D,
      0xB63779, 0xC33B75, 0xCF4170, 0xDB486A, 0xE65163, 0xEE5C5E, 0xF5695C, 0xF9785D,
      0xFB8761, 0xFD9668, 0xFEA571, 0xFEB47B, 0xFEC387, 0xFED194, 0xFDE0A2, 0xFCEEB0,
      0xFCFDBF,
    ],
    "inferno": [
      0x000004, 0x040312, 0x0B0724, 0x150B37, 0x210C4A, 0x2E0A5A, 0x3C0965, 0x4A0C6B,
      0x57106D, 0x63146E, 0x70196E, 0x7D1E6D, 0x89226A, 0x962766, 0xA32B61, 0xAF315C,
      0xBB3755, 0xC63E4D, 0xD14644, 0xDB4F3B, 0xE35932, 0xEB6528, 0xF1711E, 0xF67F14,
      0xF98D0A, 0xFB9C06, 0xFCAB0F, 0xFBBA1F, 0xF9CA32, 0xF5D949, 0xF2E865, 0xF3F586,
      0xFCFFA4,
    ],
    "fire": [
      0x000000, 0x00003D, 0x010060, 0x190082, 0x3100A5, 0x4900C0, 0x6200DC, 0x7A00E3,
      0x9200D2, 0xA200B5, 0xAD0097, 0xB8007A, 0xC3005D, 0xCF0E40, 0xD92323, 0xE53905,
      0xF04F00, 0xFC6500, 0xFF7500, 0xFF8500, 0xFF9300, 0xFFA100, 0xFFAF00, 0xFFBE00,
      0xFFCD00, 0xFFDB00, 0xFFEA00, 0xFFF823, 0xFFFF62, 0xFFFFA0, 0xFFFFDF, 0xFFFFFF,
    ],
  ]
}
