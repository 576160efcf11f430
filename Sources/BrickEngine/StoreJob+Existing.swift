internal import BrickCore
internal import BrickFiles

/// What may already lie where the store goes.
extension StoreJob {
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
    guard attributes?["brickwork"]?["settings"] == settings else {
      throw differs("holds a finished store made with other settings or from other files")
    }
    if let newest = description.stamps.max(), newest > Files.stamp(groupPath) {
      throw differs("holds a finished store that is older than one of its sources")
    }
    return true
  }

  /// Continues the run that the folder tells of, or notes that a new one begins.
  func begin(_ folder: RunFolder) throws {
    if let earlier = try folder.settings() {
      guard earlier == runSettings else {
        throw differs("holds an unfinished run with other settings or from other files")
      }
    } else {
      try folder.create(settings: runSettings)
    }
  }

  private var groupPath: String { path + "/zarr.json" }

  private func differs(_ what: String) -> BrickworkError {
    BrickworkError(
      .outputExists, path: path, reason: what,
      remedy: "Repeat the command as it was to continue, choose another name, or add --overwrite "
        + "to start anew")
  }
}
