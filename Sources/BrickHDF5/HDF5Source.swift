public import BrickCore
internal import BrickFiles
internal import CHDF5
internal import Synchronization

/// An HDF5 file whose datasets are read lazily, by several threads at once.
///
/// The file is opened when something is read, and closed when too many others are open; datasets are described
/// once, when they are first asked for.
public final class HDF5Source: Sendable {
  /// Where the file is.
  public let path: String
  let cache: PieceCache
  /// Its number among all sources of the process.
  let number: Int
  /// What is known of datasets: their layout, and their number in the cache.
  private let described = Mutex<[String: (layout: HDF5Layout, number: Int)]>([:])
  private let maps = Mutex<[String: MappedFile]>([:])
  private static let counter = Atomic<Int>(0)

  /// A source whose decoded chunks are kept in `cache`; nothing is opened yet.
  public init(_ path: String, cache: PieceCache) {
    self.path = path
    self.cache = cache
    number = Self.counter.wrappingAdd(1, ordering: .relaxed).newValue
  }

  deinit {
    let number = number
    HDF5Library.locked { HDF5Pool.close(number) }
  }

  /// A dataset by name, also one that a link names, in another file too.
  ///
  /// - Throws: `BrickworkError` with code `.unsupportedInput` if it holds no voxels or is compressed in a way
  ///   nothing here can undo, `.damagedInput` if it can't be opened or contradicts itself.
  func dataset(_ name: String) throws -> HDF5Stored {
    if let known = described.withLock({ $0[name] }) {
      return try HDF5Stored(self, name, known.layout, number: known.number)
    }
    let layout = try HDF5Library.locked { () throws(BrickworkError) in
      try HDF5Layout(self, name)
    }
    let number = described.withLock { known in
      if let other = known[name] { return other.number }
      let new = cache.newSource()
      known[name] = (layout, new)
      return new
    }
    return try HDF5Stored(self, name, layout, number: number)
  }

  /// A file of this source mapped, the main one or one that a link names.
  func map(_ path: String) throws -> MappedFile {
    if let known = maps.withLock({ $0[path] }) { return known }
    let new = try MappedFile(path)
    return maps.withLock { known in
      if let other = known[path] { return other }
      known[path] = new
      return new
    }
  }

  /// The voxels of a dataset of three dimensions z, y, x.
  ///
  /// - Parameter type: What the stored bits mean, if not what the dataset says; equally wide.
  /// - Throws: `BrickworkError` if it is no such dataset.
  public func volume(_ name: String, as type: VoxelType? = nil) throws -> any Volume {
    let stored = try dataset(name)
    guard stored.layout.dimensions.count == 3 else {
      throw BrickworkError(
        .unsupportedInput, path: path, place: name,
        reason: "has \(stored.layout.dimensions.count) dimensions, not the three of z, y, x")
    }
    if let type, type.byteCount != stored.layout.type.byteCount {
      throw BrickworkError(
        .badRequest, path: path, place: name,
        reason: "holds \(stored.layout.type), whose bits are no \(type)")
    }
    return try stored.volume(
      HDF5Window(first: [0, 0, 0], z: 0, y: 1, x: 2, of: stored.layout), as: type)
  }

  /// The type and size of a dataset of three dimensions, and its chunks' size; opens it, reads no voxel.
  ///
  /// - Throws: `BrickworkError` as `volume(_:as:)`.
  public func shape(of name: String) throws -> (type: VoxelType, size: Index3, words: String) {
    let stored = try dataset(name)
    guard let size = Index3(stored.layout.dimensions) else {
      throw BrickworkError(
        .unsupportedInput, path: path, place: name,
        reason: "has \(stored.layout.dimensions.count) dimensions, not the three of z, y, x")
    }
    return (stored.layout.type, size, stored.layout.words)
  }

  /// What a name leads to.
  public enum Presence: Sendable, Hashable {
    /// The object is there.
    case present
    /// No link has this name.
    case absent
    /// A link to another file, which can't be opened or has no such object.
    case broken(file: String)
  }

  /// Whether a name leads to an object, following links into other files.
  public func presence(of name: String) throws -> Presence {
    try HDF5Library.locked { () throws(BrickworkError) in
      let file = try HDF5Pool.file(self)
      // A name is only looked up where the group it stands in is there.
      var prefix = ""
      for part in name.split(separator: "/") {
        prefix += "/" + part
        guard unsafe H5Lexists(file, prefix, chdf5_default()) > 0 else { return .absent }
        guard unsafe H5Oexists_by_name(file, prefix, chdf5_default()) > 0 else {
          var text = [CChar](repeating: 0, count: 1024)
          let isExternal = unsafe chdf5_external_target(file, prefix, &text, text.count) == 0
          let target = String(
            decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
          return isExternal ? .broken(file: target) : .absent
        }
      }
      return .present
    }
  }
}
