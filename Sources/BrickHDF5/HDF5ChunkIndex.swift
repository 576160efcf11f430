public import BrickCore
internal import CHDF5

/// Where a stored chunk lies in its file.
public struct HDF5ChunkPlace: Sendable, Hashable {
  /// The chunk's first voxel.
  public var origin: Index3
  /// The chunk's bytes in the file.
  public var range: Range<Int>
  /// A bit for each filter that the chunk has not passed.
  public var skippedFilters: UInt32
}

/// Reads the index of a dataset's chunks out of the bytes of a file.
///
/// The library before 1.14 has no way to list n chunks in less than n² steps, so the index of files in the usual form
/// is read here: a version 1 B-tree below a version 1 object header, what HDF5 writes unless it is asked for its latest
/// format, and what every writer of BigDataViewer files does.
/// Format: HDF5 file format specification, sections III.A.1 and IV.A.
struct HDF5ChunkIndex {
  private let rank = 3
  private let dataset: HDF5Place
  private static let undefined = UInt64.max
  /// Deeper trees would hold more chunks than there are bytes.
  private static let mostDepth = 16

  init(_ dataset: HDF5Place) { self.dataset = dataset }

  /// Calls `body` with every chunk of the dataset whose object header begins at `address`.
  ///
  /// - Returns: false where the file has another form; nothing was called then.
  func forEachChunk(
    in file: RawSpan, header address: UInt64, _ body: (HDF5ChunkPlace) throws -> Void
  ) throws -> Bool {
    guard Self.isUsual(file), let root = try tree(in: file, header: address) else { return false }
    var nodes = 0
    if root != Self.undefined { try visit(root, file, level: nil, &nodes, body) }
    return true
  }

  /// Whether the superblock is of version 0 at the file's start, with numbers of eight bytes.
  private static func isUsual(_ file: RawSpan) -> Bool {
    let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 0]
    guard file.byteCount >= 96, (0..<9).allSatisfy({ file.byte(at: $0) == signature[$0] }) else {
      return false
    }
    return file.byte(at: 13) == 8 && file.byte(at: 14) == 8 && file.number(at: 24, 8) == 0
  }

  /// The address of the B-tree that the dataset's layout message names; nil for another kind of layout or header.
  private func tree(in file: RawSpan, header address: UInt64) throws -> UInt64? {
    var blocks: [Range<Int>] = []
    let start = try place(address, 16, file)
    guard file.byte(at: start) == 1 else { return nil }
    var messages = Int(file.number(at: start + 2, 2))
    blocks.append(try block(address + 16, file.number(at: start + 8, 4), file))
    while let block = blocks.popLast() {
      var at = block.lowerBound
      while at + 8 <= block.upperBound && messages > 0 {
        messages -= 1
        let kind = file.number(at: at, 2)
        let size = Int(file.number(at: at + 2, 2))
        guard size <= block.upperBound - at - 8 else { throw damaged("a header message is cut") }
        let body = at + 8
        if kind == 0x10, size >= 16 {
          blocks.insert(
            try self.block(file.number(at: body, 8), file.number(at: body + 8, 8), file), at: 0)
        } else if kind == 8, size >= 11 {
          guard file.byte(at: body) == 3, file.byte(at: body + 1) == 2,
            Int(file.byte(at: body + 2)) == rank + 1
          else { return nil }
          return file.number(at: body + 3, 8)
        }
        at = body + size
      }
    }
    return nil
  }

  private func visit(
    _ address: UInt64, _ file: RawSpan, level above: Int?, _ nodes: inout Int,
    _ body: (HDF5ChunkPlace) throws -> Void
  ) throws {
    // A node takes 24 bytes at least.
    nodes += 1
    guard nodes <= file.byteCount / 24 else {
      throw damaged("the index of chunks names a node more than once")
    }
    let start = try place(address, 24, file)
    let level = Int(file.byte(at: start + 5))
    let count = Int(file.number(at: start + 6, 2))
    let keyBytes = 8 + 8 * (rank + 1)
    let signature = Array("TREE".utf8)
    guard (0..<4).allSatisfy({ file.byte(at: start + $0) == signature[$0] }),
      file.byte(at: start + 4) == 1, above.map({ level == $0 - 1 }) ?? (level < Self.mostDepth)
    else { throw damaged("the index of chunks is no tree at byte \(address)") }
    _ = try place(address, 24 + UInt64(count * (keyBytes + 8)), file)
    for entry in 0..<count {
      let key = start + 24 + entry * (keyBytes + 8)
      let child = file.number(at: key + keyBytes, 8)
      if level > 0 {
        try visit(child, file, level: level, &nodes, body)
        continue
      }
      let size = file.number(at: key, 4)
      let first = try place(child, size, file)
      let origin = (0..<rank).map { Int(clamping: file.number(at: key + 8 + 8 * $0, 8)) }
      try body(
        HDF5ChunkPlace(
          origin: Index3(z: origin[0], y: origin[1], x: origin[2]),
          range: first..<first + Int(size),
          skippedFilters: UInt32(file.number(at: key + 4, 4))))
    }
  }

  private func block(_ address: UInt64, _ count: UInt64, _ file: RawSpan) throws -> Range<Int> {
    let start = try place(address, count, file)
    return start..<start + Int(count)
  }

  /// The place of `count` bytes that have to be in the file.
  private func place(_ address: UInt64, _ count: UInt64, _ file: RawSpan) throws -> Int {
    let (end, overflow) = address.addingReportingOverflow(count)
    guard !overflow, end <= UInt64(file.byteCount) else {
      throw damaged("\(count) bytes from \(address) on end past the file's \(file.byteCount)")
    }
    return Int(address)
  }

  private func damaged(_ reason: String) -> BrickworkError { dataset.damaged(reason) }
}

