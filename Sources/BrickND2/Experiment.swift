internal import BrickCore

/// The loops of an acquisition (format notes, section 9).
struct Experiment: Sendable {
  /// Outermost first, as they are nested; spectral loops are no axis and left out.
  var loops: [ND2Metadata.Loop] = []
  /// The stage positions that were used, in their order; empty where no loop lists any.
  var points: [ND2Metadata.Point] = []
  /// Whether the z of `points` means anything.
  var usesPointZ = false
  /// Distance of planes in µm of the innermost z loop; nil without one.
  var zStep: Double?
  /// Whether its planes come from top to bottom.
  var isTopDown = false

  init() {}

  /// Walks the tree from its root, `SLxExperiment`.
  ///
  /// - Throws: `BrickworkError`, without a path, where a loop is of no known kind.
  init(_ root: MetadataNode) throws {
    var siblings = [root]
    var depth = 0
    while let level = try Self.longest(siblings) {
      depth += 1
      guard depth <= MetadataNode.mostLevels else {
        throw BrickworkError(
          .damagedInput, reason: "has more than \(MetadataNode.mostLevels) loops")
      }
      siblings = try add(level)
    }
  }

  /// The level that stands for all on its depth: older files have a z loop for each channel, the longest counts.
  private static func longest(_ levels: [MetadataNode]) throws -> MetadataNode? {
    guard let first = levels.first.map(unwrapped) else { return nil }
    let type = first["eType"]?.int
    var best = first
    for level in levels.dropFirst().map(unwrapped) where level["eType"]?.int == type {
      if count(of: parameters(of: level)) > count(of: parameters(of: best)) { best = level }
    }
    return best
  }

  private static func unwrapped(_ level: MetadataNode) -> MetadataNode {
    level["eType"] == nil ? level["SLxExperiment"] ?? level : level
  }

  /// The loop's own values; XML wraps them once more.
  private static func parameters(of level: MetadataNode) -> MetadataNode {
    let node = level["uLoopPars"] ?? MetadataNode(name: "", value: .list([]))
    let children = node.children
    if children.count == 1, children[0].name.isEmpty, !children[0].children.isEmpty {
      return children[0]
    }
    return node
  }

  private static func count(of parameters: MetadataNode) -> Int {
    max(0, parameters["uiCount"]?.int ?? 0)
  }

  /// Takes in a level and returns those below it.
  private mutating func add(_ level: MetadataNode) throws -> [MetadataNode] {
    guard let type = level["eType"]?.int else {
      throw BrickworkError(.damagedInput, reason: "has a loop without a type")
    }
    let parameters = Self.parameters(of: level)
    let count = Self.count(of: parameters)
    var next = level["ppNextLevelEx"]?.children ?? []
    switch type {
    case 1, 9:
      add(.time, count, step: parameters["dPeriod"]?.double)
    case 8:
      add(.time, Self.periods(parameters) ?? count, step: nil)
      if let inner = parameters["pSubLoops"]?.children, !inner.isEmpty { next = inner }
    case 7: add(.custom, count, step: nil)
    case 2, 3: try addPositions(level, parameters, count)
    case 4, 10: addPlanes(parameters, count)
    case 6: break
    default:
      throw BrickworkError(
        .unsupportedInput, reason: "has a loop of type \(type), which is none known",
        remedy: "Split the file in NIS-Elements, or save its positions as TIFF files")
    }
    return next
  }

  private mutating func add(_ kind: ND2Metadata.Loop.Kind, _ count: Int, step: Double?) {
    if count > 0 { loops.append(ND2Metadata.Loop(kind: kind, count: count, step: step)) }
  }

  /// The time points of a loop with several periods: of those that were used.
  private static func periods(_ parameters: MetadataNode) -> Int? {
    guard let periods = parameters["pPeriod"]?.children, !periods.isEmpty else { return nil }
    let isValid = parameters["pPeriodValid"]?.flags ?? []
    var sum = 0
    for (index, period) in periods.enumerated()
    where index >= isValid.count || isValid[index] {
      let (next, overflow) = sum.addingReportingOverflow(Self.count(of: period))
      if overflow { return nil }
      sum = next
    }
    return sum
  }

  private mutating func addPlanes(_ parameters: MetadataNode, _ count: Int) {
    guard count > 0 else { return }
    var step = parameters["dZStep"]?.double.map(abs) ?? 0
    if step == 0, count > 1, let low = parameters["dZLow"]?.double,
      let high = parameters["dZHigh"]?.double
    {
      step = abs(high - low) / Double(count - 1)
    }
    zStep = step > 0 ? step : nil
    isTopDown = (4...7).contains(parameters["iType"]?.int ?? 0)
    add(.z, count, step: zStep)
  }

  private mutating func addPositions(
    _ level: MetadataNode, _ parameters: MetadataNode, _ count: Int
  ) throws {
    guard !loops.contains(where: { $0.kind == .position }) else {
      throw BrickworkError(
        .unsupportedInput, reason: "has a loop over positions within another one",
        remedy: "Split the file by its outer positions in NIS-Elements")
    }
    usesPointZ = parameters["bUseZ"]?.bool ?? false
    let isRelative = parameters["bRelativeXY"]?.bool ?? false
    let reference =
      isRelative
      ? (parameters["dReferenceX"]?.double ?? 0, parameters["dReferenceY"]?.double ?? 0) : (0, 0)
    let listed = Self.points(parameters, reference: reference)
    let isValid = level["pItemValid"]?.flags ?? []
    if listed.isEmpty {
      // A loop that lists no points still counts frames.
      let used = isValid.isEmpty ? count : min(count, isValid.count { $0 })
      add(.position, used, step: nil)
      return
    }
    for (index, point) in listed.prefix(count).enumerated()
    where index >= isValid.count || isValid[index] {
      points.append(point)
    }
    add(.position, points.count, step: nil)
  }

  /// The points of a loop: a list of points in the binary notation, parallel lists of numbers in XML.
  private static func points(
    _ parameters: MetadataNode, reference: (x: Double, y: Double)
  ) -> [ND2Metadata.Point] {
    func point(_ x: Double?, _ y: Double?, _ z: Double?, _ name: String?) -> ND2Metadata.Point {
      ND2Metadata.Point(
        name: name ?? "", x: (x ?? 0) + reference.x, y: (y ?? 0) + reference.y, z: z ?? 0)
    }
    if let points = parameters["Points"]?.children, !points.isEmpty {
      return points.map {
        point(
          $0["dPosX"]?.double, $0["dPosY"]?.double, $0["dPosZ"]?.double,
          $0["dPosName"]?.text ?? $0["pPosName"]?.text)
      }
    }
    let x = parameters["dPosX"]?.children ?? []
    let y = parameters["dPosY"]?.children ?? []
    let z = parameters["dPosZ"]?.children ?? []
    let names = parameters["pPosName"]?.children ?? []
    return x.indices.map { index in
      point(
        x[index].double, index < y.count ? y[index].double : nil,
        index < z.count ? z[index].double : nil, index < names.count ? names[index].text : nil)
    }
  }
}
