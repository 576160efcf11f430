internal import BrickCore
internal import BrickFiles
internal import BrickXML

extension BDVProject {
  /// Reads a SpimData XML, whatever its image loader.
  ///
  /// Tolerates what the programs of the field write: any order of elements, line breaks in numbers, missing
  /// names and attributes, the older 1.0 setups. An absolute image path that is gone is looked for
  /// beside the XML.
  /// Format: https://github.com/bigdataviewer/spimdata
  ///
  /// - Throws: `BrickworkError` that names the element, if the file is missing, no SpimData, or
  ///   holds numbers that can't be.
  public init(reading xmlPath: String) throws {
    try self.init(xml: Files.read(xmlPath), path: xmlPath)
  }

  /// Reads the SpimData XML in `bytes`, as if it were the file at `path`.
  ///
  /// - Throws: `BrickworkError` as `init(reading:)`.
  public init(xml bytes: [UInt8], path: String) throws {
    var reader = SpimDataReader(path: path)
    try reader.read(bytes)
    self = reader.project
  }
}

/// Collects a project from the parts of its XML.
private struct SpimDataReader {
  let path: String
  var project: BDVProject
  private var base = "."
  private var loader: XMLElement?

  init(path: String) {
    self.path = path
    project = BDVProject(loader: .init(format: ""), setups: [], path: path)
  }

  private func damaged(_ place: String, _ reason: String) -> BrickworkError {
    BrickworkError(
      .damagedInput, path: path, place: place, reason: reason,
      remedy: "Correct the XML, or restore one of BigStitcher's backups (\(Files.name(of: path))~1)"
    )
  }

  mutating func read(_ bytes: [UInt8]) throws {
    let reader = try XMLReader(bytes: bytes, name: path)
    var isSpimData = false
    while let node = try reader.next() {
      guard case .start(let name, let attributes) = node else { continue }
      if reader.depth == 1 {
        guard name == "SpimData" else {
          throw BrickworkError(
            .unsupportedInput, path: path, reason: "is an XML file of <\(name)>, not <SpimData>",
            remedy: "Name the dataset.xml of BigDataViewer or BigStitcher")
        }
        isSpimData = true
        continue
      }
      switch name {
      case "SequenceDescription", "ViewSetups", "MissingViews", "ViewRegistrations": continue
      case "BasePath", "ImageLoader", "ViewSetup", "Attributes", "Timepoints", "MissingView",
        "ViewRegistration":
        try take(XMLElement(name: name, attributes: attributes, from: reader))
      default: try XMLElement.skip(reader)
      }
    }
    guard isSpimData else { throw damaged("line 1", "holds no element") }
    project.loader = resolvedLoader()
    if let loader { try project.loader.takeDetails(of: loader, file: path) }
  }

  private mutating func take(_ element: XMLElement) throws {
    switch element.name {
    case "BasePath":
      let text = element.trimmedText
      base = text.isEmpty ? "." : text
    case "ImageLoader": loader = element
    case "ViewSetup": try takeSetup(element)
    case "Attributes":
      guard let attribute = element.attributes["name"] else { return }
      for entity in element.children {
        guard let id = entity.childText("id").flatMap({ Int($0) }) else { continue }
        project.attributeNames[attribute, default: [:]][id] = entity.childText("name") ?? String(id)
      }
    case "Timepoints": project.timepoints = try timepoints(element)
    case "MissingView": project.missingViews.insert(try view(element))
    default:
      let view = try view(element)
      let place = "registration of time point \(view.timepoint), setup \(view.setup)"
      project.registrations[view] = try element.children.filter { $0.name == "ViewTransform" }
        .map { try transform($0, place) }
    }
  }

