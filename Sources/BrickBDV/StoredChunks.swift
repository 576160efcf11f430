public import BrickCore
internal import BrickFiles

/// Chunks that earlier runs stored, as their journals tell it; the next run checks each before it takes it over.
public struct StoredChunks: Sendable, Hashable {
  /// How many, empty ones too, by the dataset's place at the first time point; all time points together.
  public var chunks: [Int: Int] = [:]
  /// Bytes of their voxels after compression.
  public var bytes = 0
  /// Whether everything is stored, and only the file's name is missing.
  public var isComplete = false

  /// What lies beside a file; nil where there is nothing that could be continued.
  ///
  /// - Parameter datasets: of each time point.
  init?(_ unfinished: UnfinishedFile, datasets: Int) {
    let (folder, name) = (Files.folder(of: unfinished.path), Files.name(of: unfinished.path))
    let names = ((try? Files.names(in: folder)) ?? []).filter {
      $0 == name + ".partial.journal"
        || $0.hasPrefix(name + ".salvage-") && $0.hasSuffix(".journal")
    }
    var seen = Set<Place>()
    for name in names {
      try? unfinished.reading(folder + "/" + name)?.forEachRecord { bytes in
        guard let record = ChunkRecord(bytes), record.kind != .sealed,
          seen.insert(Place(dataset: record.dataset, chunk: record.chunk)).inserted
        else { return }
        chunks[Int(record.dataset) % max(1, datasets), default: 0] += 1
        self.bytes += Int(record.size)
      }
    }
    isComplete = unfinished.sealed() != nil
    guard !seen.isEmpty || isComplete else { return nil }
  }

  private struct Place: Hashable {
    let dataset: UInt32
    let chunk: UInt64
  }
}

extension BDVFileWriter {
  /// What a writer with the same arguments would take over; nil where there is nothing.
  ///
  /// Changes nothing.
  public static func stored(
    at path: String, type: VoxelType, setups: [BDVSetup], timepoints: [Int],
    options: BDVExportOptions, fingerprint words: String
  ) -> StoredChunks? {
    StoredChunks(
      UnfinishedFile(
        path: path, fingerprint: fingerprint(words, type, setups, timepoints, options)),
      datasets: setups.reduce(0) { $0 + $1.levels.count })
  }
}
