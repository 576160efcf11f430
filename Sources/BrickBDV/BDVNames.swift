/// The names that BigDataViewer gives to groups and datasets in its HDF5 files.
///
/// Padding is a minimum: setup 7 is "s07", setup 1234 is "s1234".
enum BDVNames {
  static func setup(_ id: Int) -> String { "/s" + padded(id, 2) }
  static func timepoint(_ id: Int) -> String { "/t" + padded(id, 5) }
  static func resolutions(_ setup: Int) -> String { Self.setup(setup) + "/resolutions" }
  static func subdivisions(_ setup: Int) -> String { Self.setup(setup) + "/subdivisions" }
  static func cells(timepoint: Int, setup: Int, level: Int) -> String {
    Self.timepoint(timepoint) + Self.setup(setup) + "/\(level)/cells"
  }

  /// The id in a name such as "s07" or "t00012"; nil for other names.
  static func id(in name: String, prefix: Character) -> Int? {
    guard name.first == prefix else { return nil }
    let digits = name.dropFirst()
    guard digits.count >= (prefix == "s" ? 2 : 5),
      digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { return nil }
    return Int(digits)
  }

  private static func padded(_ number: Int, _ count: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, count - digits.count)) + digits
  }
}
