internal import BrickCore
public import BrickFiles

/// The disk that an output goes to, as far as an estimate asks it; tests put another in its place.
public struct OutputDisk: Sendable {
  /// Bytes that may still be written where a path is, or would be.
  public var free: @Sendable (_ path: String) throws -> Int
  /// How fast a folder with so much room takes bytes; nil where that can't be measured.
  public var speed: @Sendable (_ folder: String, _ room: Int) throws -> WriteProbe.Speed?

  /// A disk that answers so.
  public init(
    free: @escaping @Sendable (_ path: String) throws -> Int,
    speed: @escaping @Sendable (_ folder: String, _ room: Int) throws -> WriteProbe.Speed? = {
      _, _ in nil
    }
  ) {
    self.free = free
    self.speed = speed
  }

  /// The same disk, whose speed nobody measures.
  var unmeasured: OutputDisk { OutputDisk(free: free) }

  /// The machine's own disk.
  public static let machine = OutputDisk(
    free: { try DiskSpace.free(at: $0) },
    speed: { try WriteProbe.speed(in: $0, room: $1) })
}

/// What lies where an output goes, for the question whether there is room.
struct OutputPlace {
  let path: String
  /// Bytes free now.
  let free: Int
  /// Bytes that the job deletes before it writes: they are free then, and only then.
  let freed: Int

  /// - Parameter deleted: what the job deletes before it writes.
  init(_ path: String, deleting deleted: [String] = [], disk: OutputDisk) throws {
    self.path = path
    free = try disk.free(path)
    freed = deleted.reduce(0) { $0 + DiskSpace.freed(byDeleting: $1) }
  }

  var room: Int { free.addingReportingOverflow(freed).overflow ? .max : free + freed }
}
