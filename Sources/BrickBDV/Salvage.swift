internal import BrickCore
internal import BrickFiles
internal import BrickHDF5

/// Moves whole chunks out of the files of killed runs into a new one, without encoding them again.
///
/// A killed run leaves HDF5 metadata half-written, so its file is never opened as HDF5: the journal says where each
/// chunk lies, and its checksum whether all of it got there. Room is given back on the way, batch by batch and only
/// when the copies are durable: a disk that was full before has enough, and a kill at any instant loses no chunk.
struct Salvage {
  private let unfinished: UnfinishedFile
  private let parts: BDVFileWriter.Parts
  private let table: ChunkTable
  /// The first voxels of chunks follow from these.
  private let grids: [BrickGrid]
  /// Bytes that are moved before their room is given back.
  private static let batch = 16 << 20

  init(_ unfinished: UnfinishedFile, _ parts: BDVFileWriter.Parts, _ table: ChunkTable) {
    self.unfinished = unfinished
    self.parts = parts
    self.table = table
    grids = parts.datasets.map { BrickGrid(size: $0.size, brick: $0.chunk ?? $0.size) }
  }

  /// Moves what the files hold, and deletes them.
  ///
  /// - Returns: how many chunks were taken over, empty ones included.
  /// - Throws: `BrickworkError` if the disk is full, `CancellationError`; nothing is lost then.
  func take(_ files: [String]) throws -> Int {
    for file in files {
      do {
        try move(RandomAccessFile(file), UnfinishedFile.journal(of: file))
      } catch var error as BrickworkError {
        if error.isFullDisk {
          error.path = unfinished.path
          error.remedy = "Free some space and run the same command again: nothing was lost"
        }
        throw error
      }
      try unfinished.delete(file)
    }
    return table.known
  }

  private func move(_ file: RandomAccessFile, _ journal: String) throws {
    guard let reading = unfinished.reading(journal) else { return }
    var moved: [Range<Int>] = []
    var bytes = 0
    try reading.forEachRecord { record in
      guard let record = ChunkRecord(record),
        table.contains(Int(record.dataset), Int(clamping: record.chunk)),
        table.content(Int(record.dataset), Int(record.chunk)) == .unknown
      else { return }
      switch record.kind {
      case .sealed: return
      case .empty:
        try parts.journal?.append(record.bytes)
        table.set(Int(record.dataset), Int(record.chunk), .empty)
      case .stored:
        guard let range = try move(record, from: file) else { return }
        moved.append(range)
        bytes += range.count
      }
      if bytes >= Self.batch {
        try giveBack(moved, of: file)
        moved = []
        bytes = 0
        try Task.checkCancellation()
      }
    }
    try giveBack(moved, of: file)
  }

  /// Copies a chunk; nil if its bytes are not what they were.
  private func move(_ record: ChunkRecord, from file: RandomAccessFile) throws -> Range<Int>? {
    let start = Int(clamping: record.address)
    let (end, overflow) = start.addingReportingOverflow(Int(record.size))
    guard !overflow, record.size > 0, end <= file.count, let bytes = try file.bytes(start..<end),
      unsafe CRC32C.checksum(bytes.span.bytes) == record.checksum
    else { return nil }
    let dataset = Int(record.dataset)
    let grid = grids[dataset]
    try parts.store(
      bytes, record.skippedFilters, dataset, Int(record.chunk),
      at: grid.index(at: Int(record.chunk)) * grid.brick, checksum: record.checksum)
    table.set(dataset, Int(record.chunk), .stored)
    return start..<end
  }

  /// Gives the room of chunks back when their copies are durable.
  private func giveBack(_ ranges: [Range<Int>], of file: RandomAccessFile) throws {
    try parts.behind.flush(path: unfinished.partial)
    try parts.journal?.flush()
    for range in joined(ranges) { file.giveBack(range) }
  }

  /// Ranges that touch become one, so that whole pages of the disk come free.
  private func joined(_ ranges: [Range<Int>]) -> [Range<Int>] {
    var joined: [Range<Int>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = joined.last, last.upperBound == range.lowerBound {
        joined[joined.count - 1] = last.lowerBound..<range.upperBound
      } else {
        joined.append(range)
      }
    }
    return joined
  }
}
