internal import BrickCore
internal import BrickFiles

/// What may already lie where a store goes, and whether a run may continue it.
struct ExistingStore: Sendable {
  /// The store's folder.
  let path: String
  /// Everything that decides the bytes.
  let settings: JSON
  /// The sources' writing times.
  let stamps: [String]

  /// Makes sure that nothing but a store, or an empty folder, is there.
  func checkPlace(_ folder: RunFolder) throws {
    guard Files.exists(path) else { return }
    let isStore = Files.exists(groupPath) || Files.exists(folder.path)
    guard Files.isFolder(path), try isStore || Files.names(in: path).isEmpty else {
      throw BrickworkError(
        .outputExists, path: path, reason: "exists and is not a chunk store",
        remedy: "Choose another name; --overwrite replaces only chunk stores")
    }
  }

  /// Whether the store is complete already.
  ///
  /// - Throws: `BrickworkError` with code `.outputExists` if it was made with other settings, or if a source was written
  ///   after it was finished.
  func isComplete() throws -> Bool {
    guard Files.exists(groupPath) else { return false }
    let attributes = try JSON(parsing: Files.read(groupPath), path: groupPath)["attributes"]
    if let place = attributes?["brickwork"]?["settings"].map({ settings.firstDifference(from: $0) })
      ?? "settings"
    {
      throw differs("holds a finished store that differs in \(place)")
    }
    if let newest = stamps.max(), newest > Files.stamp(groupPath) {
      throw differs("holds a finished store that is older than one of its sources")
    }
    return true
  }

  /// Continues the run that the folder tells of, or notes that a new one begins.
  func begin(_ folder: RunFolder) throws {
    if let earlier = try folder.settings() {
      if let place = runSettings.firstDifference(from: earlier) {
        throw differs("holds an unfinished run that differs in \(place)")
      }
    } else {
      try folder.create(settings: runSettings)
    }
  }

  /// Whether the folder tells of a run that `begin` would continue.
  func isContinued(_ folder: RunFolder) -> Bool {
    guard let earlier = try? folder.settings() else { return false }
    return runSettings.firstDifference(from: earlier) == nil
  }

  /// Everything that must not change while a run is interrupted.
  private var runSettings: JSON {
    ["settings": settings, "stamps": .array(stamps.map { .string($0) })]
  }

  /// The document that is written last and makes the store one.
  var groupPath: String { path + "/zarr.json" }

  private func differs(_ what: String) -> BrickworkError {
    BrickworkError(
      .outputExists, path: path, reason: what,
      remedy: "Repeat the command as it was to continue, choose another name, or add --overwrite "
        + "to start anew")
  }
}

extension JSON {
  /// Where two documents first differ, as "settings.source.order" with places in lists counted from 0; nil if they are
  /// equal.
  func firstDifference(from other: JSON) -> String? {
    if self == other { return nil }
    if let mine = objectValue, let theirs = other.objectValue {
      for key in mine.keys + theirs.keys.filter({ mine[$0] == nil }) {
        guard let a = mine[key], let b = theirs[key] else { return key }
        if let deeper = a.firstDifference(from: b) {
          return deeper.isEmpty ? key : "\(key).\(deeper)"
        }
      }
    }
    if let mine = arrayValue, let theirs = other.arrayValue {
      guard mine.count == theirs.count else { return "" }
      for (place, (a, b)) in zip(mine, theirs).enumerated() {
        if let deeper = a.firstDifference(from: b) {
          return deeper.isEmpty ? "\(place)" : "\(place).\(deeper)"
        }
      }
    }
    return ""
  }
}
