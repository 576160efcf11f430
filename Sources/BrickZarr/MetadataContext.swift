internal import BrickCore
internal import BrickFiles

/// What a folder says about itself: a zarr.json, or the .zarray, .zgroup and .zattrs of version 2.
struct MetadataContext {
  /// The document that messages name.
  let file: String
  /// zarr.json or .zarray; an empty object for a group of version 2.
  let json: JSON
  /// The node's attributes; an empty object where there are none.
  let attributes: JSON
  /// 2 or 3.
  let version: Int
  /// An array, or else a group.
  let isArray: Bool

  /// The largest document that is read, in bytes.
  private static let largest = 64 << 20

  /// Reads the documents in a folder; zarr.json is taken where both versions are there.
  init(_ folder: String) throws {
    guard Files.isFolder(folder) else {
      throw BrickworkError(
        .missingInput, path: folder, reason: "there is no such folder",
        remedy: "Check the path; it is taken from the current folder")
    }
    func there(_ name: String) -> String? {
      let path = Files.join(folder, name)
      return Files.size(path) == nil ? nil : path
    }
    if let file = there("zarr.json") {
      try self.init(version3: try Files.read(file, limit: Self.largest), file: file)
      return
    }
    let attributes = there(".zattrs")
    if let array = there(".zarray") {
      try self.init(
        version2: try Files.read(array, limit: Self.largest), file: array,
        attributes: try attributes.map { ($0, try Files.read($0, limit: Self.largest)) })
      return
    }
    guard let document = attributes ?? there(".zgroup") else {
      throw BrickworkError(
        .missingInput, path: folder, reason: "has no zarr.json, .zarray or .zgroup",
        remedy: "Name the folder of a Zarr group or array")
    }
    let group = try attributes.map {
      try JSON(parsing: try Files.read($0, limit: Self.largest), path: $0)
    }
    self.init(version2Group: group ?? [:], file: document)
    guard self.attributes.objectValue != nil else { throw damaged("the document is no object") }
  }

  private init(version2Group attributes: JSON, file: String) {
    self.file = file
    json = [:]
    self.attributes = attributes
    version = 2
    isArray = false
  }

  /// The zarr.json in `bytes`.
  init(version3 bytes: [UInt8], file: String) throws {
    self.file = file
    json = try JSON(parsing: bytes, path: file)
    version = 3
    isArray = json["node_type"] == "array"
    attributes = json["attributes"] ?? [:]
    guard json.objectValue != nil else { throw damaged("the document is no object") }
    try checkFormat()
  }

  /// The .zarray in `bytes`, with the file and bytes of its .zattrs.
  init(version2 bytes: [UInt8], file: String, attributes: (file: String, bytes: [UInt8])?) throws {
    self.file = file
    json = try JSON(parsing: bytes, path: file)
    version = 2
    isArray = true
    self.attributes = try attributes.map { try JSON(parsing: $0.bytes, path: $0.file) } ?? [:]
    guard json.objectValue != nil else { throw damaged("the document is no object") }
    try checkFormat()
  }

  private func checkFormat() throws {
    guard json["zarr_format"]?.intValue == version else {
      throw unsupported(
        "zarr_format \(json["zarr_format"]?.text(pretty: false).prefix(40) ?? "missing") in a "
          + "file of this name; version \(version) belongs there")
    }
  }

  func damaged(_ reason: String) -> BrickworkError {
    BrickworkError(
      .damagedInput, path: file, reason: reason, remedy: "Restore the file or write the image again"
    )
  }

  func unsupported(_ what: String, remedy: String? = nil) -> BrickworkError {
    BrickworkError(
      .unsupportedInput, path: file, reason: "this program doesn't read \(what)", remedy: remedy)
  }

  /// Refuses members that are neither in `known` nor allowed to be ignored; version 2 ignores all others.
  func checkMembers(_ known: Set<String>) throws {
    guard version == 3 else { return }
    let common: Set<String> = ["zarr_format", "node_type", "attributes"]
    for member in json.objectValue?.members ?? [] {
      if known.contains(member.key) || common.contains(member.key) { continue }
      if member.value["must_understand"] == false { continue }
      throw unsupported("the extension \"\(member.key)\", which must be understood")
    }
  }

  /// A list of sizes from `smallest` up.
  func extents(_ json: JSON?, _ name: String, smallest: Int, rank: Int?) throws -> [Int] {
    guard let extents = json?.intArrayValue else {
      throw damaged(
        "\(name) is no list of integers: \(json?.text(pretty: false).prefix(80) ?? "missing")")
    }
    if let rank, extents.count != rank {
      throw damaged("\(name) has \(extents.count) dimensions, the shape has \(rank)")
    }
    for extent in extents where extent < smallest || extent > ArrayMetadata.largestExtent {
      throw damaged(
        "\(name) has the size \(extent), which is not between \(smallest) and "
          + "\(ArrayMetadata.largestExtent)"
      )
    }
    return extents
  }

  /// `dimension_names`, nil for each where they are left out.
  ///
  /// In version 2 xarray's attribute `_ARRAY_DIMENSIONS` says the same, where it has the right length.
  func dimensionNames(rank: Int) throws -> [String?] {
    if version == 2 {
      let names = attributes["_ARRAY_DIMENSIONS"]?.stringArrayValue ?? []
      return names.count == rank ? names : Array(repeating: nil, count: rank)
    }
    guard let names = json["dimension_names"], !names.isNull else {
      return Array(repeating: nil, count: rank)
    }
    guard let elements = names.arrayValue, elements.count == rank,
      elements.allSatisfy({ $0.isNull || $0.stringValue != nil })
    else {
      throw damaged(
        "dimension_names are not \(rank) names: \(names.text(pretty: false).prefix(80))")
    }
    return elements.map(\.stringValue)
  }
}
