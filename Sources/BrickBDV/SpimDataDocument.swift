internal import BrickCore
internal import BrickFiles

/// A BigDataViewer or BigStitcher project that is changed in place, without losing what this program doesn't know.
///
/// The document is kept as its bytes. An edit replaces the bytes of the elements it means and no others, so that
/// unknown elements and attributes, comments, prefixes, blanks, line ends and the order of everything stay as they are,
/// byte for byte. Takes the size of the file once in memory, and up to four times that while it is parsed or edited.
public struct SpimDataDocument: Sendable {
  /// The file, without symbolic links.
  public let path: String
  /// The document with all edits so far.
  public internal(set) var bytes: [UInt8]
  /// Whether an edit has changed anything since the document was read or saved.
  public internal(set) var isChanged = false
  /// Of the file as it was read: times of writing are too coarse to tell two saves apart.
  private var checksum: UInt32

  /// How many backups are kept: as many as BigStitcher keeps.
  public static let usualBackups = 5

  /// Reads a document.
  ///
  /// - Throws: `BrickworkError`: `.missingInput`, `.damagedInput` with the line where it is not well formed,
  ///   `.unsupportedInput` if it is no SpimData, or its encoding doesn't let it be changed in place.
  public init(reading path: String) throws {
    self.path = try Files.resolved(path)
    bytes = try Files.read(self.path)
    checksum = Self.checksum(of: bytes)
    _ = try RegistrationSites(bytes, path: self.path)
  }

  /// What the document says now.
  ///
  /// - Throws: `BrickworkError` as `BDVProject.init(reading:)`.
  public func project() throws -> BDVProject { try BDVProject(xml: bytes, path: path) }

  /// Writes the document in place of the file it was read from; does nothing where nothing was changed.
  ///
  /// The file that was there becomes `dataset.xml~1`, the one before that `~2`, and so on. The new one is written
  /// aside and moved into place: a reader sees the old or the new document, never a part.
  /// - Throws: `BrickworkError` with code `.outputExists` if another program has saved the file meanwhile;
  ///   what reading and writing throw.
  public mutating func save(backups: Int = usualBackups) throws {
    guard isChanged else { return }
    guard Self.checksum(of: try Files.read(path)) == checksum else {
      throw BrickworkError(
        .outputExists, path: path,
        reason: "was saved by another program since it was read; nothing was written",
        remedy: "Close it there, and run the same command again")
    }
    try Files.keepBackup(of: path, count: backups)
    try Files.replace(path, with: bytes)
    checksum = Self.checksum(of: bytes)
    isChanged = false
  }

  private static func checksum(of bytes: [UInt8]) -> UInt32 {
    unsafe CRC32C.checksum(bytes.span.bytes)
  }
}
