/// A unit of length, as micrometres.
public struct LengthUnit: Hashable, Sendable {
  /// µm in one of the unit.
  public let micrometres: Double

  /// A unit of so many µm.
  public init(micrometres: Double) { self.micrometres = micrometres }

  /// Reads a unit as microscopes and programs write it; nil for pixels, nothing, and what is no length.
  ///
  /// Known are the symbols of OME-XML ("µm", "Å", "in"; lower and upper case count, mm is no Mm), the UDUNITS-2
  /// names that OME-Zarr takes ("micrometer", "kilometer", "parsec"), both also spelt "metre" and in the plural,
  /// and what people type: "um", "micron", "NM", ImageJ's "\\u00B5m".
  public init?(_ name: String) {
    var text = name.replacing("\\u00B5", with: "µ").replacing("\\u00b5", with: "µ")
    while text.last?.isWhitespace == true { text.removeLast() }
    while text.first?.isWhitespace == true { text.removeFirst() }
    let lower = text.lowercased()
    guard
      let found = Self.symbols[text] ?? Self.symbols[lower] ?? Self.words[lower]
        ?? Self.words[Self.singular(lower)]
    else { return nil }
    micrometres = found
  }

  /// "micrometres" as "micrometer".
  private static func singular(_ word: String) -> String {
    let one = word.count > 3 && word.hasSuffix("s") ? String(word.dropLast()) : word
    return one.hasSuffix("metre") ? one.dropLast(5) + "meter" : one
  }

  /// The parts and multiples of a metre: their symbol, their prefix, and µm.
  private static let metric: [(symbol: String, prefix: String, micrometres: Double)] = [
    ("Ym", "yotta", 1e30), ("Zm", "zetta", 1e27), ("Em", "exa", 1e24), ("Pm", "peta", 1e21),
    ("Tm", "tera", 1e18), ("Gm", "giga", 1e15), ("Mm", "mega", 1e12), ("km", "kilo", 1e9),
    ("hm", "hecto", 1e8), ("dam", "deca", 1e7), ("m", "", 1e6), ("dm", "deci", 1e5),
    ("cm", "centi", 1e4), ("mm", "milli", 1e3), ("µm", "micro", 1), ("nm", "nano", 1e-3),
    ("pm", "pico", 1e-6), ("fm", "femto", 1e-9), ("am", "atto", 1e-12), ("zm", "zepto", 1e-15),
    ("ym", "yocto", 1e-18),
  ]

  private static let symbols: [String: Double] = {
    var symbols: [String: Double] = [
      // The Greek letter looks like the micro sign; the replacement character stands for a micro sign in
      // Latin-1, which is not valid UTF-8.
      "\u{3BC}m": 1, "\u{FFFD}m": 1, "um": 1, "Å": 1e-4, "å": 1e-4, "thou": 25.4,
      "li": 25_400 / 12, "in": 25_400, "\"": 25_400, "ft": 304_800, "yd": 914_400,
      "mi": 1.609344e9, "pt": 25_400 / 72, "ua": 1.495978707e17, "ly": 9.4607304725808e21,
      "pc": 3.0856775814913673e22,
    ]
    for unit in metric { symbols[unit.symbol] = unit.micrometres }
    return symbols
  }()

  private static let words: [String: Double] = {
    var words: [String: Double] = [
      "micron": 1, "angstrom": 1e-4, "ångström": 1e-4, "ångstrom": 1e-4, "inch": 25_400,
      "inches": 25_400, "foot": 304_800, "feet": 304_800, "yard": 914_400, "mile": 1.609344e9,
      "parsec": 3.0856775814913673e22,
    ]
    for unit in metric { words[unit.prefix + "meter"] = unit.micrometres }
    words["dekameter"] = 1e7
    return words
  }()
}
