internal import BrickCore
internal import BrickFiles

/// Makes one image of each stage position.
struct ND2Images {
  private let opening: ND2Opening
  private let source: ND2Source
  private let metadata: ND2Metadata
  private let channelNames: [String]
  private let shared: JSON
  private let planes: Int

  /// Times in `details` for no more time points than this.
  private static let mostTimes = 10_000
  /// Frame numbers in a note.
  private static let mostNamed = 5

  init(_ opened: consuming ND2Opening, cache: PieceCache) {
    var opening = opened
    metadata = opening.metadata()
    self.opening = opening
    source = ND2Source(opening, metadata: metadata, cache: cache)
    channelNames = opening.channelNames()
    shared = metadata.json
    // Without any frame there is nothing to see: a volume of no planes.
    planes = opening.directory.frames.isEmpty ? 0 : source.order.planes
  }

  func images() -> [ND2Image] {
    let stages = (0..<source.order.positions).map(stage)
    let general = opening.notes + stageNotes(stages) + leftOver
    let missing = missingFrames()
    return stages.indices.map { position in
      let info = TileInfo(
        path: source.path, name: name(position, of: stages.count), format: format,
        type: source.layout.type,
        size: Index3(z: planes, y: source.layout.height, x: source.layout.width),
        channelNames: channelNames, timepoints: source.order.timepoints,
        voxelSize: metadata.voxelSize,
        position: stages[position].map { Point3(x: -$0.x, y: $0.y, z: $0.z) },
        cameraPosition: stages[position].flatMap(opening.picture.cameraPosition),
        notes: missing[position].map { $0 + general } ?? general,
        details: details(position, stages[position]))
      return ND2Image(source: source, position: position, info: info)
    }
  }

  private var format: String {
    let version = metadata.formatVersion.drop { !$0.isNumber }
    let kind = source.layout.isCompressed ? "zlib" : "uncompressed"
    return "ND2 \(version) (\(kind), \(source.layout.components) interleaved)"
      .replacingSingleComponent
  }

  private func name(_ position: Int, of count: Int) -> String {
    let file = Files.name(of: source.path)
    if count == 1 && metadata.points.isEmpty { return file }
    let own = position < metadata.points.count ? metadata.points[position].name : ""
    return "\(file) \(own.isEmpty ? "#\(position + 1)" : own)"
  }

  /// Where the stage stood for a tile, in µm of the stage; nil where the file doesn't say.
  private func stage(_ position: Int) -> Point3? {
    guard opening.hasLoops else { return nil }
    if position < metadata.points.count {
      let point = metadata.points[position]
      let z = opening.experiment.usesPointZ ? point.z : metadata.stage?.z ?? 0
      return Point3(x: point.x, y: point.y, z: z)
    }
    if source.order.positions == 1 { return metadata.stage }
    // A loop without points: the columns of frames tell.
    let frame = source.order.frame(position: position, timepoint: 0, z: 0)
    guard let x = column("X", frame), let y = column("Y", frame) else { return nil }
    return Point3(x: x, y: y, z: metadata.stage?.z ?? 0)
  }

  private func column(_ id: String, _ frame: Int) -> Double? {
    guard let range = opening.range(of: "CustomData|\(id)!"), frame < range.count / 8,
      range.count / 8 >= opening.frames
    else { return nil }
    return opening.map.double(at: range.lowerBound + 8 * frame).flatMap { $0.isFinite ? $0 : nil }
  }

  private func details(_ position: Int, _ stage: Point3?) -> JSON {
    var details: JSON = ["acquisition": shared, "position": JSON(position)]
    if let stage {
      details["stage"] = [.number(stage.x), .number(stage.y), .number(stage.z)]
    }
    if planes > 0 && source.order.timepoints <= Self.mostTimes && source.times != nil {
      details["timesMs"] = .array(
        (0..<source.order.timepoints).map { timepoint in
          let frame = source.order.frame(position: position, timepoint: timepoint, z: 0)
          return source.time(ofFrame: frame).map { .number($0) } ?? .null
        })
    }
    return details
  }

  // MARK: Notes

