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
