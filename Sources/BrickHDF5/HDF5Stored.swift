internal import BrickCore
internal import BrickFiles
internal import CHDF5

/// A dataset of any number of dimensions, cut into pieces that are decoded once and shared by all who read it.
final class HDF5Stored: Sendable {
  let source: HDF5Source
  let name: String
  let layout: HDF5Layout
  /// Pieces along each dimension.
  let counts: [Int]
  /// Its number in the cache.
  private let number: Int

  init(_ source: HDF5Source, _ name: String, _ layout: HDF5Layout, number: Int) throws {
    self.source = source
    self.name = name
    self.layout = layout
    counts = zip(layout.dimensions, layout.piece).map { $0 / $1 + ($0 % $1 == 0 ? 0 : 1) }
    guard HDF5Layout.product(counts) != nil else {
      throw BrickworkError(
        .damagedInput, path: source.path, place: name,
        reason: "\(layout.dimensions) elements in chunks of \(layout.piece) are impossible")
    }
    self.number = number
  }

  /// The lazy voxels of a window.
  ///
  /// - Parameter type: What the stored bits mean, if not what the dataset says; equally wide.
  func volume(_ window: HDF5Window, as type: VoxelType? = nil) throws -> any Volume {
    guard case .mapped(let path, let offset) = layout.storage else {
      return HDF5Volume(self, window, type: type ?? layout.type)
    }
    let map = try source.map(path)
    let bytes = (HDF5Layout.product(layout.dimensions) ?? 0) * layout.type.byteCount
    guard offset >= 0, offset <= map.count, bytes <= map.count - offset else {
      throw BrickworkError(
        .damagedInput, path: path, place: name,
        reason:
          "its voxels take \(bytes) bytes from byte \(offset) on, but the file has \(map.count)",
        remedy: "The file is cut short: copy it again")
    }
    return HDF5MappedVolume(map, offset: offset, layout: layout, window, type: type ?? layout.type)
  }

  /// A piece by its index along each dimension; an empty block where it was never written.
  func piece(_ index: [Int]) throws -> PieceCache.Piece {
    try source.cache.piece(key(index)) { try decode(index) }
  }

  /// The same, or nil while another thread is decoding it.
  func pieceUnlessBusy(_ index: [Int]) throws -> PieceCache.Piece? {
    try source.cache.pieceUnlessBusy(key(index)) { try decode(index) }
  }

  private func key(_ index: [Int]) -> PieceCache.Key {
    var linear = 0
    for (place, count) in zip(index, counts) { linear = linear * count + place }
    return PieceCache.Key(source: number, piece: linear)
  }

  /// The bytes that decoding a piece takes at most beyond the piece.
  var scratchBytes: Int {
    switch layout.storage {
    case .chunks(let decoder): decoder.scratchBytes
    // The library decodes a chunk in place of its own and keeps one as stored.
    case .library: 3 * layout.pieceBytes
    case .mapped, .nowhere: 0
    }
  }

  private func decode(_ index: [Int]) throws -> PieceCache.Piece {
    let origin = zip(index, layout.piece).map { $0 * $1 }
    switch layout.storage {
    case .chunks(let decoder): return try decode(origin, decoder)
    case .library: return PieceCache.Piece(try read(origin))
    case .mapped, .nowhere: return PieceCache.Piece(VoxelBlock())
    }
  }

  private func emptyPiece() -> VoxelBlock {
    let count = layout.pieceBytes / layout.type.byteCount
    return VoxelBlock(Box3(size: Index3(z: 1, y: 1, x: count)), type: layout.type)
  }

  private func place(_ origin: [Int]) -> HDF5Place {
    HDF5Place(path: source.path, object: "\(name), chunk at \(origin)", code: .damagedInput)
  }

  // MARK: Decoding here

  private func decode(_ origin: [Int], _ decoder: ChunkDecoder) throws -> PieceCache.Piece {
    let raw = try raw(origin, decoder)
    let mask = raw.mask
    guard let stored = raw.block else { return PieceCache.Piece(VoxelBlock()) }
    let isPartial = zip(zip(origin, layout.piece), layout.dimensions).contains {
      $0.0 + $0.1 > $1
    }
    var block = emptyPiece()
    try decoder.decode(
      stored.bytes, mask: mask, isPartial: isPartial, into: &block, place(origin))
    return PieceCache.Piece(block)
  }

  private func raw(_ origin: [Int], _ decoder: ChunkDecoder) throws -> HDF5RawChunk {
    let offset = origin.map { hsize_t($0) }
    let most = decoder.mostStoredBytes
    return try HDF5Library.locked { () throws(BrickworkError) in
      try HDF5RawChunk.read(
        HDF5Pool.dataset(source, name), at: offset, most: most, place(origin))
    }
  }

  // MARK: Reading through the library

  private func read(_ origin: [Int]) throws -> VoxelBlock {
    let start = origin.map { hsize_t($0) }
    let count = zip(origin, zip(layout.piece, layout.dimensions)).map {
      hsize_t(min($1.0, $1.1 - $0))
    }
    let zero = [hsize_t](repeating: 0, count: count.count)
    let whole = layout.piece.map { hsize_t($0) }
    let element = layout.type.nativeHDF5
    var block = emptyPiece()
    var bytes = block.mutableBytes
    try unsafe bytes.withUnsafeMutableBytes { target in
      let address = target.baseAddress
      try HDF5Library.locked { () throws(BrickworkError) in
        let place = place(origin)
        let dataset = try HDF5Pool.dataset(source, name)
        let stored = try place.own(H5Dget_space(dataset), "read the shape", closer: H5Sclose)
        try place.check(
          unsafe H5Sselect_hyperslab(stored.id, H5S_SELECT_SET, start, nil, count, nil),
          "select a box")
        let memory = try place.own(
          unsafe H5Screate_simple(Int32(whole.count), whole, nil), "make the shape of the box",
          closer: H5Sclose)
        try place.check(
          unsafe H5Sselect_hyperslab(memory.id, H5S_SELECT_SET, zero, nil, count, nil),
          "select a box")
        try place.check(
          unsafe H5Dread(dataset, element, memory.id, stored.id, chdf5_default(), address),
          "read the voxels")
      }
    }
    return block
  }
}

extension HDF5Place {
  /// The error of a file that contradicts itself.
  func damaged(_ reason: String) -> BrickworkError {
    BrickworkError(
      .damagedInput, path: path, place: object, reason: reason,
      remedy: "Restore the file from a copy, or export it again")
  }
}
