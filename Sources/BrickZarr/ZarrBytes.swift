internal import BrickCore

/// Everything that bytes of a store can do to this program, without a file: for fuzzing and damage tests.
@_spi(Fuzzing) public enum ZarrBytes {
  /// Larger bricks are not decoded here.
  private static let largestBrick = 1 << 20

  /// Reads a zarr.json or a .zarray (told by its zarr_format) and, as a file of that array, what follows the
  /// first zero byte: the index of a shard and its first bricks, or the one brick.
  ///
  /// A group's document is read as an OME-Zarr image.
  /// - Throws: `BrickworkError` alone.
  @_spi(Fuzzing) public static func parse(_ bytes: [UInt8]) throws {
    let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
    let document = parts.first.map(Array.init) ?? []
    let version = (try? JSON(parsing: document, path: "document"))?["zarr_format"]?.intValue
    let context =
      version == 2
      ? try MetadataContext(version2: document, file: ".zarray", attributes: nil)
      : try MetadataContext(version3: document, file: "zarr.json")
    guard context.isArray else {
      _ = try Multiscales(context)
      return
    }
    let metadata = try ArrayMetadata(context, path: "")
    if parts.count > 1 { try decode(Array(parts[1]), metadata) }
  }

  /// Decodes the first bricks in the bytes of one of an array's files.
  ///
  /// - Throws: `BrickworkError` alone.
  @_spi(Fuzzing) public static func decode(_ file: [UInt8], _ metadata: ArrayMetadata) throws {
    guard metadata.brickBytes <= largestBrick, !metadata.shape.contains(0) else { return }
    let ranges: [Range<Int>?] =
      if let layout = metadata.index {
        try unsafe ShardIndex.parse(
          file: file.span.bytes, bricks: metadata.bricksPerFile, layout: layout, path: "")
      } else {
        [0..<file.count]
      }
    let decoder = try BrickDecoder()
    let size = Index3(z: 1, y: 1, x: metadata.brickVoxels)
    var block = VoxelBlock(Box3(size: size), type: metadata.type)
    let needed = zip(metadata.brickShape, metadata.shape).map(min)
    for range in ranges.lazy.compactMap({ $0 }).prefix(4) {
      try unsafe decoder.decode(
        file.span.bytes.extracting(range), metadata, needed: needed, into: &block)
    }
  }
}
