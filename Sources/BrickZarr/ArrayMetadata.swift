public import BrickCore
internal import BrickFiles

/// What an array's zarr.json says, checked: nothing in it can make a reader trap or allocate at
/// will.
///
/// Format: Zarr v3, of any number of dimensions from 1 to 32. Members the specification doesn't
/// know are refused unless they say `"must_understand": false`.
public struct ArrayMetadata: Sendable {
  /// How chunk indices become file names.
  public struct KeyEncoding: Sendable, Hashable {
    /// Whether keys are numbers alone, "0.1.2"; otherwise they begin with "c", "c/0/1/2".
    public var isVersion2: Bool
    /// What stands between the numbers: "/" or ".".
    public var separator: String
  }

  /// The array's folder.
  public let path: String
  /// Voxels along each dimension, slowest first.
  public let shape: [Int]
  /// The type of every voxel.
  public let type: VoxelType
  /// What one file covers: a shard, or a brick where the array has no shards.
  public let fileShape: [Int]
  /// What one brick covers.
  public let brickShape: [Int]
  /// The shard index, nil where each file is one brick.
  public let index: ShardIndex.Layout?
  /// How bricks are stored.
  public let chain: CodecChain
  /// The fill value as one voxel in the processor's byte order.
  public let fill: [UInt8]
  /// How files are named.
  public let keys: KeyEncoding
  /// One name per dimension, nil where it has none.
  public let dimensionNames: [String?]
  /// The array's attributes as they stand; an empty object where there are none.
  public let attributes: JSON

  /// The largest brick that is read, in bytes.
  public static let largestBrick = Int(Int32.max)
  /// The most bricks of a shard that is read: their index is parsed as a whole.
  public static let mostBricksPerShard = 1 << 22
  static let largestExtent = 1 << 48

  /// Voxels of a brick.
  public var brickVoxels: Int { brickShape.reduce(1, *) }
  /// Bytes of a decoded brick.
  public var brickBytes: Int { brickVoxels * type.byteCount }
  /// Bricks in one file.
  public var bricksPerFile: Int { zip(fileShape, brickShape).reduce(1) { $0 * ($1.0 / $1.1) } }

  /// Reads the zarr.json in the folder `path`.
  ///
  /// - Throws: `BrickworkError`: `.missingInput`; `.damagedInput` where the document contradicts
  ///   itself; `.unsupportedInput` for other types, codecs and extensions, by name.
  public init(_ path: String) throws {
    try self.init(try MetadataContext(path), path: path)
  }

