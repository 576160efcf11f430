public import BrickCore
internal import BrickFiles

/// What a file is made of: the same box of one or more channels and time points, and what the file says about them.
public struct ExportedVolumes: Sendable {
  /// The voxels of each channel at each time point: time point × channels + channel.
  ///
  /// All have one size and type.
  public var parts: [any Volume]
  /// One name per channel, empty where it has none.
  public var channelNames: [String]
  /// The image's name.
  public var name: String
  /// µm between voxels; nil where it isn't known.
  public var voxelSize: VoxelSize?
  /// Where the first voxel lies in µm; nil where it isn't known.
  public var position: Point3?
  /// How coarser levels are made.
  public var reduction: LevelReduction
  /// What the voxels are taken from, everything that decides them: a file that was begun is continued only where this is
  /// the same.
  public var provenance: JSON

  /// - Precondition: there is at least one part, as many for each channel, of one size and type.
  public init(
    parts: [any Volume], channelNames: [String] = [""], name: String = "",
    voxelSize: VoxelSize? = nil, position: Point3? = nil, reduction: LevelReduction = .mean,
    provenance: JSON = .null
  ) {
    precondition(
      !parts.isEmpty && !channelNames.isEmpty && parts.count.isMultiple(of: channelNames.count),
      "Each channel has the same time points")
    precondition(
      parts.allSatisfy { $0.size == parts[0].size && $0.type == parts[0].type },
      "All parts have one size and type")
    self.parts = parts
    self.channelNames = channelNames
    self.name = name
    self.voxelSize = voxelSize
    self.position = position
    self.reduction = reduction
    self.provenance = provenance
  }

  /// Voxels of each part.
  public var size: Index3 { parts[0].size }
  /// The type of every voxel.
  public var type: VoxelType { parts[0].type }
  /// Channels.
  public var channels: Int { channelNames.count }
  /// Time points.
  public var timepoints: Int { parts.count / channelNames.count }
}

/// What an export did.
public struct VolumeExportSummary: Sendable, Hashable {
  /// Levels in the file.
  public var levels: Int
  /// Bytes of voxels of all levels, before compression, that this run made.
  public var voxelBytes: Int
  /// Bytes of pieces that this run wrote, after compression.
  public var bytesWritten: Int
  /// Pieces (tiles, strips, chunks) that an earlier run had finished.
  public var keptPieces: Int
  /// Pieces in the file.
  public var totalPieces: Int
  /// Seconds from the start to the finished file.
  public var seconds: Double
  /// Workers that the budget and the machine allowed.
  public var workers: Int
}

/// Whether a file that is begun may be continued, and the settings that decide it.
struct UnfinishedExport {
  let path: String
  let settings: JSON

  var bytes: [UInt8] { Array(settings.text(pretty: false).utf8) }

  /// Whether the unfinished file whose settings were `earlier` goes on.
  ///
  /// - Throws: `BrickworkError` with code `.outputExists` where it differs and is not to be replaced.
  func mayContinue(_ earlier: [UInt8]?, overwrite: Bool) throws -> Bool {
    guard let earlier else { return false }
    let document = try? JSON(parsing: earlier, path: path)
    guard let place = document.map({ settings.firstDifference(from: $0) }) ?? "settings" else {
      return true
    }
    guard overwrite else {
      throw BrickworkError(
        .outputExists, path: path,
        reason: "was begun by an export that differs in \(place.isEmpty ? "settings" : place)",
        remedy: "Repeat the command as it was to continue, choose another name, or add --overwrite "
          + "to start anew")
    }
    return false
  }

  /// Refuses to replace a finished file without being told to.
  func checkFree(overwrite: Bool) throws {
    guard overwrite || !Files.exists(path) else {
      throw BrickworkError(
        .outputExists, path: path, reason: "exists already",
        remedy: "Choose another name, or replace it with --overwrite")
    }
  }
}
