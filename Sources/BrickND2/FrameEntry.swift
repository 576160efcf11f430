/// Where a frame's chunk lies, as far as that is known.
struct FrameEntry: Sendable {
  /// How much of it was checked.
  enum State: UInt8, Sendable {
    /// The map says so: `place` is where the chunk shall begin.
    case listed
    /// The chunk is there: `place` is where its data begin, with the time stamp.
    case found
    /// It is there as far as the file's end.
    case cut
    /// Bytes are missing from its chunk: what follows doesn't lie where it should.
    case torn
    /// The map names it, but it is nowhere.
    case lost
  }

  var number: UInt32
  var state: State
  var place: Int
  /// Bytes of data: the map's word while it is `listed`, of which some are in no file, later those there are.
  var byteCount: Int
}

/// Frames and chunks of metadata by name.
struct ChunkDirectory: Sendable {
  /// In the order of their numbers, each once.
  var frames: [FrameEntry] = []
  /// Chunks of metadata, each at the last place that is known for its name; names with their `!`.
  var chunks: [String: Int] = [:]

  /// Whether a chunk's place is worth keeping: names come by the million, these don't.
  static func isOfUse(_ name: String) -> Bool {
    name.utf8.count <= 80
      && (name.hasPrefix("Image") || name.hasPrefix("CustomData|")
        || name.hasPrefix("CustomDataVar|"))
  }
  /// More chunks of metadata than this are not kept; some dozens are usual.
  static let mostChunks = 4096

  mutating func keep(_ name: String, at offset: Int) {
    guard chunks.count < Self.mostChunks || chunks[name] != nil else { return }
    chunks[name] = offset
  }

  /// Puts the frames in order; of those with the same number the last one that was added stays.
  ///
  /// - Returns: the numbers that occurred several times, with all their entries.
  mutating func sortFrames() -> [UInt32: [FrameEntry]] {
    var isSorted = true
    for index in frames.indices.dropFirst() where frames[index].number <= frames[index - 1].number {
      isSorted = false
      break
    }
    if isSorted { return [:] }
    // The usual order is by name, backwards: sorting by number and place of addition puts it right.
    let order = frames.indices.sorted {
      let (a, b) = (frames[$0].number, frames[$1].number)
      return a == b ? $0 < $1 : a < b
    }
    var sorted: [FrameEntry] = []
    sorted.reserveCapacity(frames.count)
    var repeated: [UInt32: [FrameEntry]] = [:]
    for index in order {
      let frame = frames[index]
      if let last = sorted.last, last.number == frame.number {
        repeated[frame.number, default: [last]].append(frame)
        sorted[sorted.count - 1] = frame
      } else {
        sorted.append(frame)
      }
    }
    frames = sorted
    return repeated
  }

  /// The place of a frame in `frames`.
  func index(ofFrame number: Int) -> Int? {
    var low = 0
    var high = frames.count
    // Frames are usually numbered without gaps.
    if number < high, number >= 0, frames[number].number == number { return number }
    while low < high {
      let middle = (low + high) / 2
      if frames[middle].number < number { low = middle + 1 } else { high = middle }
    }
    return low < frames.count && frames[low].number == number ? low : nil
  }
}
