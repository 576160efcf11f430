internal import BrickFiles

/// Looks for frames that are stored but not in the map, where it leaves room for them.
enum FrameGaps {
  /// Adds to the directory the frames between the chunks it lists, and returns how many were found.
  ///
  /// Frames that were never taken are missing in good files too: only a gap that could hold a frame is looked
  /// at, so that the frames themselves are not touched.
  static func search(
    _ directory: inout ChunkDirectory, map: MappedFile, layout: FrameLayout
  ) -> Int {
    let smallest =
      Chunk.headerBytes + 16 + FrameLayout.stampBytes
      + (layout.isCompressed ? 8 : layout.frameBytes)
    var chunks: [(place: Int, end: Int)] = directory.frames.compactMap { frame in
      guard frame.state == .listed, frame.place < map.count else { return nil }
      let room = map.count - frame.place - Chunk.headerBytes
      // Where the map repeats the offset instead of the size, the size is that of all frames.
      let isSize = frame.byteCount <= room && frame.byteCount != frame.place
      let bytes = isSize ? frame.byteCount : layout.isCompressed ? 0 : layout.frameBytes
      return (frame.place, frame.place + Chunk.headerBytes + min(bytes, max(0, room)))
    }
    for offset in directory.chunks.values where offset < map.count {
      if let chunk = Chunk(at: offset, in: map) {
        chunks.append((offset, chunk.dataEnd(in: map) ?? map.count))
      }
    }
    chunks.sort { $0.place < $1.place }
    var found: [FrameEntry] = []
    for (index, chunk) in chunks.enumerated() {
      let next = index + 1 < chunks.count ? chunks[index + 1].place : map.count
      guard next - chunk.end >= smallest, let here = Chunk(at: chunk.place, in: map),
        let end = here.dataEnd(in: map), end < next
      else { continue }
      let scan = ChunkScan(map, in: end..<next)
      found += scan.directory.usableFrames(layout).filter {
        directory.index(ofFrame: Int($0.number)) == nil
      }
    }
    if let first = chunks.first, first.place > 4096 {
      found += ChunkScan(map, in: 112..<first.place).directory.usableFrames(layout).filter {
        directory.index(ofFrame: Int($0.number)) == nil
      }
    }
    directory.frames += found
    _ = directory.sortFrames()
    return found.count
  }
}
