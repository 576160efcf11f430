internal import BrickCore
internal import BrickFiles
internal import BrickZarr

/// What a file was exported from: the settings, and a checksum of every brick of the stores.
///
/// It stands in the file (`BDVFileRecord`), so that a later export finds what has changed since.
struct ExportRecord: Sendable {
  /// A volume of a store that a level is read from.
  struct Source: Sendable {
    let image: Int
    let level: Int
    /// Time point by time point, channels fastest.
    let part: Int
    let volume: ZarrVolume
  }

  let settings: String
  /// A number for each brick of each source.
  let checksums: [[UInt64]]

  /// The record of what a job would write; nil if not all of its voxels come from stores.
  init?(of job: ExportJob) throws {
    guard let sources = job.storedSources else { return nil }
    settings = job.settings
    checksums = try sources.map { try $0.volume.brickChecksums() }
  }

  /// A few words that differ where the bricks do.
  var digest: String {
    checksums.map(ZarrVolume.digest).joined(separator: " ")
  }

  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(number: UInt32(settings.utf8.count))
    bytes += Array(settings.utf8)
    bytes.append(number: UInt32(checksums.count))
    for numbers in checksums {
      bytes.append(number: UInt64(numbers.count))
      for number in numbers { bytes.append(number: number) }
    }
    return bytes
  }

  /// A record as it was written; nil if it is damaged.
  init?(_ bytes: [UInt8]) {
    var place = 0
    func number<Number: FixedWidthInteger>(_: Number.Type) -> Int? {
      guard bytes.count - place >= Number.bitWidth / 8 else { return nil }
      defer { place += Number.bitWidth / 8 }
      return unsafe Int(exactly: bytes.span.bytes.littleEndian(at: place, as: Number.self))
    }
    guard let length = number(UInt32.self), length <= bytes.count - place else { return nil }
    settings = String(decoding: bytes[place..<place + length], as: UTF8.self)
    place += length
    guard let sources = number(UInt32.self) else { return nil }
    var checksums: [[UInt64]] = []
    for _ in 0..<sources {
      guard let count = number(UInt64.self), count <= (bytes.count - place) / 8 else { return nil }
      checksums.append(
        (0..<count).map {
          unsafe bytes.span.bytes.littleEndian(at: place + 8 * $0, as: UInt64.self)
        })
      place += 8 * count
    }
    self.checksums = checksums
  }

  /// What differs between the settings of two records, in words; nil where nothing does.
  func difference(to other: ExportRecord) -> String? {
    if settings == other.settings {
      return checksums.map(\.count) == other.checksums.map(\.count)
        ? nil : "the number of bricks in the store"
    }
    guard let mine = try? JSON(parsing: Array(settings.utf8), path: "settings"),
      let others = try? JSON(parsing: Array(other.settings.utf8), path: "settings")
    else { return "the settings" }
    return Self.difference(mine, others, "")
  }

  private static func difference(_ a: JSON, _ b: JSON, _ name: String) -> String? {
    if a.text(pretty: false) == b.text(pretty: false) { return nil }
    if let a = a.objectValue, let b = b.objectValue {
      for key in Set(a.keys).union(b.keys).sorted() {
        let path = name.isEmpty ? key : "\(name).\(key)"
        if let found = difference(a[key] ?? nil, b[key] ?? nil, path) { return found }
      }
    }
    if let a = a.arrayValue, let b = b.arrayValue, a.count == b.count {
      for (number, pair) in zip(a, b).enumerated() {
        if let found = difference(pair.0, pair.1, "\(name)[\(number)]") { return found }
      }
    }
    return
      "\(name): \(a.text(pretty: false).prefix(60)) in the file, now \(b.text(pretty: false).prefix(60))"
  }
}

extension ExportJob {
  /// The volumes of stores that levels are read from; nil if one is no volume of a store.
  var storedSources: [ExportRecord.Source]? {
    var sources: [ExportRecord.Source] = []
    for (image, level, volumes) in readLevels {
      for (part, volume) in volumes.enumerated() {
        guard let volume = volume as? ZarrVolume else { return nil }
        sources.append(
          ExportRecord.Source(image: image, level: level, part: part, volume: volume))
      }
    }
    return sources
  }

  /// Bricks of the stores whose checksums are kept with the file.
  var storedBricks: Int { storedSources?.reduce(0) { $0 + $1.volume.bricks.count } ?? 0 }

  /// The levels that have a source, with its volumes.
  var readLevels: [(image: Int, level: Int, volumes: [any Volume])] {
    images.enumerated().flatMap { image, source in
      source.levels.enumerated().compactMap { level, shape in
        shape.volumes.map { (image, level, $0) }
      }
    }
  }
}
