import ArgumentParser
import Brickwork

extension BrickCodec {
  /// The codec that `--codec` and `--level` ask for; nil where neither is given.
  static func chosen(_ option: CodecOption?, level: Int?, for type: VoxelType) -> BrickCodec? {
    guard let option else {
      guard let level else { return nil }
      return BrickCodec(name: BrickCodec.automatic(for: type).name, level: level)
    }
    return BrickCodec(name: option.rawValue, level: level)
  }
}

extension LevelsOption {
  /// The same as the engine takes it.
  var count: LevelCount {
    if case .count(let number) = self { .exactly(number) } else { .automatic }
  }
}

extension SourceOptions {
  /// The positions for each time point: those of `first`, unless it is a project with several time points, which is
  /// then read for each.
  func tables(_ first: OffsetTable?, _ log: Log) throws -> (Int) throws -> OffsetTable? {
    guard let first, first.format == "BigDataViewer XML",
      try BDVProject(reading: first.source).timepoints.count > 1
    else { return { _ in first } }
    // What the file warns of was said when it was first read.
    return { try offsetTable(timepoint: $0, Log(level: .error)) }
  }
}

/// The options that say how a store is laid out, checked against each other.
struct StoreShape {
  var brick: Index3?
  var shard: Index3?
  var codec: CodecOption?
  var level: Int?

  func validate() throws {
    if let level, !(1...22).contains(level) {
      throw ValidationError("The compression level \(level) is not between 1 and 22 (--level).")
    }
    if level != nil && codec == CodecOption.none {
      throw ValidationError("--level has no meaning with --codec none.")
    }
    if let brick, let shard, !shard.isMultiple(of: brick) {
      throw ValidationError(
        "The shard \(shard) is not made of whole bricks \(brick): choose multiples (--shard, --brick)."
      )
    }
  }
}

/// Makes sure that a store can be made at `path`.
func checkFolder(ofStore path: String) throws {
  let folder = Files.folder(of: trimmed(path))
  guard Files.isFolder(folder) else {
    throw BrickworkError(
      .outputExists, path: path,
      reason: "can't be made: the folder \(folder) does not exist",
      remedy: "Make the folder, or choose another place with -o")
  }
}

/// A path without slashes at its end.
func trimmed(_ path: String) -> String {
  var path = path
  while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
  return path
}

/// Says what compressed tiles cost where the memory is too small for them.
///
/// - Parameter remedy: what else would help; empty where nothing does.
func warn(_ forecast: StoreJob.Forecast, otherwise remedy: String, _ log: Log) {
  guard forecast.expectedDecodings > 1.1 else { return }
  let times = Text.fixed(forecast.expectedDecodings, forecast.expectedDecodings < 10 ? 1 : 0)
  var remedies = remedy.isEmpty ? [] : [remedy]
  if let advised = forecast.advisedMemory {
    remedies.insert("--memory \(Text.mebibytes(advised)) avoids it", at: 0)
  }
  log.warning(
    "the tiles are compressed in pieces (strips, pages) that bricks share, and each will be decoded "
      + "about \(times) times" + (remedies.isEmpty ? "" : ": ") + remedies.joined(separator: "; "))
}
