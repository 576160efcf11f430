internal import Foundation

/// What tests of BDV files find on this machine: real data, and the readers of the Python world.
public enum BDVEnvironment {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  /// The folder of shared data: `BRICKWORK_SHARED`, or `shared` beside the package.
  public static let shared =
    ProcessInfo.processInfo.environment["BRICKWORK_SHARED"] ?? root + "/../shared"

  /// A file of the shared data.
  public static func data(_ name: String) -> String { shared + "/data/" + name }

  public static let hasSharedData = FileManager.default.fileExists(
    atPath: data("spimdata_xml/expected_affines.json"))

  private static let python =
    ProcessInfo.processInfo.environment["BRICKWORK_PYTHON"] ?? root + "/.venv/bin/python3"

  /// Whether a Python with h5py, npy2bdv and pybdv is there.
  public static let hasPython: Bool =
    FileManager.default.isExecutableFile(atPath: python)
    && (try? run(["-c", "import h5py, npy2bdv, pybdv"]))?.status == 0

  /// Whether measurements are asked for, which tell nothing on a busy machine.
  public static let measures = ProcessInfo.processInfo.environment["BRICKWORK_MEASURE"] != nil

  /// Runs Python and returns its exit code and everything it printed.
  public static func run(_ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }

  /// The views of a project in `expected_affines.json`.
  public struct ExpectedProject: Decodable, Sendable {
    public struct Setup: Decodable, Sendable {
      public var size: [Int]?
      public var voxel: [Double]?
      public var unit: String?
    }
    public struct Registration: Decodable, Sendable {
      public var timepoint: Int
      public var setup: Int
      public var names: [String?]
      public var affine_3x4_rowmajor: [Double]
    }
    public var loader: String?
    public var setups: [String: Setup]
    public var registrations: [Registration]
  }

  /// What other programs read from the shared XML files, by path below the data folder.
  public static func expectedProjects() throws -> [String: ExpectedProject] {
    let json = try Data(
      contentsOf: URL(fileURLWithPath: data("spimdata_xml/expected_affines.json")))
    return try JSONDecoder().decode([String: ExpectedProject].self, from: json)
  }
}
