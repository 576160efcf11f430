public import BrickCore
internal import CHDF5

/// A three-dimensional dataset of voxels, axes z, y, x, in an open file.
///
/// Chunks are written as they stand in the file, compressed by the caller outside the library's lock.
public final class HDF5Dataset: @unchecked Sendable {
  // @unchecked: `handle` is touched only under the library's lock, the rest is set once.
  /// The file, which stays open as long as this.
  public let file: HDF5File
  /// The name in the file, "/t00000/s00/0/cells".
  public let name: String
  /// The type of the voxels as they are stored.
  public let type: VoxelType
  /// Voxels along z, y, x.
  public let size: Index3
  /// Voxels of a chunk; nil where the voxels are stored in one piece.
  public let chunk: Index3?
  /// What chunks pass on their way into the file, in this order.
  public let filters: [HDF5Filter]
  /// Undoes the filters outside the library's lock; nil where only the library can.
  private let decoder: ChunkDecoder?
  private var handle: HDF5Handle

  init(
    file: HDF5File, name: String, handle: consuming HDF5Handle, type: VoxelType, size: Index3,
    chunk: Index3?, filters: [HDF5Filter], decoder: ChunkDecoder?
  ) {
    self.file = file
    self.name = name
    self.handle = handle
    self.type = type
    self.size = size
    self.chunk = chunk
    self.filters = filters
    self.decoder = decoder
  }

  deinit {
    HDF5Library.locked {
      if file.hasFailed { handle.forget() }
      _ = handle.close()
    }
  }

  /// Closes the dataset; nothing can be read or written afterwards.
  public func close() throws {
    try file.writing { () throws(BrickworkError) in
      try file.place(name).check(handle.close(), "close the dataset")
    }
  }

  /// Whether the stored bytes of a voxel are in the order that the processor has not.
  public var isByteSwapped: Bool { decoder?.isByteSwapped ?? false }

  /// Whether chunks that reach past the end pass no filter.
  public var leavesEdgesRaw: Bool { decoder?.leavesEdgesRaw ?? false }

  func id() throws(BrickworkError) -> hid_t {
    guard handle.isOpen else {
      throw BrickworkError(
        .badRequest, path: file.path, place: name, reason: "the dataset is closed already")
    }
    return handle.id
  }

  /// Stores a chunk that has passed the filters already, except those whose bit is set in `skippedFilters`
  /// (bit 0 is the first).
  ///
  /// - Parameter origin: The chunk's first voxel, a multiple of the chunk's size.
  /// - Returns: where the file ended before and after. In a file of `HDF5File(creating:)` the bytes of a new chunk
  ///   begin where it ended before, or end where it ends now; the library promises neither.
  @discardableResult
  public func write(
    rawChunk bytes: RawSpan, at origin: Index3, skippedFilters: UInt32 = 0
  ) throws -> (before: Int, after: Int) {
    precondition(
      Box3(size: size).contains(Box3(origin: origin, size: .one)), "A chunk lies in its dataset")
    let offset = origin.components.map { hsize_t($0) }
    return try file.writing { () throws(BrickworkError) in
      let dataset = try id()
      let place = file.place("\(name), chunk at \(origin)")
      var (before, after): (haddr_t, haddr_t) = (0, 0)
      try place.check(unsafe H5Fget_eoa(file.id(), &before), "learn the file's size")
      let result = unsafe bytes.withUnsafeBytes {
        unsafe H5Dwrite_chunk(
          dataset, chdf5_default(), skippedFilters, offset, $0.count, $0.baseAddress)
      }
      try place.check(result, "write \(bytes.byteCount) bytes")
      try place.check(unsafe H5Fget_eoa(file.id(), &after), "learn the file's size")
      return (Int(clamping: before), Int(clamping: after))
    }
  }

  /// Fills a block, whose box lies in the dataset and whose type is the dataset's.
  ///
  /// Chunks never written are zero. Chunks are decoded outside the library's lock where their filters allow.
  /// - Throws: `BrickworkError` with the dataset and the box, in the library's words, if that fails.
  public func read(into block: inout VoxelBlock) throws {
    precondition(block.type == type, "The dataset holds \(type), not \(block.type)")
    precondition(Box3(size: size).contains(block.box), "A box lies in its dataset")
    guard !block.box.isEmpty else { return }
    guard let chunk, let decoder else { return try readByLibrary(into: &block) }
    let grid = BrickGrid(size: size, brick: chunk)
    var decoded = VoxelBlock()
    try grid.indices(intersecting: block.box).forEachPosition { index in
      if try decode(index * chunk, chunk, decoder, into: &decoded) {
        block.copy(from: VoxelView(decoded))
      } else {
        clear(grid.box(at: index), &block)
      }
    }
  }

