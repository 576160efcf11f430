import Brickwork

/// Checks and writes what a command makes.
enum Output {
  /// Throws if a file can't be made at `path`, or is there already.
  static func check(_ path: String, overwrite: Bool) throws {
    let folder = Files.folder(of: path)
    guard Files.isFolder(folder) else {
      throw BrickworkError(
        .outputExists, path: path, reason: "can't be made: the folder \(folder) does not exist",
        remedy: "Make the folder, or choose another place with -o")
    }
    if Files.isFolder(path) {
      throw BrickworkError(
        .outputExists, path: path, reason: "is a folder", remedy: "Choose another name with -o")
    }
    if Files.exists(path) && !overwrite {
      throw BrickworkError(
        .outputExists, path: path, reason: "exists already",
        remedy: "Choose another name with -o, or replace it with --overwrite")
    }
  }

  /// Throws if replacing `path` would take away what is read: a tile, a folder that holds one, or a part of one.
  static func check(_ path: String, sparing tiles: TileSet) throws {
    try check(path, sparing: tiles.tiles.map(\.info.path))
  }

  /// The same for files, folders and stores.
  static func check(_ path: String, sparing sources: [String]) throws {
    guard let place = try? Files.resolved(trimmed(path)) else { return }
    for source in Set(sources) {
      guard let source = try? Files.resolved(source) else { continue }
      // An image's labels lie beside its levels, and are none of them.
      let isPart = place.hasPrefix(source + "/") && !place.hasPrefix(source + "/labels/")
      guard place != source, !source.hasPrefix(place + "/"), !isPart else {
        throw BrickworkError(
          .outputExists, path: path, reason: "is, holds or belongs to one of the sources",
          remedy: "Choose another name with -o")
      }
    }
  }

  /// Prints data to standard output.
  static func print(_ json: JSON) { Terminal.write(json.text(pretty: true) + "\n", to: .output) }

  static func print(_ text: String) { Terminal.write(text + "\n", to: .output) }
}
