internal import BrickCore
internal import BrickFiles
internal import BrickHDF5

/// What a file says about what it was made from: bytes that mean something to their writer alone.
///
/// They lie in the file itself, in a dataset that readers of BDV files don't look for, behind the time at which the file
/// was last changed; that time is set when the file is closed. Whoever changes the file, or copies it without its
/// time, makes the record worthless, and reading it says so.
public enum BDVFileRecord {
  static let name = "/__brickwork__/export"

  /// The record of a file; nil where it has none.
  ///
  /// - Throws: `BrickworkError` with code `.verificationFailed` if the file was changed since the record was written.
  public static func read(_ path: String) throws -> [UInt8]? {
    guard Files.exists(path), let bytes = try HDF5File(reading: path).bytes(name),
      bytes.count >= 8
    else { return nil }
    let time = unsafe bytes.span.bytes.littleEndian(at: 0, as: Int64.self)
    guard Files.stamp(path) == "\(time).000000000" else {
      throw BrickworkError(
        .verificationFailed, path: path,
        reason:
          "was changed by something else, or copied without its time of change, since it was exported",
        remedy: "Export it again with --overwrite; cp -p and rsync -t keep the time")
    }
    return Array(bytes[8...])
  }

  static func bytes(_ record: [UInt8], time: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(number: Int64(time))
    return bytes + record
  }
}
