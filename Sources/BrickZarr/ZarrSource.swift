internal import BrickCore
internal import BrickFiles
internal import Synchronization

/// One array that is open for reading; the volumes of its channels and time points share it.
///
/// Dimensions before the last `spatialRank` are leading ones: a volume fixes their indices. An
/// array with fewer than three spatial dimensions gets z, then y, of size 1.
final class ZarrSource: Sendable {
  let metadata: ArrayMetadata
  let leadingRank: Int
  /// Voxels along z, y, x of one volume, and of a brick of it.
  let size: Index3
  let brick: Index3
  /// Planes of leading indices in one brick: above 1, a brick holds voxels of several volumes.
  let slices: Int
  let cache: PieceCache
  let number: Int
  private let shards: ShardTable
  private let decoders = Mutex<[BrickDecoder]>([])
  /// How often a brick was decoded, or looked into where it is stored as it is.
  let readBricks = Atomic<Int>(0)
  private let brickCounts: [Int]
  private let fileCounts: [Int]

  init(_ metadata: ArrayMetadata, spatialRank: Int, cache: PieceCache) {
    precondition(
      (1...3).contains(spatialRank) && spatialRank <= metadata.shape.count, "1 to 3 dimensions")
    self.metadata = metadata
    self.cache = cache
    number = cache.newSource()
    leadingRank = metadata.shape.count - spatialRank
    size = Self.lastThree(metadata.shape.dropFirst(leadingRank))
    brick = Self.lastThree(metadata.brickShape.dropFirst(leadingRank))
    slices = metadata.brickShape.prefix(leadingRank).reduce(1, *)
    shards = ShardTable(metadata)
    brickCounts = zip(metadata.shape, metadata.brickShape).map { ($0 + $1 - 1) / $1 }
    fileCounts = zip(metadata.shape, metadata.fileShape).map { ($0 + $1 - 1) / $1 }
  }

  private static func lastThree(_ extents: ArraySlice<Int>) -> Index3 {
    let three = Array(repeating: 1, count: 3 - extents.count) + extents
    return Index3(z: three[0], y: three[1], x: three[2])
  }

  /// A stored brick: where its bytes lie, and its number among all bricks of the array.
  struct Place {
    let shard: ShardFile
    let range: Range<Int>
    let number: Int
  }

  /// The place of a brick's bytes, or nil if it is absent.
  ///
  /// - Parameter indices: the brick's index along each dimension of the array.
  func place(of indices: [Int]) throws -> Place? {
    let (file, brick) = (metadata.fileShape, metadata.brickShape)
    var (shardNumber, inShard, number) = (0, 0, 0)
    var shardIndices = indices
    for dimension in indices.indices {
      let perShard = file[dimension] / brick[dimension]
      let (shard, inside) = indices[dimension].quotientAndRemainder(dividingBy: perShard)
      shardIndices[dimension] = shard
      shardNumber = shardNumber * fileCounts[dimension] + shard
      inShard = inShard * perShard + inside
      number = number * brickCounts[dimension] + indices[dimension]
    }
    guard let shard = try shards.shard(shardNumber, at: shardIndices),
      let range = shard.ranges[inShard]
    else { return nil }
    return Place(shard: shard, range: range, number: number)
  }

  /// The box of a decoded brick: the leading planes lie below one another along z.
  var decodedBox: Box3 { Box3(size: Index3(z: slices * brick.z, y: brick.y, x: brick.x)) }

  /// Decodes a brick into `target`, which holds exactly the bytes of one.
  func decode(_ place: Place, _ indices: [Int], into target: inout VoxelBlock) throws {
    let file = place.shard.file
    readBricks.wrappingAdd(1, ordering: .relaxed)
    file.willNeed(place.range)
    defer { file.doneWith(place.range) }
    let needed = indices.indices.map { dimension in
      min(
        metadata.brickShape[dimension],
        metadata.shape[dimension] - indices[dimension] * metadata.brickShape[dimension])
    }
    let decoder = try decoders.withLock { $0.popLast() } ?? BrickDecoder()
    defer { decoders.withLock { $0.append(decoder) } }
    do {
      try decoder.decode(
        file.bytes.extracting(place.range), metadata, needed: needed, into: &target)
    } catch var error as BrickworkError {
      // A file that was cut meanwhile is the better reason.
      try file.checkIntact()
      error.path = file.path
      error.place = "brick \(indices)"
      error.remedy =
        error.remedy ?? "Delete this file and write it again; other files are not touched"
      throw error
    }
    try file.checkIntact()
  }

  /// The decoded brick from the cache.
  func piece(_ place: Place, _ indices: [Int]) throws -> PieceCache.Piece {
    try cache.piece(PieceCache.Key(source: number, piece: place.number)) {
      try decoded(place, indices)
    }
  }

  /// The decoded brick from the cache, or nil while another thread decodes it.
  func pieceUnlessBusy(_ place: Place, _ indices: [Int]) throws -> PieceCache.Piece? {
    try cache.pieceUnlessBusy(PieceCache.Key(source: number, piece: place.number)) {
      try decoded(place, indices)
    }
  }

  private func decoded(_ place: Place, _ indices: [Int]) throws -> PieceCache.Piece {
    var block = VoxelBlock(decodedBox, type: metadata.type)
    try decode(place, indices, into: &block)
    return PieceCache.Piece(block)
  }

  /// Whether a brick's voxels lie in its file as they do in memory, and none but its own.
  var isPlain: Bool { metadata.chain.isPlain && metadata.format != .n5 }

  /// Throws unless a brick that is stored as it is has all its bytes.
  func checkPlain(_ place: Place, _ indices: [Int]) throws {
    guard place.range.count == metadata.brickBytes else {
      throw BrickworkError(
        .damagedInput, path: place.shard.file.path, place: "brick \(indices)",
        reason: "the brick has \(place.range.count) bytes where \(metadata.brickBytes) belong",
        remedy: "Delete this file and write it again; other files are not touched")
    }
  }

  /// Bytes that decoding one brick takes besides the block it goes to.
  var decodingBytes: Int {
    let bytes = metadata.chain.decodingBytes(metadata.brickBytes)
    // A block at the array's end is decoded by itself.
    return metadata.format == .n5
      ? bytes + BlockStorage.footprint(of: metadata.brickBytes) : bytes
  }
}
