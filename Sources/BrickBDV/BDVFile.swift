public import BrickCore
internal import BrickFiles
internal import BrickHDF5

/// A BDV HDF5 file opened to read.
public final class BDVFile: Sendable {
  /// Where the file is, as it was opened.
  public let path: String
  /// The ids of the setups, ascending.
  public let setups: [Int]
  /// The ids of the time points, ascending.
  public let timepoints: [Int]
  private let file: HDF5File

  /// Opens a file, also the master of a set of partitions.
  ///
  /// - Throws: `BrickworkError` with code `.damagedInput` if it is cut short, `.unsupportedInput` if it
  ///   is an HDF5 file of another layout.
  public init(_ path: String) throws {
    guard Files.exists(path) else {
      throw BrickworkError(
        .missingInput, path: path, reason: "there is no such file", remedy: "Check the path")
    }
    self.path = path
    file = try HDF5File(reading: path)
    let names = try file.names(in: "/")
    setups = names.compactMap { BDVNames.id(in: $0, prefix: "s") }.sorted()
    timepoints = names.compactMap { BDVNames.id(in: $0, prefix: "t") }.sorted()
    guard !setups.isEmpty, !timepoints.isEmpty else {
      throw BrickworkError(
        .unsupportedInput, path: path, reason: "is an HDF5 file, but not one of BigDataViewer",
        remedy: "It should have groups such as s00 and t00000")
    }
  }

  /// The resolutions of a setup, finest first.
  ///
  /// - Throws: `BrickworkError` with code `.damagedInput` if the tables are missing or hold numbers that
  ///   can't be.
  public func levels(of setup: Int) throws -> [MipmapLevel] {
    let factors = try file.table(BDVNames.resolutions(setup))
    let chunks = try file.table(BDVNames.subdivisions(setup))
    func index(_ row: [Double], _ table: String) throws -> Index3 {
      let numbers = row.compactMap { Int(exactly: $0.rounded()) }
      guard numbers.count == 3, row.count == 3, numbers.allSatisfy({ $0 >= 1 && $0 <= Int32.max })
      else {
        throw BrickworkError(
          .damagedInput, path: path, place: table,
          reason: "the row \(row) is not three positive numbers",
          remedy: "Restore the file from a copy, or export it again")
      }
      return Index3(z: numbers[2], y: numbers[1], x: numbers[0])
    }
    guard factors.count == chunks.count, !factors.isEmpty else {
      throw BrickworkError(
        .damagedInput, path: path, place: "setup \(setup)",
        reason: "has \(factors.count) resolutions, but \(chunks.count) subdivisions",
        remedy: "Restore the file from a copy, or export it again")
    }
    return try zip(factors, chunks).map {
      MipmapLevel(
        factor: try index($0, BDVNames.resolutions(setup)),
        chunk: try index($1, BDVNames.subdivisions(setup)))
    }
  }

  /// The voxels of a view at a level; nil where they are missing, for example with their partition.
  public func volume(setup: Int, timepoint: Int, level: Int) throws -> BDVFileVolume? {
    let name = BDVNames.cells(timepoint: timepoint, setup: setup, level: level)
    guard file.contains(name) else { return nil }
    let dataset = try file.dataset(name)
    return BDVFileVolume(
      dataset: dataset, type: Self.type(try announcedType(of: setup), stored: dataset.type))
  }

  /// Calls `body` with every dataset of voxels that lies in this file itself.
  func forEachDataset(_ body: (HDF5Dataset) throws -> Void) throws {
    for timepoint in timepoints {
      for setup in setups {
        var level = 0
        while true {
          let name = BDVNames.cells(timepoint: timepoint, setup: setup, level: level)
          guard file.contains(name) else { break }
          let dataset = try file.dataset(name)
          if try holds(dataset) { try body(dataset) }
          level += 1
        }
      }
    }
  }

  /// Whether a dataset lies in this file itself, not in one that a link names.
  func holds(_ dataset: HDF5Dataset) throws -> Bool { try dataset.isIn(file) }

  /// Closes the file; datasets that are still in use close later.
  func close() { try? file.close() }

  /// The setups that each time point's group names.
  func setupsByTimepoint() throws -> [Int: Set<Int>] {
    var setups: [Int: Set<Int>] = [:]
    for timepoint in timepoints {
      let names = try file.names(in: BDVNames.timepoint(timepoint))
      setups[timepoint] = Set(names.compactMap { BDVNames.id(in: $0, prefix: "s") })
    }
    return setups
  }

  /// The type a setup's attribute announces; nil in the older convention, which has none.
  func announcedType(of setup: Int) throws -> VoxelType? {
    let group = BDVNames.setup(setup)
    guard file.contains(group) else { return nil }
    return try file.attribute("dataType", of: group).flatMap { VoxelType(rawValue: $0) }
  }

  /// What the stored elements mean: the announced type where that has the same bits; without one, int16
  /// are the bits of uint16, and everything else is what it is.
  static func type(_ announced: VoxelType?, stored: VoxelType) -> VoxelType {
    guard let announced else { return stored == .int16 ? .uint16 : stored }
    let sameBits = announced.byteCount == stored.byteCount && !announced.isFloat && !stored.isFloat
    return sameBits ? announced : stored
  }
}

/// One setup of a BDV HDF5 file at one time point and level.
///
/// Chunks are decoded outside the HDF5 library's lock where their filters allow, each time they are read.
public struct BDVFileVolume: Volume {
  /// What the voxels mean: for files without a type attribute int16 are the bits of uint16.
  public let type: VoxelType
  let dataset: HDF5Dataset

  init(dataset: HDF5Dataset, type: VoxelType) {
    self.dataset = dataset
    self.type = type
  }

  /// Voxels along z, y, x of the level.
  public var size: Index3 { dataset.size }

  /// Voxels of a chunk; nil where the voxels are stored in one piece.
  public var chunk: Index3? { dataset.chunk }

  /// Fills the block; chunks that were never written are 0.
  ///
  /// - Throws: `BrickworkError` with code `.damagedInput` if the library can't read or decompress them.
  public func read(into block: inout VoxelBlock) throws {
    checkBounds(block.box)
    precondition(block.type == type, "The volume holds \(type), not \(block.type)")
    block.reinterpret(as: dataset.type)
    defer { block.reinterpret(as: type) }
    try dataset.read(into: &block)
  }

  /// One chunk as stored, between its filters and decoded, and the library's chunk cache of 1 MiB.
  public func scratchBytes(reading size: Index3) -> Int {
    (dataset.chunk.map { $0.volume * type.byteCount * 4 } ?? 0) + (1 << 20)
  }
}
