internal import BrickCore

extension ArrayMetadata.Parts {
  /// What a .zarray says.
  ///
  /// Format: Zarr v2, https://zarr-specs.readthedocs.io/en/latest/v2/v2.0.html. Members that the
  /// specification doesn't know are ignored, as it asks.
  init(version2 context: MetadataContext) throws {
    let json = context.json
    format = .zarr2
    shape = try context.extents(json["shape"], "shape", smallest: 0, rank: nil)
    brickShape = try context.extents(json["chunks"], "chunks", smallest: 1, rank: shape.count)
    fileShape = brickShape
    index = nil
    let isBigEndian: Bool
    (type, isBigEndian) = try Self.type(json["dtype"], context)
    chain = CodecChain(
      order: try Self.order(json["order"], rank: shape.count, context),
      isBigEndian: isBigEndian,
      stages: try CodecChain.stages(
        filters: json["filters"], compressor: json["compressor"], context))
    switch json["fill_value"] {
    // The specification leaves such voxels undefined; every reader gives zeros.
    case nil, .null: fill = nil
    case let value?: fill = try FillValue.bytes(value, type: type, context)
    }
    switch json["dimension_separator"] {
    case nil, .null, ".": keys = ArrayMetadata.KeyEncoding(isVersion2: true, separator: ".")
    case "/": keys = ArrayMetadata.KeyEncoding(isVersion2: true, separator: "/")
    case let other?:
      throw context.damaged(
        "the dimension_separator is \(other.text(pretty: false).prefix(40)), not / or .")
    }
    dimensionNames = try context.dimensionNames(rank: shape.count)
    attributes = context.attributes
  }

  /// A NumPy type such as "<u2": byte order, kind, bytes.
  private static func type(
    _ json: JSON?, _ context: MetadataContext
  ) throws -> (VoxelType, isBigEndian: Bool) {
    guard let json else { throw context.damaged("dtype is missing") }
    let name = json.stringValue ?? ""
    guard let order = name.first, "<>|".contains(order), let type = numpyTypes[name.dropFirst()],
      order != "|" || type.byteCount == 1
    else {
      throw context.unsupported(
        "voxels of the NumPy type \(json.text(pretty: false).prefix(60))",
        remedy: "Convert the array to integers or floats of 8 to 64 bits")
    }
    return (type, order == ">" && type.byteCount > 1)
  }

  private static let numpyTypes: [Substring: VoxelType] = [
    "u1": .uint8, "u2": .uint16, "u4": .uint32, "u8": .uint64,
    "i1": .int8, "i2": .int16, "i4": .int32, "i8": .int64, "f4": .float32, "f8": .float64,
  ]

  /// "F" stores the first dimension fastest, which is a transposition of all dimensions.
  private static func order(
    _ json: JSON?, rank: Int, _ context: MetadataContext
  ) throws -> [Int]? {
    switch json {
    case nil, .null, "C": return nil
    case "F": return rank > 1 ? (0..<rank).reversed() : nil
    case let other?:
      throw context.damaged("the order is \(other.text(pretty: false).prefix(40)), not C or F")
    }
  }
}

extension CodecChain {
  /// The filters, which are applied before it, and the compressor of version 2, by their numcodecs ids.
  static func stages(
    filters: JSON?, compressor: JSON?, _ context: MetadataContext
  ) throws -> [Stage] {
    var stages: [Stage] = []
    switch filters {
    case nil, .null: break
    case .array(let filters):
      guard filters.count <= 16 else {
        throw context.unsupported("\(filters.count) filters in a row; at most 16 are read")
      }
      for filter in filters { stages.append(try stage(numcodecs: filter, "filter", context)) }
    case let other?:
      throw context.damaged("filters are no list: \(other.text(pretty: false).prefix(80))")
    }
    if let compressor, !compressor.isNull {
      stages.append(try stage(numcodecs: compressor, "compressor", context))
    }
    return stages
  }

  private static func stage(
    numcodecs json: JSON, _ role: String, _ context: MetadataContext
  ) throws -> Stage {
    guard let id = json["id"]?.stringValue else {
      throw context.damaged("a \(role) has no id: \(json.text(pretty: false).prefix(80))")
    }
    switch id {
    case "blosc": return .blosc
    case "zstd": return .zstd
    case "gzip": return .gzip
    case "zlib": return .zlib
    case "lz4": return .sizedLZ4
    case "bz2": return .bzip2
    case "lzma":
      // 1 is the .xz container; 3 are raw streams that say nothing about themselves.
      let format = json["format"]?.intValue ?? 1
      guard format == 1 else {
        throw context.unsupported("the \(role) \"lzma\" with format \(format); only 1 (xz) is read")
      }
      return .xz
    case "shuffle":
      let width = json["elementsize"]?.intValue ?? 4
      guard (1...256).contains(width) else {
        throw context.damaged("the filter shuffle has elements of \(width) bytes")
      }
      return .shuffle(width: width)
    default:
      throw context.unsupported(
        "the \(role) \"\(id)\"; known are blosc, zstd, gzip, zlib, lz4, bz2, lzma and shuffle",
        remedy: "Write the array again without it")
    }
  }
}