  /// A sentence where the two rules for stage positions give layouts that differ by more than a voxel.
  private func stageNotes(_ stages: [Point3?]) -> [String] {
    var notes: [String] = []
    let known = stages.compactMap { $0 }
    guard known.count > 1, let first = known.first else { return [] }
    let voxel = metadata.voxelSize ?? .unknown
    if let start = opening.picture.cameraPosition(first) {
      var largest = (x: 0.0, y: 0.0)
      for stage in known {
        guard let camera = opening.picture.cameraPosition(stage) else { continue }
        largest.x = max(largest.x, abs((camera.x - start.x) + (stage.x - first.x)))
        largest.y = max(largest.y, abs((camera.y - start.y) - (stage.y - first.y)))
      }
      if largest.x > voxel.x || largest.y > voxel.y {
        notes.append(
          "By the orientation of the camera, tiles lie up to \(Self.short(largest.x)) µm in x and "
            + "\(Self.short(largest.y)) µm in y from where the usual rule (x negated) puts them: "
            + "compare both before stitching")
      }
    }
    let heights = known.map(\.z)
    if opening.experiment.isTopDown, let low = heights.min(), let high = heights.max(),
      high - low > voxel.z
    {
      notes.append(
        "Stacks were taken from top to bottom and the tiles' heights differ by \(Self.short(high - low)) µm: "
          + "the z of positions runs against the order of planes")
    }
    return notes
  }

  private static func short(_ number: Double) -> String {
    let tenths = (number * 10).rounded() / 10
    return tenths < 1e15 ? "\(tenths)" : "very many"
  }

  /// A sentence about frames beyond those that the loops make.
  private var leftOver: [String] {
    let count = opening.directory.frames.count { Int($0.number) >= opening.frames }
    guard count > 0, opening.frames > 0 else { return [] }
    return ["\(count) frames lie beyond the \(opening.frames) that the loops make and are left out"]
  }

  /// Sentences about the frames that each tile lacks; nil where it has all.
  private func missingFrames() -> [[String]?] {
    let order = source.order
    let frames = opening.directory.frames
    var result = [[String]?](repeating: nil, count: order.positions)
    let total = opening.frames
    if frames.isEmpty {
      return result.map { _ in ["The file holds no frames: the tile has no planes"] }
    }
    var present = [Int](repeating: 0, count: order.positions)
    var lost: [Int: [Int]] = [:]
    for frame in frames where Int(frame.number) < total {
      let position = order.position(ofFrame: Int(frame.number))
      present[position] += 1
      if frame.state == .lost { lost[position, default: []].append(Int(frame.number)) }
    }
    let perTile = order.timepoints * order.planes
    for position in present.indices {
      var notes: [String] = []
      let missing = perTile - present[position]
      if missing > 0 {
        let names = firstMissing(position, count: min(missing, Self.mostNamed))
        notes.append(
          "\(missing) of \(perTile) frames are missing and read as zeros: "
            + Self.list(names, of: missing))
      }
      if let frames = lost[position] {
        notes.append(
          "\(frames.count) of \(perTile) frames are listed and nowhere in the file, reading them fails: "
            + Self.list(Array(frames.prefix(Self.mostNamed)), of: frames.count))
      }
      if !notes.isEmpty { result[position] = notes }
    }
    return result
  }

  private func firstMissing(_ position: Int, count: Int) -> [Int] {
    var names: [Int] = []
    for timepoint in 0..<source.order.timepoints {
      for z in 0..<source.order.planes {
        let frame = source.order.frame(position: position, timepoint: timepoint, z: z)
        guard opening.directory.index(ofFrame: frame) == nil else { continue }
        names.append(frame)
        if names.count == count { return names }
      }
    }
    return names
  }

  private static func list(_ names: [Int], of count: Int) -> String {
    let shown = names.map { String($0) }.joined(separator: ", ")
    return count > names.count ? "\(shown) and \(count - names.count) others" : shown
  }
}

extension String {
  /// Without the mention of a single component.
  fileprivate var replacingSingleComponent: String {
    hasSuffix(", 1 interleaved)") ? dropLast(", 1 interleaved)".count) + ")" : self
  }
}

extension ND2Metadata {
  /// The metadata for `info --json`.
  var json: JSON {
    func number(_ value: Double?) -> JSON { value.map { .number($0) } ?? .null }
    return [
      "version": .string(formatVersion), "application": .string(application),
      "bitsSignificant": JSON(significantBits), "rowBytes": JSON(rowBytes),
      "components": JSON(components), "compressed": .bool(isCompressed), "frames": JSON(frames),
      "loops": .array(
        loops.map {
          ["kind": .string($0.kind.rawValue), "count": JSON($0.count), "step": number($0.step)]
        }),
      "channels": .array(
        channels.map {
          [
            "name": .string($0.name), "components": JSON($0.components), "color": JSON($0.color),
            "emissionNm": number($0.emission),
          ]
        }),
      "stage": stage.map { [.number($0.x), .number($0.y), .number($0.z)] } ?? .null,
      "cameraMatrix": cameraMatrix.map { .array($0.map { .number($0) }) } ?? .null,
      "objective": objective.map {
        [
          "name": .string($0.name), "magnification": number($0.magnification),
          "numericalAperture": number($0.numericalAperture),
          "refractiveIndex": number($0.refractiveIndex),
        ]
      } ?? .null,
      "date": .string(texts["date"] ?? ""),
    ]
  }
}
