internal import BrickCore
internal import BrickXML

/// What an OME-XML description says about images, as far as tiles need it.
///
/// Source: OME model 2016-06, https://docs.openmicroscopy.org/ome-model/6.2.2/ome-tiff/specification.html
struct OMEDocument {
  /// A run of planes that lie in consecutive directories.
  struct PlaneRun {
    /// The first directory, or nil where the file doesn't say: then all of them from 0 on.
    var directory: Int?
    var channel = 0
    var slice = 0
    var timepoint = 0
    var count: Int?
    /// The file that holds them, and its identifier, if the document names one.
    var fileName: String?
    var uuid = ""
  }

  struct Image {
    var name = ""
    /// The fastest axes after X and Y, "ZCT".
    var order = "ZCT"
    var size = Index3.zero
    var channels = 1
    var timepoints = 1
    var channelNames: [String] = []
    var voxelSize: (x: Double?, y: Double?, z: Double?) = (nil, nil, nil)
    var runs: [PlaneRun] = []
    /// Stage coordinates in µm as far as they are known, and how early their plane comes.
    var position: (x: Double?, y: Double?, z: Double?) = (nil, nil, nil)
    var positionRank: (Int, Int, Int)?
  }

  private(set) var uuid = ""
  private(set) var images: [Image] = []
  private let name: String

  /// Reads the document; nil where the description is no OME-XML.
  ///
  /// - Throws: `BrickworkError` with code `.damagedInput` where it isn't well formed or a number is none.
  init?(_ description: [UInt8], name: String) throws {
    guard description.first == UInt8(ascii: "<") else { return nil }
    let end = description.reversed().drop { $0 <= 32 }.prefix(4)
    guard end.elementsEqual(">EMO".utf8) else { return nil }
    self.name = name
    let reader = try XMLReader(bytes: Self.utf8(description), name: name)
    while let node = try reader.next() {
      switch node {
      case .start(let element, let attributes): try open(element, attributes)
      case .text(let text): addText(text)
      case .end(let element): if element == "UUID" { isInUUID = false }
      }
    }
    guard !images.isEmpty else {
      throw BrickworkError(.unsupportedInput, path: name, reason: "its OME-XML describes no image")
    }
  }

  private var isInUUID = false

  private mutating func addText(_ text: String) {
    guard isInUUID, let image = images.indices.last, let run = images[image].runs.indices.last
    else { return }
    images[image].runs[run].uuid += text.filter { !$0.isWhitespace }
  }

  private mutating func open(_ element: String, _ attributes: [String: String]) throws {
    if element == "OME" { uuid = attributes["UUID"] ?? "" }
    if element == "BinaryOnly" {
      throw BrickworkError(
        .unsupportedInput, path: name,
        reason: "holds planes only; \(attributes["MetadataFile"] ?? "another file") describes them",
        remedy: "Open that file, or export the image as one OME-TIFF")
    }
    if element == "Image" { images.append(Image(name: attributes["Name"] ?? "")) }
    guard let last = images.indices.last else { return }
    switch element {
    case "Pixels": try readPixels(attributes, into: &images[last])
    case "Channel": images[last].channelNames.append(attributes["Name"] ?? "")
    case "TiffData":
      images[last].runs.append(
        PlaneRun(
          directory: try number(attributes, "IFD"), channel: try number(attributes, "FirstC") ?? 0,
          slice: try number(attributes, "FirstZ") ?? 0,
          timepoint: try number(attributes, "FirstT") ?? 0,
          count: try number(attributes, "PlaneCount")))
    case "UUID":
      guard let run = images[last].runs.indices.last else { return }
      images[last].runs[run].fileName = attributes["FileName"] ?? ""
      isInUUID = true
    case "Plane":
      let rank = (
        try number(attributes, "TheT") ?? 0, try number(attributes, "TheC") ?? 0,
        try number(attributes, "TheZ") ?? 0
      )
      place(&images[last], rank, attributes, prefix: "Position")
    case "StageLabel":
      // Coordinates of planes are more exact and take its place.
      place(&images[last], (Int.max, 0, 0), attributes, prefix: "")
    default: break
    }
  }

  private func place(
    _ image: inout Image, _ rank: (Int, Int, Int), _ attributes: [String: String], prefix: String
  ) {
    if let known = image.positionRank, rank >= known { return }
    func coordinate(_ axis: String, _ voxelSize: Double?) -> Double? {
      guard let value = attributes[prefix + axis].flatMap({ Double($0) }), value.isFinite else {
        return nil
      }
      switch attributes["\(prefix)\(axis)Unit"] {
      // Without a unit the coordinate is in a "reference frame", which every known writer means as µm.
      case nil, "reference frame": return value
      case "pixel": return voxelSize.map { value * $0 }
      case let unit?: return LengthUnit(unit).map { value * $0.micrometres }
      }
    }
    let found = (
      x: coordinate("X", image.voxelSize.x), y: coordinate("Y", image.voxelSize.y),
      z: coordinate("Z", image.voxelSize.z)
    )
    guard found.x != nil || found.y != nil else { return }
    (image.position, image.positionRank) = (found, rank)
  }

  private func readPixels(_ attributes: [String: String], into image: inout Image) throws {
    func size(_ axis: String) throws -> Int {
      guard let size = try number(attributes, "Size\(axis)"), size > 0 else {
        throw BrickworkError(
          .damagedInput, path: name,
          reason: "its OME-XML says Size\(axis)=\"\(attributes["Size\(axis)"] ?? "")\"",
          remedy: "Export the file again")
      }
      return size
    }
    image.size = Index3(z: try size("Z"), y: try size("Y"), x: try size("X"))
    (image.channels, image.timepoints) = (try size("C"), try size("T"))
    let order = String((attributes["DimensionOrder"] ?? "XYZCT").dropFirst(2))
    guard order.count == 3, Set(order) == Set("ZCT") else {
      throw BrickworkError(
        .damagedInput, path: name,
        reason: "its OME-XML says DimensionOrder=\"\(attributes["DimensionOrder"] ?? "")\"")
    }
    image.order = order
    func physical(_ axis: String) -> Double? {
      let unit = attributes["PhysicalSize\(axis)Unit"] ?? "µm"
      guard let value = attributes["PhysicalSize\(axis)"].flatMap({ Double($0) }),
        let unit = LengthUnit(unit)
      else { return nil }
      return value * unit.micrometres
    }
    image.voxelSize = (physical("X"), physical("Y"), physical("Z"))
  }

  private func number(_ attributes: [String: String], _ key: String) throws -> Int? {
    guard let text = attributes[key] else { return nil }
    guard let number = Int(text), number >= 0 else {
      throw BrickworkError(
        .damagedInput, path: name, reason: "its OME-XML says \(key)=\"\(text)\"",
        remedy: "Export the file again")
    }
    return number
  }

  /// Old writers put Latin-1 bytes (µ) into documents that are UTF-8 by their header.
  private static func utf8(_ bytes: [UInt8]) -> [UInt8] {
    if String(validating: bytes, as: UTF8.self) != nil { return bytes }
    return bytes.flatMap { Array(String(Unicode.Scalar($0)).utf8) }
  }
}
