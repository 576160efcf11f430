public import BrickCore
internal import BrickFiles
internal import Synchronization

/// Something that looks at the blocks of level 0 while a job makes them.
///
/// A job calls it from any thread and in any order, and shows it each voxel exactly once: what earlier runs had finished
/// is read back.
public protocol BlockObserver: Sendable {
  /// Takes the voxels of a block, whose box tells where they lie.
  func observe(_ block: borrowing VoxelView) throws
  /// Bytes that each thread takes in it at most, besides what all share.
  var bytesPerThread: Int { get }
}

/// Gathers the objects of a label volume from its blocks, which come in any order from any thread.
///
/// Each voxel is to be shown exactly once; sums are exact, so the table is the same however the volume is cut.
/// Memory grows with the number of labels up to a limit, and beyond it sorted records go to a scratch file.
public final class ObjectCollector: BlockObserver {
  private struct State {
    var map: ObjectMap
    var runs = RecordRuns()
    /// Set when a record was lost, so that nobody takes the rest for the table.
    var isBroken = false
  }

  /// The type of the labels.
  public let type: VoxelType
  private let memory: Int
  private let scratchFolder: String
  private let state: Mutex<State>
  private let idle = Mutex<[ObjectAccumulator]>([])

  /// The least memory a collector works with.
  public static let leastMemory = 4 << 20

  /// A collector for labels of `type`.
  ///
  /// - Parameters:
  ///   - memory: bytes that the table of all labels may take, at least `leastMemory`: 160 for each label.
  ///     More labels than fit go to a scratch file, 112 bytes each.
  ///   - scratchFolder: where that file is made.
  /// - Throws: `BrickworkError` with code `.badRequest` if the type is a float.
  public convenience init(type: VoxelType, memory: Int, scratchFolder: String) throws {
    let memory = max(memory, Self.leastMemory)
    try self.init(
      type: type, memory: memory, scratchFolder: scratchFolder,
      recordLimit: min(memory / ObjectMap.bytesPerRecord, Int(Int32.max)))
  }

  /// - Parameter recordLimit: labels in memory, for tests of what happens beyond.
  package init(type: VoxelType, memory: Int, scratchFolder: String, recordLimit: Int) throws {
    guard !type.isFloat else {
      throw BrickworkError(
        .badRequest, reason: "labels are integers, and these voxels are \(type.rawValue)",
        remedy: "Give a volume of labels, or convert it to an integer type first")
    }
    self.type = type
    self.memory = memory
    self.scratchFolder = scratchFolder
    state = Mutex(State(map: ObjectMap(limit: recordLimit)))
  }

  /// Bytes that each label takes in the table.
  public static let bytesPerLabel = ObjectMap.bytesPerRecord

  /// Bytes that finding the objects of a block takes in each thread, beside the table.
  public static let bytesPerThread = ObjectAccumulator.byteCount

  /// Bytes that finding the objects of a block takes, beside the table.
  public var bytesPerThread: Int { Self.bytesPerThread }

  /// Adds the objects of a block, as `add` does.
  public func observe(_ block: borrowing VoxelView) throws { try add(block) }

  /// Adds the labels of `view`, which holds the collector's type; 0 is background.
  ///
  /// - Throws: `BrickworkError` if a label is negative, or the scratch file can't be written. The
  ///   collector can't be used after that.
  public func add(_ view: borrowing VoxelView) throws {
    var accumulator = idle.withLock { $0.popLast() } ?? ObjectAccumulator(type: type)
    do {
      try accumulator.add(view) { try merge($0) }
    } catch {
      state.withLock { $0.isBroken = true }
      throw error
    }
    idle.withLock { $0.append(accumulator) }
  }

  /// Adds records that were made elsewhere: by another collector, or kept from an earlier run.
  ///
  /// - Throws: `BrickworkError` if the scratch file can't be written.
  public func add(_ records: [ObjectRecord]) throws { try merge(records) }

  private func merge(_ records: [ObjectRecord]) throws {
    try state.withLock { state in
      for record in records where !state.map.add(record) {
        // Until the record is in a run or in the map, the sums are not those of what was shown.
        state.isBroken = true
        try state.runs.append(state.map, in: scratchFolder)
        state.map.removeAll()
        state.isBroken = !state.map.add(record)
      }
    }
  }

  /// The table of all that was added; the collector is empty afterwards.
  ///
  /// - Throws: `BrickworkError` if the scratch file can't be written or read, or adding had failed before.
  public func finish() throws -> ObjectTable {
    idle.withLock { $0 = [] }
    return try state.withLock { state in
      precondition(!state.isBroken, "A collector whose adding failed has no table")
      defer { state = State(map: ObjectMap(limit: state.map.limit)) }
      guard !state.runs.isEmpty else {
        return ObjectTable(map: state.map, order: state.map.order())
      }
      try state.runs.append(state.map, in: scratchFolder)
      state.map = ObjectMap(limit: state.map.limit)
      return ObjectTable(runs: try state.runs.joined(memory: memory, in: scratchFolder))
    }
  }
}
