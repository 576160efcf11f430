internal import BrickFiles

/// Finds chunks without the map (format notes, section 4).
///
/// From each chunk it goes on where the next one begins, which takes one page of each. Where none is there, bytes
/// were lost or added: then the bytes are searched for the next header, from the last chunk's data on, because the
/// next chunk may lie before the end it claims.
struct ChunkScan {
  private let map: MappedFile
  private(set) var directory = ChunkDirectory()
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
    guard var chunk = first(range.lowerBound, after: nil, before: end) ?? search(range) else {
      return
    }
    // Programs align all chunks or none.
    let isAligned = chunk.offset.isMultiple(of: Chunk.alignment)
    while true {
      let dataEnd = chunk.dataEnd(in: map).flatMap { $0 <= end ? $0 : nil }
      var next: Chunk?
      var isTorn = false
      if let dataEnd, dataEnd < end { next = first(dataEnd, after: chunk.offset, before: end) }
      if next == nil && dataEnd != end {
        next = search(min(chunk.dataStart, end)..<end)
        isTorn =
          isAligned
          && next.map { !($0.offset - chunk.offset).isMultiple(of: Chunk.alignment) } ?? false
      }
      add(chunk, dataEnd: dataEnd, next: next?.offset, end: end, isTorn: isTorn)
      guard let following = next else { break }
      if following.offset - released > Self.bytesBetweenReleases {
        map.doneWith(released..<following.offset)
        released = following.offset
      }
      chunk = following
    }
    map.doneWith(released..<end)
  }

  /// The chunk that begins at a place, or where the alignment lets the next one begin: in the file's pages, or by the
  /// chunk before where bytes are missing further ahead.
  private func first(_ place: Int, after previous: Int?, before end: Int) -> Chunk? {
    func aligned(_ start: Int) -> Int {
      start + (place - start + Chunk.alignment - 1) / Chunk.alignment * Chunk.alignment
    }
    for candidate in [place, aligned(0), aligned(previous ?? 0)] where candidate < end {
      if let chunk = Chunk(at: candidate, in: map) { return chunk }
    }
    return nil
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

  private mutating func add(_ chunk: Chunk, dataEnd: Int?, next: Int?, end: Int, isTorn: Bool) {
    let isWhole = dataEnd.map { $0 <= next ?? end } ?? false
    if let number = chunk.frameNumber(in: map) {
      directory.frames.append(
        FrameEntry(
          number: number, state: isTorn ? .torn : isWhole || next != nil ? .found : .cut,
          place: chunk.dataStart,
          byteCount: isWhole ? chunk.claimedBytes : max(0, (next ?? end) - chunk.dataStart)))
      return
    }
    guard isWhole else { return }
    let name = chunk.name(in: map)
    if ChunkDirectory.isOfUse(name) { directory.keep(name, at: chunk.offset) }
  }
}
