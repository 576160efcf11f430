/// The objects of a label volume: one record per label, ascending; background has none.
///
/// Records are in memory, or in a scratch file that lasts as long as the table, and come one after the other
/// however many there are.
public struct ObjectTable: Sendable {
  private enum Storage {
    case memory(ObjectMap, order: [UInt32])
    case file(RecordRuns)
  }
  private let storage: Storage

  init(map: ObjectMap, order: [UInt32]) { storage = .memory(map, order: order) }
  init(runs: RecordRuns) { storage = .file(runs) }

  /// The number of labels; nil if they are in a scratch file and only counted on the way.
  public var count: Int? {
    if case .memory(let map, _) = storage { map.count } else { nil }
  }

  /// Bytes of records in a scratch file: 0 if all fitted into memory.
  public var spilledBytes: Int {
    if case .file(let runs) = storage { runs.byteCount } else { 0 }
  }

  /// Calls `body` with every record, ascending by label.
  ///
  /// - Throws: `BrickworkError` if the scratch file can't be read, or what `body` throws.
  public func forEach(_ body: (ObjectRecord) throws -> Void) throws {
    switch storage {
    case .memory(let map, let order): for index in order { try body(map[Int(index)]) }
    case .file(let runs): try runs.forEach(body)
    }
  }

  /// All records, ascending by label: for tables that fit into memory.
  public func records() throws -> [ObjectRecord] {
    var records: [ObjectRecord] = []
    try forEach { records.append($0) }
    return records
  }
}
