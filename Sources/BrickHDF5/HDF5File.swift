internal import BrickCore
internal import CHDF5

/// An open HDF5 file.
///
/// All calls of all files go one after another, under one lock. Files are written so that HDF5 1.8 and the
/// Java readers of BigDataViewer understand them (superblock 0, symbol-table groups).
/// Uses libhdf5: https://support.hdfgroup.org/documentation/hdf5/latest/
public final class HDF5File: @unchecked Sendable {
  // @unchecked: `handle` is touched only under the library's lock.
  /// Where the file is, as it was opened or created.
  public let path: String
  private var handle: HDF5Handle
  private let isWriting: Bool
  /// Whether something could not be written; read and set under the lock.
  ///
  /// The library (1.10.8) crashes when it closes a file whose metadata it can't write, so what is open stays open then.
  private(set) var hasFailed = false

  /// The library keeps at most this much metadata of one file in memory.
  public static let metadataCacheBytes = 4 << 20

  /// Opens a file to read it.
  ///
  /// - Throws: `BrickworkError` with code `.damagedInput` if it is cut short or no HDF5 file; a missing
  ///   file is told apart by the caller, who knows what to suggest.
  public init(reading path: String) throws {
    self.path = path
    isWriting = false
    handle = try HDF5Library.locked { () throws(BrickworkError) in try Self.openForReading(path) }
  }

  /// Opens a file to read it, under the lock.
  static func openForReading(_ path: String) throws(BrickworkError) -> HDF5Handle {
    let place = HDF5Place(path: path, object: nil, code: .damagedInput)
    // A file may be open several times at once, also by way of links from others, which close it as here.
    let access = try access(place, closing: H5F_CLOSE_WEAK)
    // Network folders often refuse the library's own file locks, which readers can do without.
    try place.check(H5Pset_file_locking(access.id, true, true), "set the locking")
    return try place.own(
      unsafe H5Fopen(path, chdf5_read_only(), access.id), "open the HDF5 file", closer: H5Fclose)
  }

  /// Creates a file to write it, or empties the one that is there.
  public init(creating path: String) throws {
    self.path = path
    isWriting = true
    let place = HDF5Place(path: path, object: nil, code: .inputOutput)
    handle = try HDF5Library.locked {
      // A dataset still open keeps the file open in secret otherwise.
      let access = try Self.access(place, closing: H5F_CLOSE_SEMI)
      // Nothing is set aside at the end, so that a chunk begins where the file ended.
      try place.check(H5Pset_meta_block_size(access.id, 0), "set the block of metadata")
      try place.check(H5Pset_small_data_block_size(access.id, 0), "set the block of small data")
      return try place.own(
        unsafe H5Fcreate(path, chdf5_truncate(), chdf5_default(), access.id),
        "create the HDF5 file", closer: H5Fclose)
    }
  }

  /// Opens a file to change it.
  ///
  /// - Throws: `BrickworkError` if it is no HDF5 file, can't be written, or is open for reading in this process: the
  ///   library keeps one mode per file. What lazy sources have open is closed first.
  public init(updating path: String) throws {
    self.path = path
    isWriting = true
    let place = HDF5Place(path: path, object: nil, code: .inputOutput)
    handle = try HDF5Library.locked { () throws(BrickworkError) in
      let access = try Self.access(place, closing: H5F_CLOSE_SEMI)
      try place.check(H5Pset_file_locking(access.id, true, true), "set the locking")
      HDF5Pool.closeAll()
      return try place.own(
        unsafe H5Fopen(path, chdf5_read_write(), access.id), "open the HDF5 file", closer: H5Fclose)
    }
  }

  deinit {
    HDF5Library.locked {
      if hasFailed { handle.forget() }
      _ = handle.close()
    }
  }

  /// Runs what writes, under the lock, and remembers whether it failed.
  @discardableResult
  func writing<Result: Sendable>(
    _ body: () throws(BrickworkError) -> Result
  ) throws(BrickworkError) -> Result {
    try HDF5Library.locked { () throws(BrickworkError) in
      guard !hasFailed else {
        throw BrickworkError(
          .inputOutput, path: path, reason: "could not be written before, and is left as it is")
      }
      do throws(BrickworkError) {
        return try body()
      } catch {
        if isWriting && error.code == .inputOutput { hasFailed = true }
        throw error
      }
    }
  }

  private static func access(
    _ place: HDF5Place, closing: H5F_close_degree_t
  ) throws(BrickworkError) -> HDF5Handle {
    let access = try place.own(
      H5Pcreate(chdf5_file_access()), "make a property list", closer: H5Pclose)
    try place.check(
      chdf5_limit_metadata_cache(access.id, metadataCacheBytes), "limit the metadata cache")
    try place.check(H5Pset_fclose_degree(access.id, closing), "set how the file is closed")
    return access
  }

  /// Writes what the library still holds, and closes the file.
  ///
  /// Its datasets are closed before.
  /// - Throws: `BrickworkError` if that fails, for example because the disk is full.
  public func close() throws {
    try writing { () throws(BrickworkError) in
      try place(nil).check(handle.close(), "close the HDF5 file")
    }
  }

  func place(_ object: String?) -> HDF5Place {
    HDF5Place(path: path, object: object, code: isWriting ? .inputOutput : .damagedInput)
  }

  /// The open file's identifier, for use under the lock.
  func id() throws(BrickworkError) -> hid_t {
    guard handle.isOpen else {
      throw BrickworkError(.badRequest, path: path, reason: "the HDF5 file is closed already")
    }
    return handle.id
  }

  /// Whether a group or dataset has this name, and what external links name is there too.
  public func contains(_ name: String) -> Bool {
    HDF5Library.locked {
      guard let file = try? id() else { return false }
      // Both calls fail where a part of the name is missing, so the parts are asked one by one.
      var prefix = ""
      for part in name.split(separator: "/") {
        prefix += "/" + part
        guard unsafe H5Lexists(file, prefix, chdf5_default()) > 0,
          unsafe H5Oexists_by_name(file, prefix, chdf5_default()) > 0
        else { return false }
      }
      return true
    }
  }

  /// The names in a group, sorted as text.
  public func names(in group: String) throws -> [String] {
    try HDF5Library.locked { () throws(BrickworkError) in
      let place = place(group)
      let handle = try place.own(
        unsafe H5Gopen2(id(), group, chdf5_default()), "open the group", closer: H5Gclose)
      return try HDF5Walk.links(of: handle.id, place).map(\.name)
    }
  }

  /// Makes a group and those above it; existing ones are fine.
  public func makeGroup(_ name: String) throws {
    if contains(name) { return }
    try HDF5Library.locked { () throws(BrickworkError) in
      let place = place(name)
      let links = try Self.makingGroups(place)
      _ = try place.own(
        unsafe H5Gcreate2(id(), name, links.id, chdf5_default(), chdf5_default()),
        "make the group", closer: H5Gclose)
    }
  }

  /// A property list that makes the groups on the way.
  static func makingGroups(_ place: HDF5Place) throws(BrickworkError) -> HDF5Handle {
    let links = try place.own(
      H5Pcreate(chdf5_link_create()), "make a property list", closer: H5Pclose)
    try place.check(H5Pset_create_intermediate_group(links.id, 1), "make the groups above")
    return links
  }
}
