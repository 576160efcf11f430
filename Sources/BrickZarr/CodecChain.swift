internal import BrickCodecs
internal import BrickCore

/// How the voxels of a brick become bytes: what the metadata say, checked.
public struct CodecChain: Sendable, Hashable {
  /// A codec from bytes to bytes.
  public enum Stage: Sendable, Hashable {
    case zstd, gzip, zlib, blosc, crc32c, bzip2, xz
    /// An LZ4 block after its decoded size in four bytes: numcodecs.
    case sizedLZ4
    /// A stream of lz4-java's checked blocks: N5.
    case streamedLZ4
    /// The byte shuffle of elements of so many bytes.
    case shuffle(width: Int)

    /// The codec of a name in zarr.json.
    init?(version3 name: String) {
      switch name {
      case "zstd": self = .zstd
      case "gzip": self = .gzip
      case "blosc": self = .blosc
      case "crc32c": self = .crc32c
      default: return nil
      }
    }

    /// The most bytes that `size` bytes become.
    fileprivate func bound(_ size: Int) -> Int {
      switch self {
      case .crc32c: size + 4
      case .shuffle: size
      default: size + size / 8 + 1024
      }
    }
  }

  /// Stored dimension i is dimension `order[i]` of the array; nil where nothing is transposed.
  public internal(set) var order: [Int]?
  /// Whether stored voxels have their highest byte first.
  public internal(set) var isBigEndian = false
  /// In the order of writing.
  public internal(set) var stages: [Stage] = []

  /// A chain from its parts.
  package init(order: [Int]?, isBigEndian: Bool, stages: [Stage]) {
    self.order = order
    self.isBigEndian = isBigEndian
    self.stages = stages
  }

  /// The most bytes that `byteCount` voxel bytes are after the first `count` stages.
  func bound(_ byteCount: Int, after count: Int) -> Int {
    stages.prefix(count).reduce(byteCount) { size, stage in stage.bound(size) }
  }

  /// Whether voxels lie in the file as they do in memory.
  var isPlain: Bool { stages.isEmpty && order == nil && !isBigEndian }

  /// The bytes that decoding `byteCount` voxel bytes takes at most beside their target.
  func decodingBytes(_ byteCount: Int) -> Int {
    let stages = stages.filter { $0 != .crc32c }
    let largest = BlockStorage.footprint(of: bound(byteCount, after: stages.count))
    // A transposition, the buffer of a blosc shuffle, and one between each two stages.
    var bytes = 256 << 10
    if order != nil { bytes += BlockStorage.footprint(of: byteCount) }
    if stages.contains(.blosc) || stages.isEmpty { bytes += BlockStorage.footprint(of: byteCount) }
    bytes += max(0, stages.count - 1) * largest
    if stages.contains(.bzip2) { bytes += 4 << 20 }
    if stages.contains(.xz) { bytes += XZ.largestMemory }
    return bytes
  }
}

/// A codec as zarr.json names it.
struct CodecEntry {
  let name: String
  let configuration: JSON

  /// Reads an object with name and configuration, or the bare name that version 3.1 allows.
  init(_ json: JSON, _ context: MetadataContext) throws {
    if let name = json.stringValue {
      self.name = name
      configuration = [:]
      return
    }
    guard let name = json["name"]?.stringValue else {
      throw context.damaged(
        "a codec is no object with a name: \(json.text(pretty: false).prefix(80))")
    }
    self.name = name
    configuration = json["configuration"] ?? [:]
  }

  static func list(_ json: JSON?, _ context: MetadataContext) throws -> [CodecEntry] {
    guard let entries = json?.arrayValue, !entries.isEmpty else {
      throw context.damaged("a list of codecs is missing or empty")
    }
    guard entries.count <= 16 else {
      throw context.unsupported("\(entries.count) codecs in a row; at most 16 are read")
    }
    return try entries.map { try CodecEntry($0, context) }
  }
}

extension CodecChain {
  /// Checks a chain for bricks of `rank` dimensions.
  init(_ entries: [CodecEntry], rank: Int, type: VoxelType, _ context: MetadataContext) throws {
    self.init(order: nil, isBigEndian: false, stages: [])
    var seenBytes = false
    var total = Array(0..<rank)
    for entry in entries {
      switch entry.name {
      case "transpose":
        guard !seenBytes else { throw context.damaged("the codec transpose stands after bytes") }
        guard let order = entry.configuration["order"]?.intArrayValue,
          order.sorted() == Array(0..<rank)
        else {
          throw context.damaged(
            "the order of transpose is no permutation of \(rank) dimensions: "
              + (entry.configuration["order"]?.text(pretty: false) ?? "nothing"))
        }
        total = order.map { total[$0] }
      case "bytes":
        guard !seenBytes else { throw context.damaged("the codec bytes stands twice in a chain") }
        seenBytes = true
        isBigEndian = try Self.isBigEndian(entry, context) && type.byteCount > 1
      case "sharding_indexed":
        throw context.unsupported(
          "shards inside shards", remedy: "Write the array again with one codec sharding_indexed")
      default:
        guard let stage = Stage(version3: entry.name) else {
          throw context.unsupported(
            "the codec \"\(entry.name)\"; known are bytes, transpose, zstd, gzip, blosc, crc32c "
              + "and sharding_indexed")
        }
        guard seenBytes else {
          throw context.damaged("the codec \(entry.name) stands before bytes")
        }
        stages.append(stage)
      }
    }
    guard seenBytes else { throw context.damaged("a chain has no codec bytes") }
    order = total == Array(0..<rank) ? nil : total
  }

  /// The byte order of a `bytes` codec: little where the configuration is left out.
  static func isBigEndian(_ entry: CodecEntry, _ context: MetadataContext) throws -> Bool {
    switch entry.configuration["endian"] {
    case nil, .null, "little": false
    case "big": true
    case let other?: throw context.damaged("the byte order \(other.text(pretty: false)) is unknown")
    }
  }
}

extension ShardIndex.Layout {
  /// Checks `index_codecs` and `index_location`.
  init(sharding: JSON, _ context: MetadataContext) throws {
    let entries = try CodecEntry.list(sharding["index_codecs"], context)
    guard let first = entries.first, first.name == "bytes",
      entries.dropFirst().map(\.name).allSatisfy({ $0 == "crc32c" }), entries.count <= 2
    else {
      throw context.unsupported(
        "a shard index with the codecs \(entries.map(\.name).joined(separator: ", ")); "
          + "known are bytes and bytes with crc32c")
    }
    self.init(
      isBigEndian: try CodecChain.isBigEndian(first, context), hasChecksum: entries.count == 2)
    switch sharding["index_location"] {
    case nil, .null, "end": isAtStart = false
    case "start": isAtStart = true
    case let other?:
      throw context.damaged(
        "the index location \(other.text(pretty: false)) is neither start nor end")
    }
  }
}
