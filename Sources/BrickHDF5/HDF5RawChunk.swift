internal import BrickCore
internal import CHDF5

/// A chunk as it stands in the file; no block where it was never written.
struct HDF5RawChunk: ~Copyable, Sendable {
  var block: VoxelBlock?
  /// A bit for each filter that the chunk has not passed.
  var mask: UInt32 = 0

  private init(block: consuming VoxelBlock?, mask: UInt32 = 0) {
    self.block = block
    self.mask = mask
  }

  /// Reads a chunk, under the library's lock.
  ///
  /// - Parameters:
  ///   - offset: The chunk's first element along each dimension.
  ///   - most: Bytes that a chunk may take.
  static func read(
    _ dataset: hid_t, at offset: [hsize_t], most: Int, _ place: HDF5Place
  ) throws(BrickworkError) -> HDF5RawChunk {
    var size: hsize_t = 0
    if unsafe H5Dget_chunk_storage_size(dataset, offset, &size) < 0 {
      // Some versions say so in words alone, others by a size of 0.
      let words = HDF5Library.words()
      guard words.contains("not allocated") || words.contains("isn't defined") else {
        throw place.error("find the chunk")
      }
      return HDF5RawChunk(block: nil)
    }
    guard size > 0 else { return HDF5RawChunk(block: nil) }
    guard size <= UInt64(most) else {
      throw place.damaged("the chunk takes \(size) bytes in the file, and may take \(most)")
    }
    var block = VoxelBlock(Box3(size: Index3(z: 1, y: 1, x: Int(size))), type: .uint8)
    var mask: UInt32 = 0
    var bytes = block.mutableBytes
    let result = unsafe bytes.withUnsafeMutableBytes {
      unsafe H5Dread_chunk(dataset, chdf5_default(), offset, &mask, $0.baseAddress)
    }
    try place.check(result, "read the chunk")
    return HDF5RawChunk(block: block, mask: mask)
  }
}
