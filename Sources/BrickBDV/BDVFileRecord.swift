internal import BrickCore
internal import BrickFiles
internal import BrickHDF5

/// What a file says about what it was made from: bytes that mean something to their writer alone.
///
/// They lie in the file itself, in a dataset that readers of BDV files don't look for. When the file is closed, the
/// nanoseconds of its time of change are set to a number that follows from the record: so the same content is the same
/// bytes whenever it is written, and whoever changes the file afterwards, or copies it without its exact time, makes the
/// record worthless, which reading it says.
public enum BDVFileRecord {
  static let name = "/__brickwork__/export"

  /// The record of a file; nil where it has none.
  ///
  /// - Throws: `BrickworkError` with code `.verificationFailed` if the file was changed since the record was written.
  public static func read(_ path: String) throws -> [UInt8]? {
    guard Files.exists(path), let record = try HDF5File(reading: path).bytes(name) else {
      return nil
    }
    guard Files.nanoseconds(path) == mark(of: record) else {
      throw BrickworkError(
        .verificationFailed, path: path,
        reason:
          "was changed by something else, or copied without its exact time of change, since it was exported",
        remedy: "Export it again with --overwrite; cp -p and rsync -t keep the time")
    }
    return record
  }

  /// The nanoseconds that a file with this record has in its time of change.
  ///
  /// Whole tenths of a microsecond, which is what NTFS and shares of Windows keep, and never 0, which coarser clocks give.
  static func mark(of record: [UInt8]) -> Int {
    unsafe 100 * (1 + Int(CRC32C.checksum(record.span.bytes)) % 9_999_999)
  }
}