extension RawSpan {
  fileprivate func byte(at place: Int) -> UInt8 {
    unsafe unsafeLoad(fromByteOffset: place, as: UInt8.self)
  }

  /// A little-endian number of so many bytes.
  fileprivate func number(at place: Int, _ count: Int) -> UInt64 {
    (0..<count).reduce(0) { $0 | UInt64(byte(at: place + $1)) << UInt64(8 * $1) }
  }
}

extension HDF5Dataset {
  /// Calls `body` with the place of every stored chunk; none for a dataset in one piece.
  ///
  /// - Parameter bytes: All bytes of the file, which nobody is writing.
  /// - Throws: `BrickworkError` with code `.unsupportedInput` for a file in another form that has too many chunks.
  public func forEachChunk(in bytes: RawSpan, _ body: (HDF5ChunkPlace) throws -> Void) throws {
    guard chunk != nil else { return }
    let place = file.place(name)
    let header = try HDF5Library.locked { () throws(BrickworkError) -> UInt64 in
      var (kind, number, address): (Int32, UInt, UInt64) = (0, 0, 0)
      try place.check(
        unsafe chdf5_identify(id(), &kind, &number, &address), "find the dataset's header")
      return address
    }
    if try HDF5ChunkIndex(place).forEachChunk(in: bytes, header: header, body) { return }
    try forEachChunkOfLibrary(place, body)
  }

  /// The same by the library, in a time that grows with the square of the number of chunks.
  private func forEachChunkOfLibrary(
    _ place: HDF5Place, _ body: (HDF5ChunkPlace) throws -> Void
  ) throws {
    let places = try HDF5Library.locked { () throws(BrickworkError) -> [HDF5ChunkPlace] in
      let dataset = try id()
      let space = try place.own(H5Dget_space(dataset), "read the shape", closer: H5Sclose)
      var count: hsize_t = 0
      try place.check(unsafe H5Dget_num_chunks(dataset, space.id, &count), "count the chunks")
      guard count <= 20_000 else {
        throw BrickworkError(
          .unsupportedInput, path: file.path, place: name,
          reason:
            "has \(count) chunks in a form of HDF5 whose index can't be read in a useful time",
          remedy: "Rewrite the file in the earliest format: h5repack IN.h5 OUT.h5")
      }
      var places: [HDF5ChunkPlace] = []
      for number in 0..<count {
        var offset: [hsize_t] = [0, 0, 0]
        var (mask, address, size): (UInt32, haddr_t, hsize_t) = (0, 0, 0)
        try place.check(
          unsafe H5Dget_chunk_info(dataset, space.id, number, &offset, &mask, &address, &size),
          "find chunk \(number)")
        let start = Int(clamping: address)
        places.append(
          HDF5ChunkPlace(
            origin: Index3(z: Int(offset[0]), y: Int(offset[1]), x: Int(offset[2])),
            range: start..<start + Int(clamping: size), skippedFilters: mask))
      }
      return places
    }
    try places.forEach(body)
  }

  /// Whether the dataset lies in its file itself, not in another one that a link names.
  public func isIn(_ other: HDF5File) throws -> Bool {
    try HDF5Library.locked { () throws(BrickworkError) in
      let place = file.place(name)
      var (kind, own, address): (Int32, UInt, UInt64) = (0, 0, 0)
      try place.check(unsafe chdf5_identify(id(), &kind, &own, &address), "find the dataset")
      var root: UInt = 0
      try place.check(
        unsafe chdf5_identify(other.id(), &kind, &root, &address), "find the root group")
      return own == root
    }
  }
}
