internal import BrickCore
internal import BrickFiles

extension BDVProject.Loader {
  /// Where one view lies in an OME-Zarr store (`bdv.multimg.zarr`).
  public struct Group: Sendable, Hashable {
    /// The setup and the time point's id.
    public var view: BDVProject.View
    /// The image's group, as seen from the store.
    public var path: String
    /// The view's place along the dimensions above x, y, z, fastest first: channel, then time; empty where the
    /// image has no others, or only such of size 1.
    public var indices: [Int]

    /// A view's place in a store.
    public init(view: BDVProject.View, path: String, indices: [Int] = []) {
      self.view = view
      self.path = path
      self.indices = indices
    }
  }

  /// A file that holds the views of some setups at some time points.
  public struct Partition: Sendable, Hashable {
    /// The file, as seen from the XML.
    public var path: String
    /// The ids of its time points.
    public var timepoints: [Int]
    /// The ids of its setups.
    public var setups: [Int]

    /// A partition with what it holds.
    public init(path: String, timepoints: [Int], setups: [Int]) {
      self.path = path
      self.timepoints = timepoints
      self.setups = setups
    }
  }

  /// Reads the partitions; those in another form than today's are left out, since only tools need them.
  private mutating func takePartitions(of element: XMLElement) {
    func ids(_ text: String?) -> [Int]? {
      let words = (text ?? "").split(whereSeparator: \.isWhitespace)
      let ids = words.compactMap { Int($0) }
      return ids.isEmpty || ids.count != words.count ? nil : ids
    }
    partitions = element.children.filter { $0.name == "partition" }.compactMap { partition in
      guard let path = partition.childText("path"),
        let timepoints = ids(partition.childText("timepoints")),
        let setups = ids(partition.childText("setups"))
      else { return nil }
      return Partition(path: path, timepoints: timepoints, setups: setups)
    }
  }

  /// Reads the version, the partitions, the groups of `bdv.multimg.zarr` in all its versions, and `file:` addresses.
  ///
  /// - Parameter file: the XML's, for messages.
  mutating func takeDetails(of element: XMLElement, file: String) throws {
    version = element.attributes["version"] ?? ""
    // libxml2 takes the dot as a part of the name.
    zarrVersion = element.attributes["zarr.version"] ?? ""
    takePartitions(of: element)
    if let address = path.flatMap(Self.localPath) { path = address }
    guard let list = element.child("zgroups") else { return }
    groups = try list.children.filter { $0.name == "zgroup" }.enumerated().map { number, group in
      func damaged(_ reason: String) -> BrickworkError {
        BrickworkError(
          .damagedInput, path: file, place: "zgroup \(number)", reason: reason,
          remedy: "Correct the XML, or restore one of BigStitcher's backups "
            + "(\(Files.name(of: file))~1)")
      }
      func id(_ names: [String]) throws -> Int {
        let text = names.lazy.compactMap { group.attributes[$0] }.first
        guard let text, let id = Int(text), id >= 0, id <= Int32.max else {
          throw damaged(
            "the \(names[0]) is \(text.map { "\"\($0.prefix(40))\"" } ?? "missing"), no whole number"
          )
        }
        return id
      }
      let view = BDVProject.View(
        timepoint: try id(["timepoint", "tp"]), setup: try id(["setup"]))
      // Version 1.0 has the path as an element.
      guard let path = group.attributes["path"] ?? group.childText("path"), !path.isEmpty,
        !path.hasPrefix("/"), !path.split(separator: "/").contains("..")
      else { throw damaged("has no path inside the store") }
      // The attribute's name is misspelt by the programs that write it.
      let text = group.attributes["indicies"] ?? group.attributes["indices"] ?? ""
      let words = text.split { $0.isWhitespace || "[],".contains($0) }
      let indices = words.compactMap { Int($0) }
      guard indices.count == words.count, indices.allSatisfy({ $0 >= 0 }), indices.count <= 32
      else { throw damaged("the indicies \"\(text.prefix(40))\" are no whole numbers") }
      return Group(view: view, path: path, indices: indices)
    }
  }

  /// The path of a `file:` address; nil for everything else.
  private static func localPath(_ address: String) -> String? {
    guard address.hasPrefix("file:") else { return nil }
    var rest = address.dropFirst(5)
    if rest.hasPrefix("//") { rest = rest.dropFirst(2) }
    guard rest.hasPrefix("/") else { return nil }
    while rest.count > 1 && rest.hasSuffix("/") { rest.removeLast() }
    var bytes: [UInt8] = []
    var left = Array(rest.utf8)[...]
    while let byte = left.first {
      left.removeFirst()
      let digits = String(decoding: left.prefix(2), as: UTF8.self)
      if byte == UInt8(ascii: "%"), digits.utf8.count == 2, let code = UInt8(digits, radix: 16) {
        bytes.append(code)
        left.removeFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
