public import BrickCore
internal import CHDF5

extension HDF5File {
  /// Chunks larger than this are not read: one would not fit any budget.
  private static let largestChunk = 1 << 30

  /// Makes a dataset of chunks for direct writing, and the groups above it.
  ///
  /// Voxels never written are 0.
  /// - Parameters:
  ///   - chunk: Voxels of a chunk, along each axis at least 1 and at most the dataset's.
  ///   - deflateLevel: Announces deflate; nil announces no filter at all.
  ///   - shuffle: Announces the byte shuffle before deflate.
  public func makeDataset(
    _ name: String, type: VoxelType, size: Index3, chunk: Index3, deflateLevel: Int?, shuffle: Bool
  ) throws -> HDF5Dataset {
    precondition(
      chunk.minimum(.one) == .one && chunk.minimum(size) == chunk, "A chunk fits into its dataset")
    let handle = try HDF5Library.locked { () throws(BrickworkError) in
      let place = place(name)
      let space = try place.own(
        unsafe H5Screate_simple(3, size.components.map { hsize_t($0) }, nil), "make the shape",
        closer: H5Sclose)
      let layout = try Self.withoutTimes(place)
      try place.check(
        unsafe H5Pset_chunk(layout.id, 3, chunk.components.map { hsize_t($0) }), "set the chunks")
      if let deflateLevel {
        if shuffle { try place.check(H5Pset_shuffle(layout.id), "announce the shuffle") }
        // The library knows levels up to 9; they only say how hard the writer tried.
        let level = UInt32(min(9, max(1, deflateLevel)))
        try place.check(H5Pset_deflate(layout.id, level), "announce deflate")
      }
      // Chunks go directly into the file, so a cache of them would only take memory.
      let access = try place.own(
        H5Pcreate(chdf5_dataset_access()), "make a property list", closer: H5Pclose)
      try place.check(H5Pset_chunk_cache(access.id, 1, 0, 1), "turn off the chunk cache")
      let links = try Self.makingGroups(place)
      return try place.own(
        unsafe H5Dcreate2(
          id(), name, type.storedHDF5, space.id, links.id, layout.id, access.id),
        "make the dataset", closer: H5Dclose)
    }
    return try describe(name, handle)
  }

  /// The properties of a dataset that does not note when it was made: the same voxels give the same file.
  static func withoutTimes(_ place: HDF5Place) throws(BrickworkError) -> HDF5Handle {
    let list = try place.own(
      H5Pcreate(chdf5_dataset_create()), "make a property list", closer: H5Pclose)
    try place.check(H5Pset_obj_track_times(list.id, false), "leave out the time")
    return list
  }

  /// Opens a three-dimensional dataset of voxels, also one that an external link names.
  ///
  /// - Throws: `BrickworkError` with code `.unsupportedInput` if it holds something else than voxels, or
  ///   is compressed in a way this machine's library can't undo.
  public func dataset(_ name: String) throws -> HDF5Dataset {
    let handle = try HDF5Library.locked { () throws(BrickworkError) in
      try place(name).own(
        unsafe H5Dopen2(id(), name, chdf5_default()), "open the dataset", closer: H5Dclose)
    }
    return try describe(name, handle)
  }

  private struct Description: Sendable {
    var type: VoxelType
    var size: Index3
    var chunk: Index3?
    var filters: [HDF5Filter]
    var decoder: ChunkDecoder?
  }

  private func describe(_ name: String, _ handle: consuming HDF5Handle) throws -> HDF5Dataset {
    let id = handle.id
    let described: Description
    do {
      described = try HDF5Library.locked { () throws(BrickworkError) in try description(name, id) }
    } catch {
      _ = HDF5Library.locked { handle.close() }
      throw error
    }
    return HDF5Dataset(
      file: self, name: name, handle: handle, type: described.type, size: described.size,
      chunk: described.chunk, filters: described.filters, decoder: described.decoder)
  }

  private func description(_ name: String, _ dataset: hid_t) throws(BrickworkError) -> Description {
    let place = place(name)
    func unsupported(_ reason: String, _ remedy: String) -> BrickworkError {
      BrickworkError(.unsupportedInput, path: path, place: name, reason: reason, remedy: remedy)
    }
    let stored = try place.own(H5Dget_type(dataset), "read the type", closer: H5Tclose)
    guard let type = VoxelType(hdf5: stored.id) else {
      throw unsupported(
        "the elements are no integers or floats of 8 to 64 bits",
        "Convert the dataset to such a type")
    }
    let space = try place.own(H5Dget_space(dataset), "read the shape", closer: H5Sclose)
    let rank = H5Sget_simple_extent_ndims(space.id)
    guard rank == 3 else {
      throw unsupported("has \(rank) dimensions, not the three of z, y, x", "Name another dataset")
    }
    var counts: [hsize_t] = [0, 0, 0]
    try place.check(unsafe H5Sget_simple_extent_dims(space.id, &counts, nil), "read the shape")
    let size = Index3(counts.map { Int(clamping: $0) })
    guard let size, let voxels = size.checkedVolume,
      !voxels.multipliedReportingOverflow(by: type.byteCount).overflow
    else {
      throw BrickworkError(
        .damagedInput, path: path, place: name,
        reason: "a size of \(counts) voxels (z, y, x) is impossible")
    }
    let layout = try place.own(
      H5Dget_create_plist(dataset), "read the layout", closer: H5Pclose)
    var chunk: Index3?
    if H5Pget_layout(layout.id) == H5D_CHUNKED {
      var counts: [hsize_t] = [0, 0, 0]
      try place.check(unsafe H5Pget_chunk(layout.id, 3, &counts), "read the chunk shape")
      chunk = Index3(counts.map { Int(clamping: $0) })
      guard let voxels = chunk?.checkedVolume, voxels > 0,
        voxels <= Self.largestChunk / type.byteCount
      else {
        throw unsupported(
          "chunks of \(counts) voxels (z, y, x) are larger than \(Self.largestChunk) bytes",
          "Write the file again with smaller chunks")
      }
    }
    let filters = try HDF5Filter.all(of: layout.id, path, place)
    try HDF5Filter.check(filters, path, place)
    return Description(
      type: type, size: size, chunk: chunk, filters: filters,
      decoder: try decoder(filters, type, chunk, stored.id, layout.id, place))
  }

  /// What decodes chunks outside the library; nil where it can't be done.
  private func decoder(
    _ filters: [HDF5Filter], _ type: VoxelType, _ chunk: Index3?, _ stored: hid_t, _ layout: hid_t,
    _ place: HDF5Place
  ) throws(BrickworkError) -> ChunkDecoder? {
    guard let chunk, let element = try? HDF5Element(stored) else { return nil }
    var options: UInt32 = 0
    try place.check(unsafe H5Pget_chunk_opts(layout, &options), "read the chunk options")
    return ChunkDecoder(
      filters, chunkBytes: chunk.volume * type.byteCount, element: element,
      elements: chunk.volume,
      leavesEdgesRaw: options & UInt32(H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS) != 0)
  }
}
