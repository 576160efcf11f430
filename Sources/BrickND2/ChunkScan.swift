internal import BrickFiles

/// Finds chunks without the map (format notes, section 4).
///
/// From each chunk it goes on where the next one begins, which takes one page of each. Where none is there, bytes
/// were lost or added: then the bytes are searched for the next header, from the last chunk's data on, because the
/// next chunk may lie before the end it claims.
struct ChunkScan {
  private let map: MappedFile
  private(set) var directory = ChunkDirectory()
  /// Chunks with less data than they claim.
  private(set) var cutChunks = 0
  /// Pages that were read are given back after this many bytes of file.
  private static let bytesBetweenReleases = 64 << 20

  /// The chunks of the whole file.
  init(_ map: MappedFile) {
    self.map = map
    scan(112..<map.count)
    _ = directory.sortFrames()
  }

  /// The chunks that begin in a range, in which other chunks don't lie.
  init(_ map: MappedFile, in range: Range<Int>) {
    self.map = map
    scan(range)
    _ = directory.sortFrames()
  }

  private mutating func scan(_ range: Range<Int>) {
    let end = range.upperBound
    var released = range.lowerBound
    guard var chunk = first(from: range.lowerBound, searchFrom: range.lowerBound, to: end) else {
      return
    }
    while true {
      let dataEnd = chunk.dataEnd(in: map).flatMap { $0 <= end ? $0 : nil }
      let next =
        if let dataEnd {
          dataEnd >= end
            ? nil : first(from: dataEnd, searchFrom: chunk.dataStart, to: end)
        } else {
          search(chunk.dataStart..<end)
        }
      let isWhole = dataEnd.map { $0 <= next?.offset ?? end } ?? false
      add(
        chunk, byteCount: isWhole ? chunk.claimedBytes : (next?.offset ?? end) - chunk.dataStart,
        state: isWhole || next != nil ? .found : .cut)
      if !isWhole { cutChunks += 1 }
      guard let next else { break }
      if next.offset - released > Self.bytesBetweenReleases {
        map.doneWith(released..<next.offset)
        released = next.offset
      }
      chunk = next
    }
    map.doneWith(released..<end)
  }

  /// The chunk that begins at a place or at the next multiple of the alignment; otherwise the next one by its bytes.
  private func first(from place: Int, searchFrom start: Int, to end: Int) -> Chunk? {
    let aligned = (place + Chunk.alignment - 1) / Chunk.alignment * Chunk.alignment
    for candidate in [place, aligned] where candidate < end {
      if let chunk = Chunk(at: candidate, in: map) { return chunk }
    }
    return search(start..<end)
  }

  /// The first chunk whose magic number lies in a range.
  private func search(_ range: Range<Int>) -> Chunk? {
    let step = 4096
    var place = range.lowerBound
    var released = place
    while place < range.upperBound {
      let end = min(place + step, range.upperBound)
      if hasMagic(place..<min(end + 3, map.count)) {
        for offset in place..<end where map.byte(at: offset) == 0xDA {
          if let chunk = Chunk(at: offset, in: map) { return chunk }
        }
      }
      place = end
      if place - released > Self.bytesBetweenReleases {
        map.doneWith(released..<place)
        released = place
      }
    }
    return nil
  }

  /// Whether the first two bytes of the magic number occur: a loop without exit, which is vectorised.
  private func hasMagic(_ range: Range<Int>) -> Bool {
    let bytes = map.bytes.extracting(range)
    var found: UInt8 = 0
    for index in 0..<max(0, bytes.byteCount - 1) {
      let first = unsafe bytes.unsafeLoad(fromUncheckedByteOffset: index, as: UInt8.self)
      let second = unsafe bytes.unsafeLoad(fromUncheckedByteOffset: index + 1, as: UInt8.self)
      found |= (first == 0xDA ? 1 : 0) & (second == 0xCE ? 1 : 0)
    }
    return found != 0
  }

  private mutating func add(_ chunk: Chunk, byteCount: Int, state: FrameEntry.State) {
    if let number = chunk.frameNumber(in: map) {
      directory.frames.append(
        FrameEntry(number: number, state: state, place: chunk.dataStart, byteCount: byteCount))
      return
    }
    let name = chunk.name(in: map)
    if ChunkDirectory.isOfUse(name) && byteCount == chunk.claimedBytes {
      directory.keep(name, at: chunk.offset)
    }
  }
}
