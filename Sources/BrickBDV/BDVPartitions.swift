public import BrickCore
internal import BrickFiles
internal import BrickHDF5

/// How a project is split among several HDF5 files: batches of setups and time points, and a master with links to all.
///
/// Each partition is an ordinary BDV file with the ids of the whole. Names are BigDataViewer's: `big-01-03.h5` has the
/// second batch of time points and the fourth of setups. All lie in the master's folder, and links name them alone, so that
/// the folder can be moved.
public struct BDVPartitions: Sendable {
  /// One file of the set.
  public struct Partition: Sendable, Hashable {
    /// The file.
    public var path: String
    /// Places of its setups in those of the whole.
    public var setups: Range<Int>
    /// Places of its time points in those of the whole.
    public var timepoints: Range<Int>
  }

  /// The master file.
  public let path: String
  /// All setups, in the order in which partitions take them.
  public let setups: [BDVSetup]
  /// The ids of all time points.
  public let timepoints: [Int]
  /// The files, batch of time points by batch of time points.
  public let partitions: [Partition]

  /// Splits a project.
  ///
  /// - Parameters:
  ///   - path: of the master, `big.h5`; the XML gets its name with the ending .xml.
  ///   - setupsPerFile: nil puts all setups into one file.
  ///   - timepointsPerFile: nil puts all time points into one file.
  /// - Precondition: there are setups and time points, and at least 1 of each in a file.
  public init(
    path: String, setups: [BDVSetup], timepoints: [Int], setupsPerFile: Int? = nil,
    timepointsPerFile: Int? = nil
  ) {
    precondition(
      !setups.isEmpty && !timepoints.isEmpty && (setupsPerFile ?? 1) > 0
        && (timepointsPerFile ?? 1) > 0, "Files have setups and time points")
    self.path = path
    self.setups = setups
    self.timepoints = timepoints
    func batches(_ count: Int, _ size: Int?) -> [Range<Int>] {
      let size = min(size ?? count, count)
      return stride(from: 0, to: count, by: size).map { $0..<min(count, $0 + size) }
    }
    let xml = BDVFileWriter.xmlPath(for: path)
    let base = String(xml.dropLast(4))
    func two(_ number: Int) -> String { (number < 10 ? "0" : "") + "\(number)" }
    let setupBatches = batches(setups.count, setupsPerFile)
    partitions = batches(timepoints.count, timepointsPerFile).enumerated().flatMap { time, times in
      setupBatches.enumerated().map { batch, setups in
        Partition(
          path: "\(base)-\(two(time))-\(two(batch)).h5", setups: setups, timepoints: times)
      }
    }
  }

  /// Writes the master file and the project's XML, which comes last.
  ///
  /// - Parameters:
  ///   - type: of the voxels in all partitions.
  ///   - options: as the partitions were written.
  /// - Throws: `BrickworkError`: `.missingInput` if a partition isn't there, `.damagedInput` if it lacks a view; what
  ///   writing throws. An unfinished master is deleted.
  public func writeMaster(type: VoxelType, options: BDVExportOptions) throws {
    for partition in partitions { try check(partition) }
    let temporary = path + ".partial"
    let file = try HDF5File(creating: temporary)
    do {
      for setup in setups { try BDVTables.write(setup, type, options, to: file) }
      for partition in partitions { try link(partition, in: file) }
      try file.close()
      try WriteBehind(temporary).flush(path: temporary)
      let xmlPath = BDVFileWriter.xmlPath(for: path)
      // An old XML must not describe the new file, should the machine stop between the two.
      try Files.remove(xmlPath)
      try Files.rename(temporary, to: path)
      try Files.flushFolder(Files.folder(of: path))
      try Files.replace(xmlPath, with: Array(project.xml().utf8))
    } catch {
      try? file.close()
      try? Files.remove(temporary)
      throw error
    }
  }

  /// The project that the XML describes.
  public var project: BDVProject {
    var project = BDVProject(
      setups: setups, timepoints: timepoints,
      loader: .init(format: "bdv.hdf5", path: Files.name(of: path)))
    project.loader.partitions = partitions.map { partition in
      .init(
        path: Files.name(of: partition.path), timepoints: Array(timepoints[partition.timepoints]),
        setups: setups[partition.setups].map(\.id))
    }
    return project
  }

  private func link(_ partition: Partition, in file: HDF5File) throws {
    let name = Files.name(of: partition.path)
    for timepoint in timepoints[partition.timepoints] {
      for setup in setups[partition.setups] {
        for level in setup.levels.indices {
          let cells = BDVNames.cells(timepoint: timepoint, setup: setup.id, level: level)
          try file.makeExternalLink(cells, to: cells, in: name)
        }
      }
    }
  }

  /// Makes sure that a partition has its first and last views.
  private func check(_ partition: Partition) throws {
    guard Files.exists(partition.path) else {
      throw BrickworkError(
        .missingInput, path: partition.path, reason: "the partition is not there",
        remedy: "Run the same command again")
    }
    let file = try HDF5File(reading: partition.path)
    for timepoint in timepoints[partition.timepoints] {
      for setup in setups[partition.setups] {
        let cells = BDVNames.cells(
          timepoint: timepoint, setup: setup.id, level: setup.levels.count - 1)
        guard file.contains(cells) else {
          throw BrickworkError(
            .damagedInput, path: partition.path, reason: "lacks \(cells)",
            remedy: "Delete the file, and run the same command again")
        }
      }
    }
  }
}
