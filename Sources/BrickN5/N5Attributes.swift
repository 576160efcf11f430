internal import BrickCore
internal import BrickFiles
internal import BrickZarr

/// An attributes.json, checked where it is asked.
struct N5Attributes {
  let file: String
  let json: JSON

  /// The attributes of the group or dataset in `folder`; an empty object where it has no attributes.json.
  ///
  /// - Throws: `BrickworkError`: `.missingInput` without the folder, `.damagedInput` if it is no JSON object.
  init(_ folder: String) throws {
    guard Files.isFolder(folder) else {
      throw BrickworkError(
        .missingInput, path: folder, reason: "there is no such folder",
        remedy: "Check the path; it is taken from the current folder")
    }
    let file = Files.join(folder, "attributes.json")
    try self.init(
      bytes: Files.size(file) == nil ? Array("{}".utf8) : try Files.read(file, limit: 64 << 20),
      file: file)
  }

  /// The attributes.json in `bytes`.
  init(bytes: [UInt8], file: String) throws {
    self.file = file
    json = try JSON(parsing: bytes, path: file)
    guard json.objectValue != nil else { throw damaged("the document is no object") }
  }

  /// Whether this is a dataset, not a group.
  var isDataset: Bool { json["dimensions"] != nil }

  func damaged(_ reason: String) -> BrickworkError {
    BrickworkError(
      .damagedInput, path: file, reason: reason,
      remedy: "Restore the file or write the dataset again")
  }

  private func unsupported(_ what: String) -> BrickworkError {
    BrickworkError(
      .unsupportedInput, path: file, reason: "this program doesn't read \(what)",
      remedy: "Resave the data, for example in BigStitcher, with gzip or zstd")
  }

  /// The dataset in `folder`, dimensions slowest first.
  ///
  /// Format: https://github.com/saalfeldlab/n5#file-system-specification
  func array(_ folder: String) throws -> ArrayMetadata {
    let shape = try extents("dimensions", smallest: 0)
    let block = try extents("blockSize", smallest: 1)
    guard block.count == shape.count else {
      throw damaged("blockSize has \(block.count) dimensions, dimensions has \(shape.count)")
    }
    let type = try voxelType()
    return try ArrayMetadata(
      ArrayMetadata.Parts(
        format: .n5, shape: shape.reversed(), type: type, brickShape: block.reversed(),
        chain: CodecChain(
          order: nil, isBigEndian: type.byteCount > 1, stages: try compression()),
        fill: nil,
        keys: ArrayMetadata.KeyEncoding(isVersion2: true, separator: "/", isReversed: true),
        attributes: json),
      path: folder, file: file)
  }

  /// The type that `dataType` names.
  func voxelType() throws -> VoxelType {
    guard let name = json["dataType"]?.stringValue else { throw damaged("dataType is missing") }
    guard let type = VoxelType(rawValue: name) else {
      throw unsupported("elements of the type \(name.prefix(40))")
    }
    return type
  }

  private func extents(_ name: String, smallest: Int) throws -> [Int] {
    guard let extents = json[name]?.intArrayValue, !extents.isEmpty else {
      throw damaged(
        "\(name) is no list of integers: "
          + "\(json[name]?.text(pretty: false).prefix(80) ?? "missing")")
    }
    for extent in extents where extent < smallest || extent > 1 << 48 {
      throw damaged("\(name) has the size \(extent), which is not between \(smallest) and 2⁴⁸")
    }
    return extents
  }

  private func compression() throws -> [CodecChain.Stage] {
    // Before version 2 the type alone stood here.
    let json = self.json["compression"] ?? self.json["compressionType"] ?? "raw"
    guard let type = json["type"]?.stringValue ?? json.stringValue else {
      throw damaged("the compression has no type: \(json.text(pretty: false).prefix(80))")
    }
    switch type {
    case "raw": return []
    case "gzip": return [json["useZlib"] == true ? .zlib : .gzip]
    case "zstd": return [.zstd]
    case "blosc": return [.blosc]
    case "lz4": return [.streamedLZ4]
    case "bzip2": return [.bzip2]
    case "xz": return [.xz]
    default:
      throw unsupported(
        "the compression \"\(type.prefix(40))\"; known are raw, gzip, zstd, blosc, lz4, bzip2 and xz"
      )
    }
  }
}
