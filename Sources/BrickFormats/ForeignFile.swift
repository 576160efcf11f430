internal import BrickCore

/// Files that are no tiles: what they look like, and what to do with them.
enum ForeignFile {
  /// The error for a file that begins so and is of no format that is read.
  static func refusal(_ path: String, _ start: [UInt8]) -> BrickworkError {
    let known = signatures.first { start.starts(with: $0.bytes) }
    let shown = start.prefix(8).map { byte in
      (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined(separator: " ")
    return BrickworkError(
      .unsupportedInput, path: path,
      reason: known.map { "is \($0.name), which is not read" }
        ?? "is of no known format: it starts with the bytes \(shown)",
      remedy: known?.remedy
        ?? "TIFF, ND2, JPEG 2000, HDF5, BigDataViewer XML, OME-Zarr and N5 are read: check the path"
    )
  }

  private struct Signature {
    var bytes: [UInt8]
    var name: String
    var remedy: String
  }

  private static let convert = "Save the tiles as TIFF, for example with Fiji"

  private static let signatures = [
    Signature(bytes: [0x89, 0x50, 0x4E, 0x47], name: "a PNG picture", remedy: convert),
    Signature(bytes: [0xFF, 0xD8, 0xFF], name: "a JPEG picture", remedy: convert),
    Signature(
      bytes: [0x5A, 0x49, 0x53, 0x52, 0x41, 0x57], name: "a Zeiss CZI file", remedy: convert),
    Signature(bytes: [0x70, 0, 0, 0], name: "a Leica LIF file", remedy: convert),
    Signature(
      bytes: [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59], name: "a NumPy array",
      remedy: "Offsets in a .npy file are given with --offsets"),
  ]
}
