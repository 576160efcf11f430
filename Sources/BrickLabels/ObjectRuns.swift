internal import BrickCore
internal import BrickFiles

/// Sorted runs of records in a scratch file, and how they become one sorted sequence.
struct RecordRuns: Sendable {
  /// Records ascending by label, each label once.
  struct Run: Sendable {
    /// The first byte in the file.
    let start: Int
    let count: Int
  }

  private static let stride = MemoryLayout<ObjectRecord>.stride
  /// Records written or read at once, at least: 28 KiB.
  private static let leastBuffer = 256
  private static let mostBuffer = 1 << 14

  private var file: ScratchFile?
  private(set) var runs: [Run] = []
  /// Bytes that reading all runs at once may take.
  private var memory = 0

  var isEmpty: Bool { runs.isEmpty }
  /// Bytes in the file.
  var byteCount: Int { runs.reduce(0) { $0 + $1.count * Self.stride } }

  /// Sorts the map's records and appends them as a run.
  mutating func append(_ map: ObjectMap, in folder: String) throws {
    let order = map.order()
    var writer = Writer(try file ?? ScratchFile(in: folder))
    file = writer.file
    for index in order { try writer.append(map[Int(index)]) }
    runs.append(try writer.finish())
  }

  /// The same records in so few runs that all can be read at once with `memory` bytes.
  func joined(memory: Int, in folder: String) throws -> RecordRuns {
    let most = max(2, min(512, memory / (Self.leastBuffer * Self.stride)))
    var result = self
    result.memory = memory
    while result.runs.count > most {
      var next = RecordRuns()
      next.memory = memory
      let file = try ScratchFile(in: folder)
      next.file = file
      for first in Swift.stride(from: 0, to: result.runs.count, by: most) {
        var writer = Writer(file)
        let group = result.runs[first..<min(first + most, result.runs.count)]
        try result.merge(Array(group)) { try writer.append($0) }
        next.runs.append(try writer.finish())
      }
      result = next
    }
    return result
  }

  /// Calls `body` with the records ascending by label, parts of one object added up.
  func forEach(_ body: (ObjectRecord) throws -> Void) throws { try merge(runs, body) }

  private func merge(_ runs: [Run], _ body: (ObjectRecord) throws -> Void) throws {
    guard let file else { return }
    let each = memory / max(1, runs.count) / Self.stride
    let buffer = min(Self.mostBuffer, max(Self.leastBuffer, each))
    var readers = runs.map { Reader($0, file: file, buffer: buffer) }
    var heap = Heap()
    for index in readers.indices {
      if let label = try readers[index].label() { heap.push(label, index) }
    }
    var current: ObjectRecord?
    while let (label, index) = heap.first {
      let record = readers[index].take()
      if let next = try readers[index].label() {
        heap.replaceFirst(next, index)
      } else {
        heap.removeFirst()
      }
      if var whole = current {
        if whole.label == label {
          whole.add(record)
          current = whole
          continue
        }
        try body(whole)
      }
      current = record
    }
    if let current { try body(current) }
  }

  /// Appends one run to a file.
  private struct Writer {
    let file: ScratchFile
    private var start: Int
    private var count = 0
    private var buffer: [ObjectRecord] = []

    init(_ file: ScratchFile) {
      self.file = file
      start = file.count
      buffer.reserveCapacity(1 << 10)
    }

    mutating func append(_ record: ObjectRecord) throws {
      buffer.append(record)
      if buffer.count == 1 << 10 { try flush() }
    }

    private mutating func flush() throws {
      try unsafe file.append(buffer.span.bytes)
      count += buffer.count
      buffer.removeAll(keepingCapacity: true)
    }

    mutating func finish() throws -> Run {
      try flush()
      return Run(start: start, count: count)
    }
  }

  /// Reads one run, a buffer at a time.
  private struct Reader {
    private let run: Run
    private let file: ScratchFile
    private let capacity: Int
    private var buffer: [ObjectRecord] = []
    private var place = 0
    private var done = 0

    init(_ run: Run, file: ScratchFile, buffer: Int) {
      self.run = run
      self.file = file
      capacity = buffer
    }

    /// The label of the next record, or nil at the end.
    mutating func label() throws -> UInt64? {
      if place == buffer.count {
        let count = min(capacity, run.count - done)
        guard count > 0 else { return nil }
        try fill(count)
      }
      return buffer[place].label
    }

    /// The next record, whose label was asked for.
    mutating func take() -> ObjectRecord {
      place += 1
      return buffer[place - 1]
    }

    private mutating func fill(_ count: Int) throws {
      if buffer.count != count {
        buffer = Array(
          repeating: ObjectRecord(
            label: 0, voxels: 1, sumZ: 0, sumY: 0, sumX: 0, box: .init(size: .one)), count: count)
      }
      let (file, start) = (file, run.start + done * RecordRuns.stride)
      var records = buffer.mutableSpan
      // Every bit pattern is a record, and these were written as such.
      var bytes = unsafe records.mutableBytes
      try file.read(at: start, into: &bytes)
      done += count
      place = 0
    }
  }

  /// The runs by the label of their next record, the smallest first.
  private struct Heap {
    private var items: [(label: UInt64, run: Int)] = []

    var first: (label: UInt64, run: Int)? { items.first }

    mutating func push(_ label: UInt64, _ run: Int) {
      items.append((label, run))
      var child = items.count - 1
      while child > 0, items[child].label < items[(child - 1) / 2].label {
        items.swapAt(child, (child - 1) / 2)
        child = (child - 1) / 2
      }
    }

    mutating func replaceFirst(_ label: UInt64, _ run: Int) {
      items[0] = (label, run)
      sink()
    }

    mutating func removeFirst() {
      items.swapAt(0, items.count - 1)
      items.removeLast()
      sink()
    }

    private mutating func sink() {
      var parent = 0
      while true {
        var child = 2 * parent + 1
        guard child < items.count else { return }
        if child + 1 < items.count, items[child + 1].label < items[child].label { child += 1 }
        guard items[child].label < items[parent].label else { return }
        items.swapAt(child, parent)
        parent = child
      }
    }
  }
}
