public import BrickCore
internal import BrickFiles

/// What an array's zarr.json, .zarray or attributes.json says, checked: nothing in it can make a
/// reader trap or allocate at will.
///
/// Formats: Zarr v3 and v2, and N5, of any number of dimensions from 1 to 32. Members of zarr.json
/// that the specification doesn't know are refused unless they say `"must_understand": false`.
public struct ArrayMetadata: Sendable {
  /// Which format's rules a brick's file follows.
  public enum Format: Sendable, Hashable {
    /// Zarr version 3.
    case zarr3
    /// Zarr version 2.
    case zarr2
    /// N5: each file begins with a header that says its own shape, smaller at the array's end.
    case n5
  }

  /// How chunk indices become file names.
  public struct KeyEncoding: Sendable, Hashable {
    /// Whether keys are numbers alone, "0.1.2"; otherwise they begin with "c", "c/0/1/2".
    public var isVersion2: Bool
    /// What stands between the numbers: "/" or ".".
    public var separator: String
    /// Whether the fastest dimension comes first, as in N5.
    public var isReversed: Bool

    /// Names of numbers alone, as in version 2 and N5, or with a leading "c".
    public init(isVersion2: Bool, separator: String, isReversed: Bool = false) {
      self.isVersion2 = isVersion2
      self.separator = separator
      self.isReversed = isReversed
    }
  }

  /// The array's folder.
  public let path: String
  /// Which format the array has.
  public let format: Format
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

  /// Reads the zarr.json, or the .zarray and .zattrs of version 2, in the folder `path`.
  ///
  /// - Throws: `BrickworkError`: `.missingInput`; `.damagedInput` where the document contradicts
  ///   itself; `.unsupportedInput` for other types, codecs and extensions, by name.
  public init(_ path: String) throws {
    try self.init(try MetadataContext(path), path: path)
  }

  init(_ context: MetadataContext, path: String) throws {
    guard context.isArray else {
      let found = context.json["node_type"]?.stringValue
      throw context.unsupported(
        "a \(found ?? (context.version == 2 ? "group" : "node without a type")), not an array",
        remedy: "Name the folder of one array, such as \(path)/0")
    }
    try self.init(
      context.version == 3 ? Parts(version3: context) : Parts(version2: context), path: path,
      file: context.file)
  }

  /// What a document says, before its numbers are held against each other.
  package struct Parts {
    /// The format's name and version.
    package var format: Format
    /// Voxels along each dimension, slowest first; each from 0 to 2⁴⁸.
    package var shape: [Int]
    /// The type of every voxel.
    package var type: VoxelType
    /// What one file covers, from 1 up.
    package var fileShape: [Int]
    /// What one brick covers; a file's shape is a multiple of it.
    package var brickShape: [Int]
    /// The index of shards.
    package var index: ShardIndex.Layout?
    /// How bricks are stored.
    package var chain: CodecChain
    /// One voxel's bytes; all zero where nil.
    package var fill: [UInt8]?
    /// How files are named.
    package var keys: KeyEncoding
    /// One per dimension.
    package var dimensionNames: [String?]
    /// As they stand.
    package var attributes: JSON

    /// An unsharded array of unnamed dimensions.
    package init(
      format: Format, shape: [Int], type: VoxelType, brickShape: [Int], chain: CodecChain,
      fill: [UInt8]?, keys: KeyEncoding, attributes: JSON
    ) {
      self.format = format
      self.shape = shape
      self.type = type
      fileShape = brickShape
      self.brickShape = brickShape
      self.chain = chain
      self.fill = fill
      self.keys = keys
      dimensionNames = Array(repeating: nil, count: shape.count)
      self.attributes = attributes
    }
  }

  /// Checks that sizes can be counted and bricks can be held.
  ///
  /// - Parameter file: the document, for messages.
  package init(_ parts: Parts, path: String, file: String) throws {
    func damaged(_ reason: String) -> BrickworkError {
      BrickworkError(
        .damagedInput, path: file, reason: reason,
        remedy: "Restore the file or write the image again")
    }
    func unsupported(_ what: String, remedy: String? = nil) -> BrickworkError {
      BrickworkError(
        .unsupportedInput, path: file, reason: "this program doesn't read \(what)", remedy: remedy)
    }
    let (shape, type) = (parts.shape, parts.type)
    let (fileShape, brickShape) = (parts.fileShape, parts.brickShape)
    guard (1...32).contains(shape.count) else {
      throw unsupported("\(shape.count) dimensions; between 1 and 32 are read")
    }
    guard shape.checkedProduct(times: type.byteCount) != nil else {
      throw damaged("the shape \(shape) has more bytes than fit into 63 bits")
    }
    guard let brickBytes = brickShape.checkedProduct(times: type.byteCount),
      brickBytes <= Self.largestBrick
    else {
      throw unsupported(
        "bricks of \(brickShape) \(type) voxels, more than \(Self.largestBrick) bytes",
        remedy: "Write the array again with smaller bricks, such as 64,64,64")
    }
    let bricks = zip(fileShape, brickShape).map { $0 / $1 }
    guard let bricksPerFile = bricks.checkedProduct(times: 1),
      bricksPerFile <= Self.mostBricksPerShard
    else {
      throw unsupported(
        "shards of \(bricks) bricks, more than \(Self.mostBricksPerShard) in all",
        remedy: "Write the array again with smaller shards, or with larger bricks")
    }
    // Each brick of the array gets a number of its own.
    let counts = zip(shape, fileShape).map { ($0 + $1 - 1) / $1 }
    guard counts.checkedProduct(times: bricksPerFile) != nil else {
      throw unsupported("more bricks than can be counted: shape \(shape), bricks \(brickShape)")
    }
    self.path = path
    format = parts.format
    self.shape = shape
    self.type = type
    self.fileShape = fileShape
    self.brickShape = brickShape
    index = parts.index
    chain = parts.chain
    fill = parts.fill ?? Array(repeating: 0, count: type.byteCount)
    keys = parts.keys
    dimensionNames = parts.dimensionNames
    attributes = parts.attributes
  }

  /// The file of the chunk at `indices`, as seen from the array's folder.
  func key(_ indices: [Int]) -> String {
    let numbers = (keys.isReversed ? indices.reversed() : indices).map(String.init)
    return (keys.isVersion2 ? numbers : ["c"] + numbers).joined(separator: keys.separator)
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
