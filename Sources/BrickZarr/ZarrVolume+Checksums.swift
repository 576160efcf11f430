public import BrickCore
internal import BrickFiles

extension ZarrVolume {
  /// A few words that differ where bricks of the volumes do; nil unless all are stored.
  public static func digest(of volumes: [any Volume]) throws -> String? {
    guard let stored = volumes as? [ZarrVolume] else { return nil }
    return try stored.map { digest(of: try $0.brickChecksums()) }.joined(separator: " ")
  }

  /// The word for a volume's checksums.
  public static func digest(of checksums: [UInt64]) -> String {
    unsafe String(CRC32C.checksum(checksums.span.bytes), radix: 16)
  }

  /// The volume cut into bricks: what is compressed in one piece.
  public var bricks: BrickGrid { grid }

  /// A number for each brick, in z, y, x order, that changes when the brick's stored bytes do.
  ///
  /// It holds how many bytes the brick has and a crc32c of them. Where bricks end in a crc32c of their own, as those
  /// of our stores do, that one is taken, and of each brick no more than its end is read; other bricks are read whole.
  /// A change that keeps both numbers is not noticed, one in 2³² of those that keep the length. Where a brick lies in its
  /// shard does not matter, and all ones stand for a brick that is not there.
  public func brickChecksums() throws -> [UInt64] {
    let endsInChecksum = metadata.chain.stages.last == .crc32c
    return try (0..<grid.count).map { number in
      guard let place = try place(of: grid.index(at: number)) else { return .max }
      let (file, range) = (place.shard.file, place.range)
      let checksum: UInt32
      if endsInChecksum, range.count >= 4 {
        checksum = file.bytes.number32(at: range.upperBound - 4)
        file.doneWith(range.upperBound - 4..<range.upperBound)
      } else {
        file.willNeed(range)
        checksum = CRC32C.checksum(file.bytes.extracting(range))
        file.doneWith(range)
      }
      try file.checkIntact()
      return UInt64(truncatingIfNeeded: range.count) << 32 | UInt64(checksum)
    }
  }
}
