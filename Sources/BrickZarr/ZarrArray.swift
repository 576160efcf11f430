public import BrickCore
internal import BrickFiles

/// One Zarr v3 array as we write it: z, y, x, cut into shards of bricks, and time and channel before
/// them where it has those.
///
/// Along time and channel shards and bricks have a size of 1, so that each part of an image has files
/// of its own; all parts are cut alike. The shards are `sharding_indexed` with the index at the end; bricks are little-endian,
/// compressed by `codec` and end in a crc32c; bricks of nothing but zero bytes are left out. Shards
/// of nothing else have no file.
public struct ZarrArray: Sendable, Hashable {
  /// The array's folder.
  public var path: String
  /// Voxels along z, y, x.
  public var size: Index3
  /// The type of every voxel.
  public var type: VoxelType
  /// Voxels of a brick.
  public var brick: Index3
  /// Voxels of a shard, a multiple of the brick.
  public var shard: Index3
  /// How bricks are compressed.
  public var codec: BrickCodec
  /// The axes before z, y, x.
  public var leading: LeadingAxes

  /// - Precondition: `shard` is a multiple of `brick`, and both have at least one voxel.
  public init(
    path: String, size: Index3, type: VoxelType, brick: Index3, shard: Index3, codec: BrickCodec,
    leading: LeadingAxes = .none
  ) {
    precondition(brick.z > 0 && brick.y > 0 && brick.x > 0, "A brick has voxels, not \(brick)")
    precondition(
      shard.z > 0 && shard.y > 0 && shard.x > 0 && shard.isMultiple(of: brick),
      "A shard of \(shard) is no multiple of a brick of \(brick)")
    self.path = path
    self.size = size
    self.type = type
    self.brick = brick
    self.shard = shard
    self.codec = codec
    self.leading = leading
  }

  /// One part of the array cut into shards, the last ones ragged.
  public var shards: BrickGrid { BrickGrid(size: size, brick: shard) }
  /// One part of the array cut into bricks, the last ones ragged.
  public var bricks: BrickGrid { BrickGrid(size: size, brick: brick) }
  /// Bricks along each axis of a full shard.
  public var bricksPerShard: Index3 { shard.dividedRoundingDown(by: brick) }

  /// The place of a brick in its shard's index (z, y, x order), from its index in the whole array.
  public func brickIndexInShard(_ brick: Index3) -> Int {
    let counts = bricksPerShard
    let inside = brick.zip(counts) { $0 % $1 }
    return (inside.z * counts.y + inside.y) * counts.x + inside.x
  }

  /// The bricks of a shard that hold voxels of the array, as a box of indices in the whole array.
  public func bricks(inShard shard: Index3) -> Box3 {
    bricks.indices(intersecting: shards.box(at: shard))
  }

  /// A shard's name in the array's folder: "c/0/1/2", or "c/5/0/1/2" for part 5 of an array with one
  /// leading axis.
  public func shardKey(_ shard: Index3, part: Int = 0) -> String {
    let indices = leading.indices(of: part) + shard.components
    return "c/" + indices.map(String.init).joined(separator: "/")
  }

  /// A shard's file.
  public func shardPath(_ shard: Index3, part: Int = 0) -> String {
    Files.join(path, shardKey(shard, part: part))
  }

  /// What zarr.json says about the array.
  ///
  /// - Parameters:
  ///   - dimensionNames: one per axis, the slowest first; OME-Zarr wants its axis names.
  ///   - dimensionUnits: one per axis, like "0.16 um", nil where an axis has none: goes under the
  ///     attribute `dimension_units`, which TensorStore and Neuroglancer read.
  public func metadata(dimensionNames: [String], dimensionUnits: [String?]?) -> JSON {
    let little: JSON = ["name": "bytes", "configuration": ["endian": "little"]]
    let bytes: JSON = type.byteCount == 1 ? ["name": "bytes"] : little
    var attributes: JSON = [:]
    if let dimensionUnits {
      attributes["dimension_units"] = .array(
        dimensionUnits.map { $0.map { .string($0) } ?? .null })
    }
    let ones = leading.sizes.map { _ in 1 }
    func shape(_ leading: [Int], _ spatial: Index3) -> JSON {
      .array((leading + spatial.components).map { .init($0) })
    }
    return [
      "zarr_format": 3,
      "node_type": "array",
      "shape": shape(leading.sizes, size),
      "data_type": .string(type.rawValue),
      "chunk_grid": ["name": "regular", "configuration": ["chunk_shape": shape(ones, shard)]],
      "chunk_key_encoding": ["name": "default", "configuration": ["separator": "/"]],
      "fill_value": type.isFloat ? 0.0 : 0,
      "codecs": [
        [
          "name": "sharding_indexed",
          "configuration": [
            "chunk_shape": shape(ones, brick),
            "codecs": .array([bytes] + codec.metadata(for: type)),
            "index_codecs": [little, ["name": "crc32c"]],
            "index_location": "end",
          ],
        ]
      ],
      "attributes": attributes,
      "dimension_names": .array(dimensionNames.map { .string($0) }),
    ]
  }

  /// Makes the array's folder and replaces its zarr.json.
  ///
  /// - Throws: `BrickworkError` if the folder can't be made or written.
  public func writeMetadata(dimensionNames: [String], dimensionUnits: [String?]?) throws {
    try Files.makeFolder(path)
    let json = metadata(dimensionNames: dimensionNames, dimensionUnits: dimensionUnits)
    try Files.replace(
      Files.join(path, "zarr.json"), with: Array((json.text(pretty: true) + "\n").utf8))
  }
}
