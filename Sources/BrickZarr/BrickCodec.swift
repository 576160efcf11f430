internal import BrickCodecs
public import BrickCore

/// How bricks are compressed when we write them.
///
/// Levels are Zstandard's own: 1 is fast and enough for noisy images, negative ones are faster
/// still.
public enum BrickCodec: Sendable, Hashable {
  /// A blosc frame of byte-shuffled zstd data: for intensities. On 64³ camera-like `uint16` bricks
  /// it is smaller and three times faster than zstd alone.
  case bloscZstd(level: Int)
  /// A plain zstd frame: for labels, and for readers without blosc.
  case zstd(level: Int)
  /// Voxels as they are.
  case none

  /// The codec for intensities of `type`: `bloscZstd`, level 1.
  ///
  /// For labels choose `.zstd(level: 1)`.
  public static func automatic(for type: VoxelType) -> BrickCodec { .bloscZstd(level: 1) }

  /// The codec of a name on the command line; nil for an unknown name, or a level it doesn't have.
  ///
  /// - Parameter level: nil means 1; "none" has no levels.
  public init?(name: String, level: Int?) {
    if let level, !ZstdCompressor.levels.contains(level) { return nil }
    switch name {
    case "blosc-zstd": self = .bloscZstd(level: level ?? 1)
    case "zstd": self = .zstd(level: level ?? 1)
    case "none" where level == nil: self = .none
    default: return nil
    }
  }

  /// "blosc-zstd", "zstd" or "none".
  public var name: String {
    switch self {
    case .bloscZstd: "blosc-zstd"
    case .zstd: "zstd"
    case .none: "none"
    }
  }

  /// Zstandard's level, nil where there is none.
  public var level: Int? {
    switch self {
    case .bloscZstd(let level), .zstd(let level): level
    case .none: nil
    }
  }

  /// The codecs after `bytes` in a shard's inner chain, as zarr.json spells them, checksum last.
  func metadata(for type: VoxelType) -> [JSON] {
    let checksum: JSON = ["name": "crc32c"]
    switch self {
    case .bloscZstd(let level):
      let width = type.byteCount
      // The metadata knows blosc's levels 0 to 9 only; readers ignore the number.
      return [
        [
          "name": "blosc",
          "configuration": [
            "cname": "zstd", "clevel": JSON(min(9, max(1, level))),
            "shuffle": width > 1 ? "shuffle" : "noshuffle", "typesize": JSON(width), "blocksize": 0,
          ],
        ], checksum,
      ]
    case .zstd(let level):
      // n5-zarr loses a zstd codec without "checksum", so false is written too.
      return [
        ["name": "zstd", "configuration": ["level": JSON(level), "checksum": false]], checksum,
      ]
    case .none: return [checksum]
    }
  }
}
