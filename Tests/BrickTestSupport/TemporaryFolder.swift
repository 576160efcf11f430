internal import Foundation

/// A folder of its own for one test, deleted with everything in it when the value goes away.
public final class TemporaryFolder: Sendable {
  /// Where the folder is.
  public let path: String

  /// Makes a new, empty folder among the machine's temporary files.
  public init() throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent(
      "brickwork-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of a name in this folder.
  public func callAsFunction(_ name: String) -> String { path + "/" + name }
}
