import Brickwork

/// Numbers as people read them.
enum Text {
  /// A number with so many digits after the point.
  static func fixed(_ value: Double, _ digits: Int) -> String {
    let scale = (0..<digits).reduce(1.0) { product, _ in product * 10 }
    let scaled = (value * scale).rounded()
    guard abs(scaled) < 1e15 else { return "\(value)" }
    let whole = Int(abs(scaled))
    var text = "\(whole)"
    if digits > 0 {
      text = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
      text.insert(".", at: text.index(text.endIndex, offsetBy: -digits))
    }
    return (scaled < 0 ? "-" : "") + text
  }

  /// The shortest form of a number, without ".0".
  static func short(_ value: Double) -> String {
    let text = "\(value == 0 ? 0 : value)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  /// Rounded to a thousandth.
  static func rounded(_ value: Double) -> String {
    abs(value) < 1e12 ? short((value * 1000).rounded() / 1000) : short(value)
  }

  /// "1.5 GiB".
  static func bytes(_ count: Int) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB"]
    guard count >= 1024 else { return "\(count) B" }
    var (value, unit) = (Double(count) / 1024, 0)
    while value >= 1024 && unit < units.count - 1 {
      value /= 1024
      unit += 1
    }
    return "\(fixed(value, value < 10 ? 1 : 0)) \(units[unit])"
  }

  /// "1 tile", "3 tiles".
  static func count(_ number: Int, _ what: String) -> String {
    "\(number) \(what)\(number == 1 ? "" : "s")"
  }

  /// "640MiB", rounded up, as options take it.
  static func mebibytes(_ count: Int) -> String { "\((count + (1 << 20) - 1) >> 20)MiB" }

  /// "1 h 05 min", "3 min 20 s", "12 s".
  static func duration(_ seconds: Double) -> String {
    let whole = Int(min(1e9, max(0, seconds)).rounded())
    let (hours, minutes) = (whole / 3600, whole / 60 % 60)
    func two(_ number: Int) -> String { (number < 10 ? "0" : "") + "\(number)" }
    if hours > 0 { return "\(hours) h \(two(minutes)) min" }
    if minutes > 0 { return "\(minutes) min \(two(whole % 60)) s" }
    return seconds < 9.95 ? "\(fixed(max(0, seconds), 1)) s" : "\(whole) s"
  }

  /// "1024×1024×50 voxels", x first.
  static func size(_ size: Index3) -> String { "\(size.x)×\(size.y)×\(size.z)" }

  static func size(_ size: VoxelSize) -> String {
    [size.x, size.y, size.z].map(rounded).joined(separator: "×") + " µm"
  }
}

extension JSON {
  init(_ point: Point3) { self = [.number(point.x), .number(point.y), .number(point.z)] }
  init(_ size: VoxelSize) { self = [.number(size.x), .number(size.y), .number(size.z)] }
}
