internal import BrickCore

extension ArrayMetadata.Parts {
  /// What a zarr.json says.
  init(version3 context: MetadataContext) throws {
    let json = context.json
    try context.checkMembers([
      "shape", "data_type", "chunk_grid", "chunk_key_encoding", "fill_value", "codecs",
      "dimension_names", "storage_transformers",
    ])
    if let transformers = json["storage_transformers"], transformers != [] {
      throw context.unsupported("storage transformers")
    }
    format = .zarr3
    type = try Self.type(json["data_type"], context)
    shape = try context.extents(json["shape"], "shape", smallest: 0, rank: nil)
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
    guard let fillValue = json["fill_value"] else { throw context.damaged("fill_value is missing") }
    fill = try FillValue.bytes(fillValue, type: type, context)
    keys = try ArrayMetadata.KeyEncoding(json["chunk_key_encoding"], context)
    dimensionNames = try context.dimensionNames(rank: shape.count)
    attributes = context.attributes
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
}

extension ArrayMetadata.KeyEncoding {
  init(_ json: JSON?, _ context: MetadataContext) throws {
    let name = json?["name"]?.stringValue ?? json?.stringValue
    guard let name else { throw context.damaged("chunk_key_encoding is missing") }
    guard name == "default" || name == "v2" else {
      throw context.unsupported("the chunk key encoding \"\(name)\"")
    }
    isReversed = false
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
