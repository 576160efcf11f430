public import ArgumentParser
public import Brickwork

extension OffsetLayout: ExpressibleByArgument {}
extension OffsetRounding: ExpressibleByArgument {}
extension FusionChoice: ExpressibleByArgument {}
extension DownsampleMethod: ExpressibleByArgument {}
extension JPEG2000File.Rows: ExpressibleByArgument {}
extension StageRule: ExpressibleByArgument {}
extension Projection: ExpressibleByArgument {}
extension Harmonisation: ExpressibleByArgument {}

/// The units of offsets that can be asked for.
enum OffsetUnitOption: String, CaseIterable, ExpressibleByArgument {
  case voxel, um

  var units: OffsetUnits { self == .voxel ? .voxel : .um }
}

/// The compression of bricks in a store.
enum CodecOption: String, CaseIterable, ExpressibleByArgument {
  case bloscZstd = "blosc-zstd"
  case zstd, none
}

/// How progress is shown.
enum ProgressOption: String, CaseIterable, ExpressibleByArgument {
  case auto, plain, json, none
}

/// The number of pyramid levels of a store.
enum LevelsOption: Sendable, Hashable {
  case auto
  case count(Int)

  init(parsing text: String) throws {
    if text == "auto" {
      self = .auto
    } else if let number = Int(text), (1...32).contains(number) {
      self = .count(number)
    } else {
      throw BrickworkError(
        .badRequest, reason: "'\(text)' is neither auto nor a number from 1 to 32")
    }
  }
}

/// What a BigDataViewer file holds.
enum ExportLayout: String, CaseIterable, ExpressibleByArgument {
  /// One stitched volume.
  case fused
  /// Each tile where it lies.
  case views
}

/// The pyramid levels of an export.
enum ExportLevelsOption: Sendable, Hashable {
  /// Those of the store.
  case store
  /// BigDataViewer's proposal.
  case bdv
  case count(Int)

  init(parsing text: String) throws {
    switch text {
    case "store": self = .store
    case "bdv": self = .bdv
    default:
      guard let number = Int(text), (1...32).contains(number) else {
        throw BrickworkError(
          .badRequest, reason: "'\(text)' is neither store, bdv nor a number from 1 to 32")
      }
      self = .count(number)
    }
  }
}

/// How an export is split among files.
enum SplitOption: Sendable, Hashable {
  /// A file for each setup.
  case setup
  /// A file for each time point.
  case timepoint
  /// So many setups in each file.
  case setups(Int)

  init(parsing text: String) throws {
    switch text {
    case "setup": self = .setup
    case "timepoint": self = .timepoint
    default:
      guard let number = Int(text), number > 0 else {
        throw BrickworkError(
          .badRequest, reason: "'\(text)' is neither setup, timepoint nor a number of setups")
      }
      self = .setups(number)
    }
  }

  var setupsPerFile: Int? {
    switch self {
    case .setup: 1
    case .timepoint: nil
    case .setups(let count): count
    }
  }

  var timepointsPerFile: Int? { self == .timepoint ? 1 : nil }
}

/// The compression of an export.
enum CompressionOption: Sendable, Hashable {
  case none
  case deflate(level: Int)
  case zstd(level: Int)
  case lzw

  init(parsing text: String) throws {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    let level = parts.count == 2 ? Int(parts[1]) : nil
    switch (parts[0], parts.count, level) {
    case ("none", 1, _): self = .none
    case ("lzw", 1, _): self = .lzw
    case ("deflate", 1, _): self = .deflate(level: 1)
    case ("zstd", 1, _): self = .zstd(level: 1)
    case ("deflate", 2, let level?) where (1...12).contains(level): self = .deflate(level: level)
    case ("zstd", 2, let level?) where (1...22).contains(level): self = .zstd(level: level)
    default:
      throw BrickworkError(
        .badRequest,
        reason: "'\(text)' is neither none, lzw, deflate:1 to deflate:12 nor zstd:1 to zstd:22")
    }
  }

  /// The words for it.
  var name: String {
    switch self {
    case .none: "none"
    case .deflate: "deflate"
    case .zstd: "zstd"
    case .lzw: "lzw"
    }
  }
}

/// Checks and reads values that only the command knows.
enum OptionValue {
  /// One channel, where there is room for no more.
  static func channel(_ text: String) throws -> ChannelChoice {
    guard case .one(let choice) = channels(text) else {
      throw BrickworkError(
        .badRequest, reason: "one channel is taken here, not all of them",
        remedy: "Take one at a time: --channel 0, --channel 1, …")
    }
    return choice
  }

  /// One channel or all of them.
  static func channels(_ text: String) -> ChannelSelection {
    if text == "all" { return .all }
    return .one(Int(text).map { .number($0) } ?? .name(text))
  }

  /// One time point, where there is room for no more.
  static func timepoint(_ text: String) throws -> Int {
    guard case .one(let number) = try timepoints(text) else {
      throw BrickworkError(
        .badRequest, reason: "one time point is taken here, not all of them",
        remedy: "Take one at a time: --timepoint 0, --timepoint 1, …")
    }
    return number
  }

  /// One time point or all of them.
  static func timepoints(_ text: String) throws -> TimepointSelection {
    if text == "all" { return .all }
    guard let number = Int(text), number >= 0 else {
      throw BrickworkError(.badRequest, reason: "'\(text)' is no number of a time point, from 0 on")
    }
    return .one(number)
  }

  /// Voxels of a chunk z,y,x, or of a tile y,x.
  static func chunk(_ text: String) throws -> Index3 {
    try Notation.shape(text.split(separator: ",").count == 2 ? "1," + text : text)
  }

  static func positive(_ text: String) throws -> Int {
    guard let number = Int(text), number > 0 else {
      throw BrickworkError(.badRequest, reason: "'\(text)' is no positive whole number")
    }
    return number
  }

  static func notNegative(_ text: String) throws -> Int {
    guard let number = Int(text), number >= 0 else {
      throw BrickworkError(.badRequest, reason: "'\(text)' is no whole number from 0 on")
    }
    return number
  }

  static func voxelType(_ text: String) throws -> VoxelType {
    guard let type = VoxelType(rawValue: text) else {
      let known = VoxelType.allCases.map(\.rawValue).joined(separator: ", ")
      throw BrickworkError(.badRequest, reason: "'\(text)' is no type of voxels: they are \(known)")
    }
    return type
  }

  /// Numbers from 0 to 100.
  static func percentiles(_ text: String) throws -> [Double] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
      let part = String(part.filter { !$0.isWhitespace })
      guard let number = Double(part), number >= 0, number <= 100 else {
        throw BrickworkError(
          .badRequest, reason: "'\(part)' is no percentile, from 0 to 100",
          remedy: "Write them like 1,50,99.9")
      }
      return number
    }
  }

  /// `auto`, percentiles as in `auto:1,99`, or two values.
  static func contrast(_ text: String) throws -> Contrast {
    if text == "auto" { return .automatic }
    if text.hasPrefix("auto:") {
      let range = try Notation.range(String(text.dropFirst(5)))
      guard range.low >= 0, range.high <= 100 else {
        throw BrickworkError(
          .badRequest, reason: "'\(text)' has a percentile that is not within 0 to 100",
          remedy: "Write it like auto:1,99")
      }
      return .percentiles(low: range.low, high: range.high)
    }
    let range = try Notation.range(text)
    return .range(low: range.low, high: range.high)
  }
}