  private func id(_ text: String?, _ place: String) throws -> Int {
    guard let text, let id = Int(text), id >= 0, id <= Int32.max else {
      throw damaged(
        place,
        "the id \(text.map { "\"\($0.prefix(40))\"" } ?? "is missing and") is no whole number")
    }
    return id
  }

  private func view(_ element: XMLElement) throws -> BDVProject.View {
    BDVProject.View(
      timepoint: try id(element.attributes["timepoint"], "<\(element.name)>, timepoint"),
      setup: try id(element.attributes["setup"], "<\(element.name)>, setup"))
  }

  private mutating func takeSetup(_ element: XMLElement) throws {
    let id = try id(element.childText("id"), "view setup after \(project.setups.count) others")
    let place = "view setup \(id)"
    guard seen.insert(id).inserted else { throw damaged(place, "is there twice") }
    // Version 1.0 wrote width, height, depth and pixelWidth, pixelHeight, pixelDepth.
    let size = element.child("size")?.numbers ?? old(element, ["width", "height", "depth"])
    let voxel = element.child("voxelSize")
    let spacing =
      try voxel.map { try three($0.child("size")?.numbers, "\(place), voxelSize") }
      ?? old(element, ["pixelWidth", "pixelHeight", "pixelDepth"])
    var attributes: [String: Int] = [:]
    for attribute in element.child("attributes")?.children ?? [] {
      attributes[attribute.name] = Int(attribute.trimmedText)
    }
    if element.child("size") != nil { _ = try three(size, "\(place), size") }
    project.setups.append(
      BDVProject.Setup(
        id: id, name: element.childText("name") ?? "setup \(id)",
        size: try size.map { try voxels($0, place) },
        storedVoxelSize: spacing.map { VoxelSize(x: $0[0], y: $0[1], z: $0[2]) },
        unit: voxel?.childText("unit") ?? "", attributes: attributes))
  }

  private var seen: Set<Int> = []

  private func old(_ element: XMLElement, _ names: [String]) -> [Double]? {
    let numbers = names.compactMap { element.child($0)?.numbers?.first }
    return numbers.count == 3 ? numbers : nil
  }

  private func three(_ numbers: [Double]?, _ place: String) throws -> [Double] {
    guard let numbers, numbers.count == 3 else {
      throw damaged(place, "is not three numbers x y z")
    }
    return numbers
  }

  private func voxels(_ size: [Double], _ place: String) throws -> Index3 {
    let counts = size.compactMap { Int(exactly: $0) }
    guard counts.count == 3 else {
      throw damaged(place, "a size of \(size) is not in whole voxels")
    }
    let index = Index3(z: counts[2], y: counts[1], x: counts[0])
    guard index.checkedVolume != nil else {
      throw damaged(place, "a size of \(counts) voxels (x, y, z) is impossible")
    }
    return index
  }

  private func transform(_ element: XMLElement, _ place: String) throws -> BDVProject.Transform {
    let name = element.childText("Name") ?? element.childText("name") ?? ""
    let type = element.attributes["type"] ?? "affine"
    guard type == "affine" else {
      throw BrickworkError(
        .unsupportedInput, path: path, place: place,
        reason: "the transform \"\(name)\" is of type \"\(type)\", not an affine matrix",
        remedy: "Replace it in the program that wrote it")
    }
    guard let numbers = element.child("affine")?.numbers,
      let affine = AffineTransform(rows: numbers)
    else {
      throw damaged(place, "the transform \"\(name)\" is not a matrix of 12 numbers")
    }
    return BDVProject.Transform(name: name, affine: affine)
  }

  /// More time points than anyone records, fewer than would hurt.
  private static let mostTimepoints = 1 << 20

  private func timepoints(_ element: XMLElement) throws -> [Int] {
    var ids: Set<Int> = []
    func add(_ first: Int, _ last: Int, _ step: Int = 1) throws {
      guard first <= last, step > 0, (last - first) / step < Self.mostTimepoints - ids.count else {
        throw damaged(
          "time points", "the range \(first) to \(last), step \(step), is empty or too long")
      }
      ids.formUnion(stride(from: first, through: last, by: step))
    }
    switch element.attributes["type"] {
    case "list":
      for child in element.children where child.name == "Timepoint" {
        let id = try id(child.childText("id"), "time points")
        try add(id, id)
      }
    case "pattern":
      let pattern = element.childText("integerpattern") ?? ""
      if pattern.isEmpty { return [0] }
      for part in pattern.split(separator: ",") {
        let range = part.split(separator: ":", maxSplits: 1)
        let ends = (range.first ?? "").split(separator: "-", maxSplits: 1)
        func number(_ text: Substring?) throws -> Int {
          try id(
            text.map { $0.filter { !$0.isWhitespace } }, "time points \"\(pattern.prefix(40))\"")
        }
        try add(
          number(ends.first), number(ends.last), range.count == 2 ? number(range.last) : 1)
      }
    default:
      try add(
        id(element.childText("first"), "time points, first"),
        id(element.childText("last"), "time points, last"))
    }
    return ids.sorted()
  }

  private func resolvedLoader() -> BDVProject.Loader {
    guard let loader else { return BDVProject.Loader(format: "") }
    let format = loader.attributes["format"] ?? ""
    let named = loader.children.first {
      ["hdf5", "n5", "zarr", "imagefile", "imagedirectory"].contains($0.name.lowercased())
    }
    guard let named, !named.trimmedText.isEmpty else { return BDVProject.Loader(format: format) }
    let folder = Files.folder(of: path)
    let text = named.trimmedText
    if named.attributes["type"] == "relative" {
      let root = base == "." ? folder : Files.join(folder, base)
      return BDVProject.Loader(format: format, path: Files.join(root, text))
    }
    if Files.exists(text) { return BDVProject.Loader(format: format, path: text) }
    // The folder has moved, or the path is another system's: the file usually came along with the XML.
    let last = text.split { $0 == "/" || $0 == "\\" }.last.map(String.init) ?? text
    let beside = Files.join(folder, last)
    return BDVProject.Loader(format: format, path: Files.exists(beside) ? beside : text)
  }
}