  init(_ context: MetadataContext, path: String) throws {
    let json = context.json
    self.path = path
    guard json["node_type"] == "array" else {
      throw context.unsupported(
        "a \(json["node_type"]?.stringValue ?? "node without a type"), not an array",
        remedy: "Name the folder of one array, such as \(path)/0")
    }
    try context.checkMembers([
      "shape", "data_type", "chunk_grid", "chunk_key_encoding", "fill_value", "codecs",
      "dimension_names", "storage_transformers",
    ])
    if let transformers = json["storage_transformers"], transformers != [] {
      throw context.unsupported("storage transformers")
    }
    type = try Self.type(json["data_type"], context)
    shape = try context.extents(json["shape"], "shape", smallest: 0, rank: nil)
    guard (1...32).contains(shape.count) else {
      throw context.unsupported("\(shape.count) dimensions; between 1 and 32 are read")
    }
    guard shape.checkedProduct(times: type.byteCount) != nil else {
      throw context.damaged("the shape \(shape) has more bytes than fit into 63 bits")
    }
    let grid = json["chunk_grid"]
    guard grid?["name"] == "regular" else {
      throw context.unsupported("the chunk grid \(grid?["name"]?.stringValue ?? "without a name")")
    }
    fileShape = try context.extents(
      grid?["configuration"]?["chunk_shape"], "chunk_shape", smallest: 1, rank: shape.count)
    let entries = try CodecEntry.list(json["codecs"], context)
    if let first = entries.first(where: { $0.name == "sharding_indexed" }) {
      guard entries.count == 1 else {
        throw context.unsupported(
          "codecs around sharding_indexed: \(entries.map(\.name).joined(separator: ", "))")
      }
      brickShape = try context.extents(
        first.configuration["chunk_shape"], "chunk_shape of sharding_indexed", smallest: 1,
        rank: shape.count)
      guard zip(fileShape, brickShape).allSatisfy({ $0.isMultiple(of: $1) }) else {
        throw context.damaged(
          "the shard shape \(fileShape) is no multiple of the brick shape \(brickShape)")
      }
      let inner = try CodecEntry.list(first.configuration["codecs"], context)
      chain = try CodecChain(inner, rank: shape.count, type: type, context)
      index = try ShardIndex.Layout(sharding: first.configuration, context)
    } else {
      brickShape = fileShape
      chain = try CodecChain(entries, rank: shape.count, type: type, context)
      index = nil
    }
    guard let brickBytes = brickShape.checkedProduct(times: type.byteCount),
      brickBytes <= Self.largestBrick
    else {
      throw context.unsupported(
        "bricks of \(brickShape) \(type) voxels, more than \(Self.largestBrick) bytes",
        remedy: "Write the array again with smaller bricks, such as 64,64,64")
    }
    let bricks = zip(fileShape, brickShape).map { $0 / $1 }
    guard let bricksPerFile = bricks.checkedProduct(times: 1),
      bricksPerFile <= Self.mostBricksPerShard
    else {
      throw context.unsupported(
        "shards of \(bricks) bricks, more than \(Self.mostBricksPerShard) in all",
        remedy: "Write the array again with smaller shards, or with larger bricks")
    }
    // Each brick of the array gets a number of its own.
    let counts = zip(shape, fileShape).map { ($0 + $1 - 1) / $1 }
    guard counts.checkedProduct(times: bricksPerFile) != nil else {
      throw context.unsupported(
        "more bricks than can be counted: shape \(shape), bricks \(brickShape)")
    }
    guard let fillValue = json["fill_value"] else { throw context.damaged("fill_value is missing") }
    fill = try FillValue.bytes(fillValue, type: type, context)
    keys = try KeyEncoding(json["chunk_key_encoding"], context)
    dimensionNames = try context.dimensionNames(rank: shape.count)
    attributes = json["attributes"] ?? [:]
  }

  private static func type(_ json: JSON?, _ context: MetadataContext) throws -> VoxelType {
    guard let name = json?.stringValue ?? json?["name"]?.stringValue else {
      throw context.damaged("data_type is missing")
    }
    guard let type = VoxelType(rawValue: name) else {
      let known = VoxelType.allCases.map(\.rawValue).joined(separator: ", ")
      throw context.unsupported(
        "voxels of type \(name)", remedy: "Convert the array to one of \(known)")
    }
    return type
  }

  /// The file of the chunk at `indices`, as seen from the array's folder.
  func key(_ indices: [Int]) -> String {
    let numbers = indices.map(String.init)
    return (keys.isVersion2 ? numbers : ["c"] + numbers).joined(separator: keys.separator)
  }
}

extension ArrayMetadata.KeyEncoding {
  init(_ json: JSON?, _ context: MetadataContext) throws {
    let name = json?["name"]?.stringValue ?? json?.stringValue
    guard let name else { throw context.damaged("chunk_key_encoding is missing") }
    guard name == "default" || name == "v2" else {
      throw context.unsupported("the chunk key encoding \"\(name)\"")
    }
    isVersion2 = name == "v2"
    switch json?["configuration"]?["separator"] {
    case nil, .null: separator = isVersion2 ? "." : "/"
    case "/": separator = "/"
    case ".": separator = "."
    case let other?:
      throw context.damaged(
        "the separator of chunk keys is \(other.text(pretty: false)), not / or .")
    }
  }
}

extension [Int] {
  /// The product of all elements, none negative, and `factor`; nil if it overflows.
  func checkedProduct(times factor: Int) -> Int? {
    // A zero anywhere makes the product zero, but the others have to be sane all the same.
    var product = factor
    for element in self where element > 0 {
      let (next, overflow) = product.multipliedReportingOverflow(by: element)
      if overflow { return nil }
      product = next
    }
    return contains(0) ? 0 : product
  }
}
