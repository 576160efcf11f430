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

  /// Whether the shared data are there: tests that need them are skipped aloud otherwise.
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

  /// A whole number in a variable of the environment.
  public static func number(_ name: String) -> Int? {
    ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
  }

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
    /// An image source.
    public struct Setup: Decodable, Sendable {
      /// Voxels x, y, z.
      public var size: [Int]?
      /// Voxel size x, y, z in `unit`.
      public var voxel: [Double]?
      /// The unit's name as written.
      public var unit: String?
    }
    /// Where one view lies.
    public struct Registration: Decodable, Sendable {
      /// The id of the time point.
      public var timepoint: Int
      /// The id of the setup.
      public var setup: Int
      /// The names of the transforms, in the order of the file.
      public var names: [String?]
      /// The product of the transforms, row by row.
      public var affine_3x4_rowmajor: [Double]
    }
    /// The loader's format.
    public var loader: String?
    /// The setups by id.
    public var setups: [String: Setup]
    /// The views of all time points.
    public var registrations: [Registration]
  }

  /// What other programs read from the shared XML files, by path below the data folder.
  public static func expectedProjects() throws -> [String: ExpectedProject] {
    let json = try Data(
      contentsOf: URL(fileURLWithPath: data("spimdata_xml/expected_affines.json")))
    return try JSONDecoder().decode([String: ExpectedProject].self, from: json)
  }
}