  /// Makes `block` the whole chunk whose first voxel is `origin`, also past the dataset's end.
  ///
  /// - Returns: false, and a block of nothing, if the chunk was never written.
  /// - Throws: `BrickworkError` with code `.unsupportedInput` if it passed a filter that nothing here can undo, or
  ///   there are no chunks; `.damagedInput` if it can't be decoded.
  public func readChunk(at origin: Index3, into block: inout VoxelBlock) throws -> Bool {
    let (chunk, decoder) = try chunksAndDecoder()
    return try decode(origin, chunk, decoder, into: &block)
  }

  /// Whether the chunk whose first voxel is `origin` was ever written.
  public func hasChunk(at origin: Index3) -> Bool {
    HDF5Library.locked {
      var size: hsize_t = 0
      guard let dataset = try? id() else { return false }
      let offset = origin.components.map { hsize_t($0) }
      return unsafe H5Dget_chunk_storage_size(dataset, offset, &size) >= 0 && size > 0
    }
  }

  /// Makes `block` the whole chunk whose first voxel is `origin`, out of bytes that have passed the filters.
  ///
  /// - Throws: `BrickworkError` as `readChunk(at:into:)`.
  public func decode(
    rawChunk bytes: RawSpan, at origin: Index3, skippedFilters: UInt32, into block: inout VoxelBlock
  ) throws {
    let (chunk, decoder) = try chunksAndDecoder()
    block.reshape(to: Box3(origin: origin, size: chunk), type: type)
    try decoder.decode(
      bytes, mask: skippedFilters, isPartial: !Box3(size: size).contains(block.box), into: &block,
      file.place("\(name), chunk at \(origin)"))
  }

  private func chunksAndDecoder() throws -> (Index3, ChunkDecoder) {
    guard let chunk, let decoder else {
      throw BrickworkError(
        .unsupportedInput, path: file.path, place: name,
        reason: chunk == nil
          ? "is stored in one piece, not in chunks"
          : "is compressed with \(filters.map(\.words).joined(separator: ", ")), which can't be undone here",
        remedy: "Resave the file with deflate")
    }
    return (chunk, decoder)
  }

  private func decode(
    _ origin: Index3, _ chunk: Index3, _ decoder: ChunkDecoder, into block: inout VoxelBlock
  ) throws -> Bool {
    let place = file.place("\(name), chunk at \(origin)")
    let raw = try HDF5Library.locked { () throws(BrickworkError) in
      try HDF5RawChunk.read(
        id(), at: origin.components.map { hsize_t($0) }, most: decoder.mostStoredBytes, place)
    }
    let mask = raw.mask
    guard let stored = raw.block else { return false }
    block.reshape(to: Box3(origin: origin, size: chunk), type: type)
    let isPartial = !Box3(size: size).contains(block.box)
    try decoder.decode(stored.bytes, mask: mask, isPartial: isPartial, into: &block, place)
    return true
  }

  private func clear(_ box: Box3, _ block: inout VoxelBlock) {
    let row = [UInt8](repeating: 0, count: box.size.x * type.byteCount)
    unsafe block.copy(
      from: VoxelView(row.span.bytes, box: box, type: type, rowStride: 0, planeStride: 0))
  }

  private func readByLibrary(into block: inout VoxelBlock) throws {
    let box = block.box
    let start = box.origin.components.map { hsize_t($0) }
    let count = box.size.components.map { hsize_t($0) }
    let element = type.nativeHDF5
    var bytes = block.mutableBytes
    try unsafe bytes.withUnsafeMutableBytes { target in
      let address = target.baseAddress
      try HDF5Library.locked { () throws(BrickworkError) in
        let place = file.place("\(name), voxels \(box)")
        let dataset = try id()
        let stored = try place.own(H5Dget_space(dataset), "read the shape", closer: H5Sclose)
        try place.check(
          unsafe H5Sselect_hyperslab(stored.id, H5S_SELECT_SET, start, nil, count, nil),
          "select a box")
        let memory = try place.own(
          unsafe H5Screate_simple(3, count, nil), "make the shape of the box", closer: H5Sclose)
        try place.check(
          unsafe H5Dread(dataset, element, memory.id, stored.id, chdf5_default(), address),
          "read the voxels")
      }
    }
  }
}
