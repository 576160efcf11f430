import ArgumentParser
import Brickwork

/// One plane, or a range of planes.
enum PlaneChoice: Sendable, Hashable {
  case plane(Int)
  case range(Region.Span)

  init(parsing text: String) throws {
    let ends = text.split(separator: ":", omittingEmptySubsequences: false).map { String($0) }
    let numbers = ends.map { Int($0) }
    func isPlace(_ place: Int) -> Bool { numbers[place].map { $0 >= 0 } ?? ends[place].isEmpty }
    if ends.count == 1, let plane = numbers[0], plane >= 0 {
      self = .plane(plane)
    } else if ends.count == 2, isPlace(0), isPlace(1) {
      self = .range(Region.Span(lower: numbers[0], upper: numbers[1]))
    } else {
      throw BrickworkError(
        .badRequest,
        reason: "'\(text)' is neither a plane, counted from 0, nor a range of planes from:to",
        remedy: "Write it like 120 or 100:140")
    }
  }
}

/// What the pixels' shape follows.
enum PixelOption: String, CaseIterable, ExpressibleByArgument {
  case square, voxel
}

/// How a terminal shows pictures.
enum ShowOption: String, CaseIterable, ExpressibleByArgument {
  case kitty, sixel, text
}

/// Which part of the volume is shown, and how large.
struct SectionGroup: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The z plane, counted from 0 in voxels of the stitched volume, or with --project a range a:b of them "
        + "(default: the middle one, or all).",
      valueName: "n|a:b"),
    transform: { try PlaneChoice(parsing: $0) })
  var z: PlaneChoice?

  @Option(
    help: ArgumentHelp(
      "A y section instead: z from top to bottom, x to the right.", valueName: "n|a:b"),
    transform: { try PlaneChoice(parsing: $0) })
  var y: PlaneChoice?

  @Option(
    help: ArgumentHelp(
      "An x section instead: z from top to bottom, y to the right.", valueName: "n|a:b"),
    transform: { try PlaneChoice(parsing: $0) })
  var x: PlaneChoice?

  @Option(
    help: ArgumentHelp("Show the planes of a range as one.", valueName: "max|min|mean"))
  var project: Projection?

  @Option(
    help: ArgumentHelp(
      "The part to show, in the order x,y,z, voxels of the stitched volume: 0:100,:,5: (default: all).",
      valueName: "x0:x1,y0:y1,z0:z1"),
    transform: { try Notation.region($0) })
  var roi: Region?

  @Option(
    help: ArgumentHelp(
      "Show one tile, counted from 0, instead of the stitched volume.", valueName: "n"),
    transform: { try OptionValue.notNegative($0) })
  var tile: Int?

  @Option(
    help: ArgumentHelp(
      "The pyramid level to read, 0 the finest (default: the coarsest whose voxels are no larger than pixels).",
      valueName: "n"),
    transform: { try OptionValue.notNegative($0) })
  var level: Int?

  @Option(
    name: [.long, .customLong("max-size")],
    help: ArgumentHelp(
      "The longer side in pixels at most; 0 shows every voxel (default: about 1500, or what the terminal shows).",
      valueName: "pixels"),
    transform: { try OptionValue.notNegative($0) })
  var size: Int?

  @Option(
    help: ArgumentHelp(
      "Whether pixels are square in µm or one voxel is as wide as it is high (default: square where the voxel size "
        + "is known).",
      valueName: "square|voxel"))
  var pixels: PixelOption?

  /// The axis that was chosen, and the planes along it.
  func planes() throws -> (axis: SectionAxis, choice: PlaneChoice?) {
    let given = [(SectionAxis.z, z), (.y, y), (.x, x)].compactMap { axis, choice in
      choice.map { (axis, $0) }
    }
    guard given.count <= 1 else {
      throw BrickworkError(
        .badRequest, reason: "a picture shows one section, and \(given.count) are named",
        remedy: "Give one of --z, --y and --x; --roi cuts the other axes")
    }
    return given.first.map { ($0.0, $0.1) } ?? (.z, nil)
  }

  /// What is shown of a volume.
  func section(in size: Index3) throws -> Section {
    let (axis, choice) = try planes()
    let region = try roi?.box(in: size) ?? Box3(size: size)
    let (first, end) = (region.origin[axis.rawValue], region.end[axis.rawValue])
    guard let project else {
      switch choice {
      case .plane(let plane): return try Section(axis, at: plane, in: region)
      case nil: return try Section(axis, at: first + (end - first) / 2, in: region)
      case .range:
        throw BrickworkError(
          .badRequest, reason: "one plane is shown, not a range of them",
          remedy: "Add --project max, min or mean to show them as one")
      }
    }
    let span: Region.Span =
      switch choice {
      case .plane(let plane): Region.Span(lower: plane, upper: plane + 1)
      case .range(let span): span
      case nil: Region.Span()
      }
    let planes = (lower: span.lower ?? first, upper: span.upper ?? end)
    guard planes.lower >= first, planes.upper <= end, planes.lower < planes.upper else {
      throw BrickworkError(
        .badRequest,
        reason: "the planes \(axis.name) = \(planes.lower):\(planes.upper) do not lie within "
          + "\(first):\(end)",
        remedy: "Correct --\(axis.name), which is a range of planes from:to")
    }
    var box = region
    box.origin[axis.rawValue] = planes.lower
    box.size[axis.rawValue] = planes.upper - planes.lower
    return try Section(project, of: box, along: axis)
  }
}

