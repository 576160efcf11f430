internal import BrickCore
internal import BrickFiles
internal import Synchronization

/// The frames of a file, each checked when it is first used.
///
/// Opening believes the map, except for a sample, so that no frame's page is touched. A frame that is not where
/// the map says makes the file be searched, once; what is found then replaces the map.
final class FrameTable: Sendable {
  /// What there is of a frame.
  enum Frame: Sendable {
    /// It was never taken, or is not in the file: its voxels are zeros.
    case missing
    /// Its rows begin here, and are all in the file.
    case rows(Int)
    /// Its zlib stream.
    case stream(Range<Int>)
  }

  private struct State: Sendable {
    var directory: ChunkDirectory
    var wasScanned: Bool
  }
  private let map: MappedFile
  private let layout: FrameLayout
  private let state: Mutex<State>

  init(_ directory: ChunkDirectory, wasScanned: Bool, map: MappedFile, layout: FrameLayout) {
    self.map = map
    self.layout = layout
    state = Mutex(State(directory: directory, wasScanned: wasScanned))
  }

  /// What there is of a frame, whose chunk is checked.
  ///
  /// - Throws: `BrickworkError` (`.damagedInput`) naming the frame if it was there once and can't be read.
  func frame(_ number: Int) throws -> Frame {
    let entry = state.withLock { state -> FrameEntry? in
      guard let index = state.directory.index(ofFrame: number) else { return nil }
      if state.directory.frames[index].state != .listed { return state.directory.frames[index] }
      if state.directory.check(frameAt: index, in: map) { return state.directory.frames[index] }
      if !state.wasScanned {
        state.wasScanned = true
        state.directory.merge(ChunkScan(map).directory, layout: layout)
      }
      guard let place = state.directory.index(ofFrame: number) else { return nil }
      if state.directory.frames[place].state == .listed {
        state.directory.frames[place].state = .lost
      }
      return state.directory.frames[place]
    }
    guard let entry else { return .missing }
    guard entry.state == .found else {
      throw damaged(
        number, "is listed in the chunk map, but neither there nor elsewhere in the file")
    }
    return try content(of: entry)
  }

  private func content(of entry: FrameEntry) throws -> Frame {
    let start = entry.place + FrameLayout.stampBytes
    let count = entry.byteCount - FrameLayout.stampBytes
    let needed = layout.frameBytes
    // Where flag and bytes disagree, the bytes are right.
    if layout.isCompressed ? count == needed && !isStream(start, count) : count >= needed {
      return .rows(start)
    }
    guard layout.isCompressed || isStream(start, count), count > 0 else {
      throw damaged(
        Int(entry.number), "holds \(max(0, count)) bytes of pixels where \(needed) belong")
    }
    return .stream(start..<start + count)
  }

  /// Whether bytes begin like a zlib stream (RFC 1950): deflate with a window of at most 32 KiB, header divisible by 31.
  private func isStream(_ start: Int, _ count: Int) -> Bool {
    guard count > 6 else { return false }
    let (first, second) = (Int(map.byte(at: start)), Int(map.byte(at: start + 1)))
    return first & 0x0F == 8 && first >> 4 <= 7 && (first << 8 | second) % 31 == 0
  }

  func damaged(_ number: Int, _ reason: String) -> BrickworkError {
    BrickworkError(
      .damagedInput, path: map.path, place: "frame \(number)", reason: reason,
      remedy: "Restore the file from a copy; its other frames can be read")
  }

  /// About where a frame's bytes lie, without looking at the file: for advice to the kernel.
  func range(ofFrame number: Int) -> Range<Int> {
    let entry = state.withLock { state in
      state.directory.index(ofFrame: number).map { state.directory.frames[$0] }
    }
    guard let entry, entry.state == .listed || entry.state == .found, entry.place < map.count else {
      return 0..<0
    }
    let start = entry.place
    let header = entry.state == .listed ? 2 * Chunk.alignment : 0
    // In some old files the map's size is another number.
    let bytes = layout.isCompressed ? entry.byteCount : layout.frameBytes + FrameLayout.stampBytes
    let room = map.count - start
    return start..<start + min(room, header + min(room, bytes))
  }

  /// The most bytes a stored frame has.
  var largestFrame: Int {
    state.withLock { state in
      state.directory.frames.reduce(0) { $1.byteCount < map.count ? max($0, $1.byteCount) : $0 }
    }
  }
}

extension ChunkDirectory {
  /// Checks that a frame's chunk is where the map says, and notes where its data lie.
  mutating func check(frameAt index: Int, in map: MappedFile) -> Bool {
    let entry = frames[index]
    guard entry.place < map.count, let chunk = Chunk(at: entry.place, in: map),
      chunk.frameNumber(in: map) == entry.number
    else { return false }
    let room = map.count - chunk.dataStart
    // The header knows best, unless what it says is impossible.
    let count = [chunk.claimedBytes, entry.byteCount, room].first { $0 <= room } ?? room
    frames[index] = FrameEntry(
      number: entry.number, state: .found, place: chunk.dataStart, byteCount: count)
    return true
  }

  /// Takes in what a search of the file found.
  ///
  /// Frames that were checked before and are not found stay; those that were only listed stay listed.
  mutating func merge(_ scan: ChunkDirectory, layout: FrameLayout) {
    let found = scan.usableFrames(layout)
    frames += found
    _ = sortFrames()
    for (name, offset) in scan.chunks { keep(name, at: offset) }
  }

  /// The frames without those that the file's end cuts.
  func usableFrames(_ layout: FrameLayout) -> [FrameEntry] {
    frames.compactMap { frame in
      guard frame.state == .cut else { return frame }
      guard !layout.isCompressed, frame.byteCount - FrameLayout.stampBytes >= layout.frameBytes
      else { return nil }
      var whole = frame
      whole.state = .found
      return whole
    }
  }
}
