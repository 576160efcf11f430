public import BrickHDF5
public import BrickJPEG2000

/// Which of the positions a file gives says where its tiles lie.
public enum StageRule: String, Sendable, Hashable, CaseIterable {
  /// The format's usual rule; for ND2 the reference's: x negated.
  case usual
  /// By the orientation of the camera on the stage, where the file tells it.
  case camera
}

/// How sources are opened, where their format leaves a choice.
public struct OpeningOptions: Sendable, Hashable {
  /// Which datasets of a plain HDF5 file are tiles, and their axes.
  public var datasets = HDF5Tiles.Choice()
  /// What the rows of JPEG 2000 pictures are.
  public var rows = JPEG2000File.Rows.y
  /// How stage positions become positions of tiles.
  public var stageRule = StageRule.usual

  /// The usual choices.
  public init() {}
}