/// How it is drawn.
struct DrawingGroup: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Values shown black and white: auto (the 0.1th and 99.9th percentile of what is shown), auto:low,high for other "
        + "percentiles, or two values (default: auto).",
      valueName: "auto|low,high"),
    transform: { try OptionValue.contrast($0) })
  var contrast: Contrast?

  @Option(
    help: ArgumentHelp(
      "Colours: \(ColorMap.names.joined(separator: ", ")), or six hexadecimal digits; with --channel all one for each "
        + "channel (default: gray; several channels as the store says).",
      valueName: "name,…"),
    transform: { try Colors.maps($0) })
  var colors: Colors?

  @Flag(
    help:
      "Draw labels: a colour for each, black for 0 (default: where a store says that it holds labels)."
  )
  var labels = false

  @Flag(help: "Draw the border of every tile and its number.")
  var tiles = false

  @Flag(help: "Draw a bar of a round length.")
  var scaleBar = false

  @Option(
    help: ArgumentHelp(
      "Bits of a grey pixel; 16 keeps the voxels' values unless --contrast is given (default: 8).",
      valueName: "8|16"),
    transform: { try Colors.bits($0) })
  var bits: Int?

  /// Whether anything asks for a drawing, rather than the values as they are.
  var asksForDrawing: Bool {
    contrast != nil || colors != nil || labels || tiles || scaleBar
  }
}

/// The colour maps of an option.
struct Colors: Sendable, Hashable {
  var maps: [ColorMap]

  static func maps(_ text: String) throws -> Colors {
    let names = text.split(separator: ",", omittingEmptySubsequences: false)
    return Colors(
      maps: try names.map { name in
        let name = String(name).lowercased()
        if let map = ColorMap(named: name) ?? RGB(name).map({ ColorMap(to: $0) }) { return map }
        throw BrickworkError(
          .badRequest, reason: "'\(name)' is no colour",
          remedy: "Choose \(ColorMap.names.joined(separator: ", ")), or six hexadecimal digits")
      })
  }

  static func bits(_ text: String) throws -> Int {
    guard text == "8" || text == "16" else {
      throw BrickworkError(.badRequest, reason: "a picture has 8 or 16 bits, not '\(text)'")
    }
    return text == "8" ? 8 : 16
  }
}
