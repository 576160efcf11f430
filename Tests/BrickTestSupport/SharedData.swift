internal import BrickCore
internal import Foundation

/// The real microscopy files that lie beside the package, where they are there.
///
/// `BRICKWORK_SHARED` names the folder that holds `data`; without it, it is `../shared` seen from
/// the package.
public enum SharedData {
  /// The package's own folder.
  public static let packageRoot = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  private static let folder: String = {
    let shared =
      ProcessInfo.processInfo.environment["BRICKWORK_SHARED"] ?? packageRoot + "/../shared"
    return URL(fileURLWithPath: shared + "/data").standardizedFileURL.path
  }()

  /// Whether the files are there: tests that need them are skipped aloud otherwise.
  public static let isThere = FileManager.default.fileExists(
    atPath: folder + "/expected_pixels.json")

  /// The path of a file, given as the catalogue names it.
  public static func path(_ name: String) -> String { folder + "/" + name }

  /// The path of a generator of test files that lies beside them, `make_nd2.py`.
  public static func tool(_ name: String) -> String { folder + "/../tools/" + name }

  /// What an independent reader finds in a file.
  public struct ExpectedPixels: Sendable {
    /// The axes as that reader orders them, slowest first; empty where it fails too.
    public var shape: [Int]
    /// The name NumPy gives the pixels' type.
    public var type: String
    /// Of the pixels in C order, little-endian; nil where it fails too.
    public var sha256: String?
  }

  /// The table of expected pixels by file name; empty without the files.
  public static let expectedPixels: [String: ExpectedPixels] = {
    guard isThere, let data = FileManager.default.contents(atPath: path("expected_pixels.json")),
      let table = try? JSONSerialization.jsonObject(with: data) as? [String: [String: Any]]
    else { return [:] }
    return table.mapValues {
      ExpectedPixels(
        shape: $0["shape"] as? [Int] ?? [], type: $0["dtype"] as? String ?? "",
        sha256: $0["sha256_le_c"] as? String)
    }
  }()

  /// The interpreter with the reference readers: `BRICKWORK_PYTHON`, otherwise the package's
  /// virtual environment.
  public static let python: String =
    ProcessInfo.processInfo.environment["BRICKWORK_PYTHON"]
    ?? packageRoot + "/.venv/bin/python3"

  /// Whether that interpreter is there.
  public static let hasPython = FileManager.default.isExecutableFile(atPath: python)

  /// Runs a Python script with arguments; throws what it writes to stderr if it fails.
  public static func runPython(_ script: String, _ arguments: [String] = []) throws {
    try runInterpreter(["-c", script] + arguments)
  }

  /// Runs a file of Python with arguments; throws what it writes to stderr if it fails.
  public static func runPythonScript(at path: String, _ arguments: [String] = []) throws {
    try runInterpreter([path] + arguments)
  }

  private static func runInterpreter(_ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = arguments
    let complaints = Pipe()
    process.standardError = complaints
    try process.run()
    let text = try complaints.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    if process.terminationStatus != 0 {
      throw BrickworkError(.inputOutput, reason: String(decoding: text, as: UTF8.self))
    }
  }
}
