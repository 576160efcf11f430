internal import BrickCore
@_spi(Fuzzing) internal import BrickZarr

/// Everything that bytes of a container can do to this program, without a file: for fuzzing and damage tests.
@_spi(Fuzzing) public enum N5Bytes {
  /// Reads an attributes.json and, as a block of that dataset, what follows the first zero byte.
  ///
  /// - Throws: `BrickworkError` alone.
  @_spi(Fuzzing) public static func parse(_ bytes: [UInt8]) throws {
    let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
    let attributes = try N5Attributes(
      bytes: parts.first.map(Array.init) ?? [], file: "attributes.json")
    let array = try attributes.array("")
    if parts.count > 1 { try ZarrBytes.decode(Array(parts[1]), array) }
  }
}
