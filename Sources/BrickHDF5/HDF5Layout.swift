internal import BrickCore
internal import CHDF5

/// How the voxels of a dataset of any number of dimensions lie in the file.
struct HDF5Layout: Sendable {
  /// Where the bytes are.
  enum Storage: Sendable {
    /// In one piece, as they are: in the file `path`, from a byte on.
    case mapped(path: String, offset: Int)
    /// In chunks that are decoded here, outside the library's lock.
    case chunks(ChunkDecoder)
    /// In any other way: the library reads, and converts, pieces of `piece` elements.
    case library
    /// Nowhere: every voxel has the fill value.
    case nowhere
  }

  let element: HDF5Element
  /// Elements along each dimension, slowest first.
  let dimensions: [Int]
  let storage: Storage
  /// Elements along each dimension of what is read at once: a chunk, or about a megabyte.
  let piece: [Int]
  /// Bytes of a piece in memory.
  let pieceBytes: Int
  /// Bytes of one element that was never written, in the processor's order.
  let fill: [UInt8]
  /// The layout in words: "chunks of 64 × 64 × 64, shuffle, deflate".
  let words: String

  var type: VoxelType { element.type }

  /// Chunks larger than this are not read: one would not fit any budget.
  static let largestChunk = 1 << 30
  /// What the library reads at once where there are no chunks.
  private static let pieceLimit = 1 << 20

  /// Describes a dataset; called under the library's lock.
  init(_ source: HDF5Source, _ name: String) throws(BrickworkError) {
    let dataset = try HDF5Pool.dataset(source, name)
    let place = HDF5Place(path: source.path, object: name, code: .damagedInput)
    func unsupported(_ reason: String, _ remedy: String) -> BrickworkError {
      BrickworkError(
        .unsupportedInput, path: source.path, place: name, reason: reason, remedy: remedy)
    }
    func damaged(_ reason: String) -> BrickworkError {
      BrickworkError(
        .damagedInput, path: source.path, place: name, reason: reason,
        remedy: "Restore the file from a copy, or export it again")
    }
    let stored = try place.own(H5Dget_type(dataset), "read the type", closer: H5Tclose)
    do { element = try HDF5Element(stored.id) } catch {
      throw unsupported(error.reason, "Convert the dataset to integers or floats of 8 to 64 bits")
    }
    let width = element.type.byteCount
    let space = try place.own(H5Dget_space(dataset), "read the shape", closer: H5Sclose)
    let rank = Int(H5Sget_simple_extent_ndims(space.id))
    guard rank >= 1, rank <= 32, H5Sget_simple_extent_type(space.id) == H5S_SIMPLE else {
      throw unsupported("is a single value, not an array", "Name another dataset")
    }
    var counts = [hsize_t](repeating: 0, count: rank)
    try place.check(unsafe H5Sget_simple_extent_dims(space.id, &counts, nil), "read the shape")
    dimensions = counts.map { Int(clamping: $0) }
    guard let bytes = Self.product(dimensions + [width]) else {
      throw damaged("a size of \(counts) elements is impossible")
    }
    let properties = try place.own(
      H5Dget_create_plist(dataset), "read the layout", closer: H5Pclose)
    fill = try Self.fill(properties.id, element.type, place)
    let filters = try HDF5Filter.all(of: properties.id, source.path, place)
    let layout = H5Pget_layout(properties.id)
    if layout == H5D_CHUNKED {
      var counts = [hsize_t](repeating: 0, count: rank)
      try place.check(
        unsafe H5Pget_chunk(properties.id, Int32(rank), &counts), "read the chunk shape")
      piece = counts.map { Int(clamping: $0) }
      guard piece.allSatisfy({ $0 > 0 }), let bytes = Self.product(piece + [width]),
        bytes <= Self.largestChunk
      else {
        throw unsupported(
          "chunks of \(counts) elements are larger than \(Self.largestChunk) bytes",
          "Write the file again with smaller chunks")
      }
      pieceBytes = bytes
      var options: UInt32 = 0
      try place.check(unsafe H5Pget_chunk_opts(properties.id, &options), "read the chunk options")
      let decoder = ChunkDecoder(
        filters, chunkBytes: bytes, element: element, elements: bytes / width,
        leavesEdgesRaw: options & UInt32(H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS) != 0)
      if decoder == nil {
        // The library of 1.10 trusts the numbers of these filters, and reads and writes past its memory.
        if let own = filters.first(where: {
          $0.id == HDF5Filter.nbit || $0.id == HDF5Filter.scaleOffset
        }) {
          throw damaged(
            "the numbers \(own.parameters) of its filter \(own.words) don't fit its elements")
        }
        try HDF5Filter.check(filters, source.path, place)
      }
      storage = decoder.map { .chunks($0) } ?? .library
    } else {
      piece = Self.piece(of: dimensions, width: width)
      pieceBytes = Self.product(piece + [width]) ?? 0
      let isOwn = layout == H5D_CONTIGUOUS && H5Pget_external_count(properties.id) == 0
      if isOwn && element.isExact && filters.isEmpty && bytes > 0 {
        storage = try Self.contiguous(dataset, bytes: bytes, place)
      } else {
        storage = .library
      }
    }
    let shape = piece.map(String.init).joined(separator: " × ")
    let words = [layout == H5D_CHUNKED ? "chunks of \(shape)" : "in one piece"]
    self.words = (words + filters.map(\.words)).joined(separator: ", ")
  }

