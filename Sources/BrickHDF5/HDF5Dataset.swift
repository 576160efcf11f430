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
  private var handle: HDF5Handle

  init(
    file: HDF5File, name: String, handle: consuming HDF5Handle, type: VoxelType, size: Index3,
    chunk: Index3?, filters: [HDF5Filter]
  ) {
    self.file = file
    self.name = name
    self.handle = handle
    self.type = type
    self.size = size
    self.chunk = chunk
    self.filters = filters
  }

  deinit { HDF5Library.locked { _ = handle.close() } }

  /// Closes the dataset; nothing can be read or written afterwards.
  public func close() throws {
    try HDF5Library.locked { () throws(BrickworkError) in
      try file.place(name).check(handle.close(), "close the dataset")
    }
  }

  private func id() throws(BrickworkError) -> hid_t {
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
  public func write(
    rawChunk bytes: RawSpan, at origin: Index3, skippedFilters: UInt32 = 0
  ) throws {
    precondition(
      Box3(size: size).contains(Box3(origin: origin, size: .one)), "A chunk lies in its dataset")
    let offset = origin.components.map { hsize_t($0) }
    try HDF5Library.locked { () throws(BrickworkError) in
      let dataset = try id()
      let result = unsafe bytes.withUnsafeBytes {
        unsafe H5Dwrite_chunk(
          dataset, chdf5_default(), skippedFilters, offset, $0.count, $0.baseAddress)
      }
      try file.place("\(name), chunk at \(origin)").check(result, "write \(bytes.byteCount) bytes")
    }
  }

  /// Fills a block, whose box lies in the dataset and whose type is the dataset's.
  ///
  /// Chunks never written are zero.
  /// - Throws: `BrickworkError` with the dataset and the box, in the library's words, if that fails.
  public func read(into block: inout VoxelBlock) throws {
    precondition(block.type == type, "The dataset holds \(type), not \(block.type)")
    precondition(Box3(size: size).contains(block.box), "A box lies in its dataset")
    guard !block.box.isEmpty else { return }
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
