public import BrickCore
public import BrickZarr

/// How the voxels of a level become those of the coarser one.
public enum LevelReduction: Sendable, Hashable, CaseIterable {
  /// The mean of the voxels that exist: for intensities.
  case mean
  /// The label that most voxels have: for labels, whose means mean nothing.
  ///
  /// `VoxelBlock.majority(by:into:)` has the rule. A store made this way is a label image.
  case majority

  /// The same as a method that thins out blocks and volumes.
  public var method: DownsampleMethod {
    switch self {
    case .mean: .mean
    case .majority: .majority
    }
  }

  /// The word for it in the metadata of OME-Zarr, `multiscales[0].type`.
  public var name: String {
    switch self {
    case .mean: "mean"
    case .majority: "mode"
    }
  }

  /// The same in a sentence.
  var sentence: String {
    switch self {
    case .mean:
      "mean of the voxels that exist, integers rounded half up, each level from the one before"
    case .majority:
      "label of most of the voxels that exist, the smallest of several; 0 only with more than half of them; "
        + "each level from the one before"
    }
  }
}

extension VoxelBlock {
  /// Makes `result` the coarser block that this one becomes.
  func reduced(by factor: Index3, _ reduction: LevelReduction, into result: inout VoxelBlock) {
    result.reshape(to: box.downsampled(by: factor), type: type)
    reduced(by: factor, reduction, writingInto: &result)
  }

  /// Writes the coarser voxels into their place in the larger block `result`.
  func reduced(by factor: Index3, _ reduction: LevelReduction, writingInto result: inout VoxelBlock)
  {
    result.writeDownsampled(VoxelView(self), by: factor, method: reduction.method)
  }
}

extension OMEZarrImage {
  /// How coarser levels of the image are to be made: labels are never averaged.
  public var levelReduction: LevelReduction {
    isLabelImage && LevelReduction.majority.method.serves(info.type) ? .majority : .mean
  }
}
