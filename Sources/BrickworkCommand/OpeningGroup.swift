import ArgumentParser
import Brickwork

/// How sources are opened, where their format leaves a choice.
struct OpeningGroup: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The datasets of a plain HDF5 file that are tiles, by path: * stands for any characters but /, ** for any "
        + "(default: every dataset of three dimensions).",
      valueName: "pattern"))
  var dataset: String?

  @Option(
    help: ArgumentHelp(
      "Axes of these datasets, slowest first: z, y, x, c, t, or an index in brackets that fixes one, as in [0]zyx "
        + "(default: the last three are z,y,x).",
      valueName: "axes"))
  var axes: String?

  @Option(
    name: .customLong("jp2-rows"),
    help: ArgumentHelp(
      "What the rows of JPEG 2000 pictures are: y, or x as ExM-Toolbox reads them (default: y).",
      valueName: "y|x"))
  var rows: JPEG2000File.Rows?

  @Option(
    help: ArgumentHelp(
      "How stage positions place tiles: usual, for ND2 with x negated; camera, by the orientation of the camera "
        + "(default: usual).",
      valueName: "usual|camera"))
  var stageRule: StageRule?

  /// The options for opening.
  var options: OpeningOptions {
    var options = OpeningOptions()
    options.datasets = HDF5Tiles.Choice(datasets: dataset, axes: axes)
    options.rows = rows ?? .y
    options.stageRule = stageRule ?? .usual
    return options
  }
}