  /// Where the bytes of a contiguous dataset lie, which must be as many as its size wants.
  private static func contiguous(
    _ dataset: hid_t, bytes: Int, _ place: HDF5Place
  ) throws(BrickworkError) -> Storage {
    let address = H5Dget_offset(dataset)
    guard address != chdf5_no_address() else { return .nowhere }
    let stored = H5Dget_storage_size(dataset)
    guard stored >= UInt64(bytes), let offset = Int(exactly: address) else {
      throw BrickworkError(
        .damagedInput, path: place.path, place: place.object,
        reason: "has \(stored) bytes for its voxels, which take \(bytes)",
        remedy: "Restore the file from a copy, or export it again")
    }
    let length = try place.check(H5Fget_name(dataset, nil, 0), "read the file's name")
    guard length > 0, length < 1 << 16 else { throw place.error("read the file's name") }
    var text = [CChar](repeating: 0, count: length + 1)
    try place.check(unsafe H5Fget_name(dataset, &text, text.count), "read the file's name")
    let path = String(
      decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return .mapped(path: path, offset: offset)
  }

  private static func fill(
    _ properties: hid_t, _ type: VoxelType, _ place: HDF5Place
  ) throws(BrickworkError) -> [UInt8] {
    var fill = [UInt8](repeating: 0, count: type.byteCount)
    var status = H5D_FILL_VALUE_UNDEFINED
    try place.check(unsafe H5Pfill_value_defined(properties, &status), "read the fill value")
    if status == H5D_FILL_VALUE_USER_DEFINED {
      try place.check(
        unsafe H5Pget_fill_value(properties, type.nativeHDF5, &fill), "read the fill value")
    }
    return fill
  }

  /// Whole rows, planes and so on, about a megabyte together.
  private static func piece(of dimensions: [Int], width: Int) -> [Int] {
    var piece = [Int](repeating: 1, count: dimensions.count)
    var room = max(1, pieceLimit / width)
    for axis in dimensions.indices.reversed() {
      piece[axis] = max(1, min(dimensions[axis], room))
      room /= piece[axis]
    }
    return piece
  }

  /// The product of numbers, none of them negative; nil if it overflows.
  static func product(_ numbers: [Int]) -> Int? {
    numbers.reduce(1) { product, number in
      guard let product, number >= 0 else { return nil }
      let (result, overflow) = product.multipliedReportingOverflow(by: number)
      return overflow ? nil : result
    }
  }
}
