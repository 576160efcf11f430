internal import BrickCore
internal import CHDF5

/// The datasets of a file, found by following its groups and links.
///
/// Every object is visited once, under its first name; other files are followed a few steps.
struct HDF5Walk {
  /// The paths of all datasets, in natural order.
  private(set) var datasets: [String] = []
  /// Links that lead nowhere.
  private(set) var broken: [String] = []

  /// More objects than any file of tiles has, fewer than would take minutes.
  private static let mostObjects = 1 << 17
  private static let mostDepth = 32
  private static let mostFilesApart = 4
  private static let mostNameBytes = 16 << 20

  private struct Identity: Hashable {
    var file: UInt
    var address: UInt64
  }

  private struct Group {
    var path: String
    var depth: Int
    var filesApart: Int
  }

  /// Walks a file.
  ///
  /// - Throws: `BrickworkError` with code `.damagedInput` if a group can't be listed, `.unsupportedInput` if
  ///   there are too many objects.
  init(_ source: HDF5Source) throws {
    (datasets, broken) = try HDF5Library.locked { () throws(BrickworkError) in
      try Self.walk(source)
    }
    datasets.sort(by: NaturalOrder.isBefore)
  }

  private static func walk(
    _ source: HDF5Source
  ) throws(BrickworkError) -> (datasets: [String], broken: [String]) {
    let file = try HDF5Pool.file(source)
    var (datasets, broken): ([String], [String]) = ([], [])
    var visited: Set<Identity> = []
    var groups = [Group(path: "", depth: 0, filesApart: 0)]
    while let group = groups.popLast() {
      let place = HDF5Place(
        path: source.path, object: group.path.isEmpty ? "/" : group.path, code: .damagedInput)
      let handle = try place.own(
        unsafe H5Gopen2(file, group.path.isEmpty ? "/" : group.path, chdf5_default()),
        "open the group", closer: H5Gclose)
      if group.path.isEmpty, let root = identify(handle.id) { visited.insert(root.identity) }
      var below: [Group] = []
      for (kind, name) in try links(of: handle.id, place) {
        let path = "\(group.path)/\(name)"
        let id = unsafe H5Oopen(handle.id, name, chdf5_default())
        guard id >= 0 else {
          broken.append(path)
          continue
        }
        let object = HDF5Handle(id, closer: H5Oclose)
        guard let found = identify(object.id), visited.insert(found.identity).inserted else {
          continue
        }
        guard visited.count < mostObjects else {
          throw BrickworkError(
            .unsupportedInput, path: source.path, reason: "has more than \(mostObjects) objects",
            remedy: "Name the dataset, or split the file")
        }
        if found.kind == 1 { datasets.append(path) }
        let filesApart = group.filesApart + (kind == "e" ? 1 : 0)
        if found.kind == 0, group.depth < mostDepth, filesApart <= mostFilesApart {
          below.append(Group(path: path, depth: group.depth + 1, filesApart: filesApart))
        }
      }
      groups += below.reversed()
    }
    return (datasets, broken)
  }

  private static func identify(_ object: hid_t) -> (identity: Identity, kind: Int32)? {
    var kind: Int32 = 0
    var file: UInt = 0
    var address: UInt64 = 0
    guard unsafe chdf5_identify(object, &kind, &file, &address) >= 0 else { return nil }
    return (Identity(file: file, address: address), kind)
  }

  /// The kinds and names of a group's links, sorted as text.
  static func links(
    of group: hid_t, _ place: HDF5Place
  ) throws(BrickworkError) -> [(kind: Character, name: String)] {
    var links = unsafe chdf5_links()
    defer { unsafe free(links.text) }
    try place.check(unsafe chdf5_list_links(group, &links, mostNameBytes), "list the group")
    guard let text = unsafe links.text else { return [] }
    let bytes = unsafe [UInt8](UnsafeRawBufferPointer(start: text, count: links.used))
    return bytes.split(separator: 0).map { entry in
      (
        kind: Character(Unicode.Scalar(entry.first ?? 63)),
        name: String(decoding: entry.dropFirst(), as: UTF8.self)
      )
    }.sorted { $0.name < $1.name }
  }
}
