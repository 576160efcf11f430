internal import CBrickSystem

/// The CRC-32C checksum (Castagnoli) that Zarr's `crc32c` codec uses; RFC 3720, section B.4, has
/// test vectors.
public enum CRC32C {
  /// The checksum of `bytes`, continuing from the checksum of the bytes before them.
  public static func checksum(_ bytes: RawSpan, continuing crc: UInt32 = 0) -> UInt32 {
    unsafe bytes.withUnsafeBytes { unsafe brick_crc32c(crc, $0.baseAddress, $0.count) }
  }
}
