internal import BrickCore
internal import CHDF5

/// Files and datasets that lazy sources have open just now, all together: the least recently used go first.
///
/// A project has thousands of views in hundreds of files; only those read lately are open. Everything here is
/// called, and every handle dies, under the library's lock.
enum HDF5Pool {
  private static let mostFiles = 16
  private static let mostDatasets = 64

  private struct DatasetKey: Hashable {
    var source: Int
    var name: String
  }

  private final class Kept {
    let handle: HDF5Handle
    var lastUse = 0
    init(_ handle: consuming HDF5Handle) { self.handle = handle }
  }

  // Guarded by the library's lock: there is no other way in than `HDF5Library.locked`.
  private nonisolated(unsafe) static var files: [Int: Kept] = [:]
  private nonisolated(unsafe) static var datasets: [DatasetKey: Kept] = [:]
  private nonisolated(unsafe) static var clock = 0

  /// The open file of a source.
  static func file(_ source: HDF5Source) throws(BrickworkError) -> hid_t {
    unsafe clock += 1
    if let kept = unsafe files[source.number] {
      kept.lastUse = unsafe clock
      return kept.handle.id
    }
    while unsafe files.count >= mostFiles, let oldest = unsafe oldest(of: files) { close(oldest) }
    let kept = Kept(try HDF5File.openForReading(source.path))
    kept.lastUse = unsafe clock
    unsafe files[source.number] = kept
    return kept.handle.id
  }

  /// An open dataset of a source.
  static func dataset(_ source: HDF5Source, _ name: String) throws(BrickworkError) -> hid_t {
    let key = DatasetKey(source: source.number, name: name)
    let file = try file(source)
    if let kept = unsafe datasets[key] {
      kept.lastUse = unsafe clock
      return kept.handle.id
    }
    while unsafe datasets.count >= mostDatasets, let oldest = unsafe oldest(of: datasets) {
      unsafe datasets[oldest] = nil
    }
    let place = HDF5Place(path: source.path, object: name, code: .damagedInput)
    // Decoded chunks are kept in the shared cache: the library's own would only take memory beside it.
    let access = try place.own(
      H5Pcreate(chdf5_dataset_access()), "make a property list", closer: H5Pclose)
    try place.check(H5Pset_chunk_cache(access.id, 1, 0, 1), "turn off the chunk cache")
    var handle = try place.own(
      unsafe H5Dopen2(file, name, access.id), "open the dataset", closer: H5Dclose)
    if try isExternal(handle.id, place) {
      // Voxels in files of their own are looked for beside this file, not in the current folder. All who have a
      // dataset open must say the same, virtual datasets that read from it too, so only these are opened so.
      try place.check(handle.close(), "close the dataset")
      try place.check(
        unsafe H5Pset_efile_prefix(access.id, "${ORIGIN}"), "set where external files are")
      handle = try place.own(
        unsafe H5Dopen2(file, name, access.id), "open the dataset", closer: H5Dclose)
    }
    let kept = Kept(handle)
    kept.lastUse = unsafe clock
    unsafe datasets[key] = kept
    return kept.handle.id
  }

  /// Whether a dataset's voxels lie in files that hold nothing else.
  private static func isExternal(
    _ dataset: hid_t, _ place: HDF5Place
  ) throws(BrickworkError) -> Bool {
    let properties = try place.own(
      H5Dget_create_plist(dataset), "read the layout", closer: H5Pclose)
    return H5Pget_layout(properties.id) == H5D_CONTIGUOUS
      && H5Pget_external_count(properties.id) > 0
  }

  /// Closes what a source has open.
  static func close(_ source: Int) {
    for key in unsafe datasets.keys where key.source == source { unsafe datasets[key] = nil }
    unsafe files[source] = nil
  }

  /// Closes everything that is open just now; who reads on opens it again.
  static func closeAll() {
    unsafe datasets = [:]
    unsafe files = [:]
  }

  private static func oldest<Key: Hashable>(of kept: [Key: Kept]) -> Key? {
    kept.min { $0.value.lastUse < $1.value.lastUse }?.key
  }
}
