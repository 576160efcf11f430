internal import BrickFiles

/// The list of chunks at the file's end (format notes, section 3): a hint, of which every use is checked.
enum ChunkMap {
  private static let tailBytes = 40

  /// What the map says; nil where there is none or it is damaged, so that the file must be scanned.
  ///
  /// No frame is touched.
  static func read(_ map: MappedFile) -> ChunkDirectory? {
    let tail = map.count - tailBytes
    guard map.matches("ND2 CHUNK MAP SIGNATURE 0000001!", at: tail),
      let offset = map.number(at: tail + 32, width: 8), offset < tail,
      let chunk = Chunk(at: offset, in: map), let end = chunk.dataEnd(in: map),
      map.matches("ND2 FILEMAP SIGNATURE NAME 0001!", at: offset + Chunk.headerBytes)
    else { return nil }
    defer { map.doneWith(offset..<end) }
    map.willNeed(offset..<end)
    var directory = ChunkDirectory()
    var place = chunk.dataStart
    while true {
      guard let nameBytes = Chunk.nameBytes(at: place, limit: end, in: map) else { return nil }
      if map.matches("ND2 CHUNK MAP SIGNATURE 0000001!", at: place) { break }
      let numbers = place + nameBytes
      guard numbers <= end - 16 else { return nil }
      // Offsets and sizes that don't fit into 63 bits are as wrong as others past the end.
      let target = map.number(at: numbers, width: 8) ?? .max
      let size = map.number(at: numbers + 8, width: 8) ?? .max
      if let number = Chunk.frameNumber(at: place, nameBytes: nameBytes, in: map) {
        directory.frames.append(
          FrameEntry(number: number, state: .listed, place: target, byteCount: size))
      } else if !map.matches("CustomDataSeq|", at: place) {
        let name = String(decoding: map.copy(of: place..<numbers), as: UTF8.self)
        if ChunkDirectory.isOfUse(name) { directory.keep(name, at: target) }
      }
      place = numbers + 16
    }
    let repeated = directory.sortFrames()
    // A number that is listed twice means what lies at its places.
    for (number, entries) in repeated {
      guard let index = directory.index(ofFrame: Int(number)) else { continue }
      let right = entries.last { Chunk.isFrame(number, at: $0.place, in: map) }
      if let right { directory.frames[index] = right }
    }
    return directory
  }
}

extension Chunk {
  /// Whether the chunk of a frame begins at a place.
  static func isFrame(_ number: UInt32, at offset: Int, in map: MappedFile) -> Bool {
    Chunk(at: offset, in: map)?.frameNumber(in: map) == number
  }
}
