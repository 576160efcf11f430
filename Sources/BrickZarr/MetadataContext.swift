internal import BrickCore
internal import BrickFiles

/// A zarr.json with the name of its file, for messages.
struct MetadataContext {
  let file: String
  let json: JSON

  /// Reads the zarr.json in a folder.
  init(_ folder: String) throws {
    file = Files.join(folder, "zarr.json")
    guard Files.isFolder(folder) else {
      throw BrickworkError(
        .missingInput, path: folder, reason: "there is no such folder",
        remedy: "Check the path; it is taken from the current folder")
    }
    if !Files.exists(file) {
      let isVersion2 = [".zarray", ".zgroup", ".zattrs"].contains {
        Files.exists(Files.join(folder, $0))
      }
      throw isVersion2
        ? BrickworkError(
          .unsupportedInput, path: folder, reason: "is Zarr version 2; version 3 is read",
          remedy: "Convert it, for example with zarr-python's `zarr migrate v3`")
        : BrickworkError(
          .missingInput, path: folder, reason: "has no zarr.json",
          remedy: "Name the folder of a Zarr version 3 group or array")
    }
    json = try JSON(parsing: try Files.read(file, limit: 64 << 20), path: file)
    guard json.objectValue != nil else { throw damaged("the document is no object") }
    guard json["zarr_format"]?.intValue == 3 else {
      throw unsupported(
        "zarr_format \(json["zarr_format"]?.text(pretty: false) ?? "missing"); version 3 is read")
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

  /// Refuses members that are neither in `known` nor allowed to be ignored.
  func checkMembers(_ known: Set<String>) throws {
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
  func dimensionNames(rank: Int) throws -> [String?] {
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
