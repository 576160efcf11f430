internal import BrickCore
internal import BrickFiles
internal import BrickHDF5

/// The opening of a project: the XML's setups meet the file's tables and first views.
struct BDVOpening {
  private let path: String
  private let project: BDVProject
  private let hasXML: Bool
  private let source: HDF5Source
  private let file: BDVFile
  private let positions: BDVPositions
  /// Where no XML says what is missing, the setups that the file has at each time point.
  private let present: [Int: Set<Int>]

  /// More time points are not tried for one that a setup has.
  private static let mostTries = 16
  /// More time points are not listed where no XML says which views are missing.
  private static let mostListed = 4096

  /// Without a project, the setups are those of the file.
  init(_ path: String, _ project: BDVProject?, cache: PieceCache) throws {
    self.path = path
    source = HDF5Source(path, cache: cache)
    file = try BDVFile(path)
    hasXML = project != nil
    self.project =
      project
      ?? BDVProject(
        loader: .init(format: "bdv.hdf5", path: path),
        setups: file.setups.map {
          .init(id: $0, name: "setup \($0)", size: nil, storedVoxelSize: nil, unit: "")
        }, timepoints: file.timepoints, path: path)
    positions = BDVPositions(self.project)
    present =
      project == nil && file.timepoints.count <= Self.mostListed
      ? try file.setupsByTimepoint() : [:]
    guard !self.project.setups.isEmpty, !self.project.timepoints.isEmpty else {
      throw BrickworkError(
        .damagedInput, path: project?.path ?? path, reason: "has no view setup or no time point")
    }
  }

  /// What the file shows of a setup.
  private struct Found {
    var setup: BDVProject.Setup
    var source: BDVImage.Setup
    var type: VoxelType?
    var size: Index3?
    var words: String
    var notes: [String]
  }

  /// All tiles, in the order of their first setups.
  func images() throws -> [any TileImage] {
    var tiles: [(tile: BDVProject.Tile, found: [Found])] = []
    for tile in project.tiles {
      let found = try tile.setups.map(look)
      let isUniform = found.allSatisfy {
        $0.type == found[0].type && $0.size == found[0].size
          && $0.source.levels.map(\.factor) == found[0].source.levels.map(\.factor)
      }
      if isUniform {
        tiles.append((tile, found))
      } else {
        // Channels of different kinds can't be one image.
        for (place, one) in found.enumerated() {
          var single = tile
          single.setups = [one.setup]
          single.name = one.setup.name
          single.channelNames = [tile.channelNames[place]]
          tiles.append((single, [one]))
        }
      }
    }
    let names = Dictionary(tiles.map { ($0.tile.name, 1) }, uniquingKeysWith: +)
    let known = tiles.lazy.compactMap(\.found[0].type).first
    return try tiles.map { tile, found in
      let isUnique = names[tile.name] == 1 && !tile.name.isEmpty
      let label = "setup \(found[0].setup.id)"
      return try image(
        tile, found,
        name: isUnique ? tile.name : tile.name.isEmpty ? label : "\(tile.name) (\(label))",
        typeElsewhere: known)
    }
  }

  private func image(
    _ tile: BDVProject.Tile, _ found: [Found], name: String, typeElsewhere: VoxelType?
  ) throws -> BDVImage {
    let first = found[0]
    guard let size = first.size, let type = first.type ?? typeElsewhere else {
      throw BrickworkError(
        .missingInput, path: path, place: "setup \(first.setup.id)",
        reason: "no view of the setup is there: \(first.notes.first ?? "all are missing")",
        remedy: "Put the partition files beside the master, or export the project again")
    }
    let (position, positionNotes) = position(of: found)
    let levels = first.source.levels
    var details = JSON.Object()
    details["setups"] = .array(found.map { .integer(Int64($0.setup.id)) })
    details["levels"] = .array(
      levels.map { .array($0.factor.components.map { .integer(Int64($0)) }) })
    let notes = found.flatMap { one in
      (one.notes + (positions.notes[one.setup.id] ?? [])).map { "setup \(one.setup.id): \($0)" }
    }
    var info = TileInfo(
      path: path, name: name,
      format: "BigDataViewer HDF5 (\(levels.count == 1 ? "1 level" : "\(levels.count) levels"), "
        + "\(first.words))",
      type: type, size: size, channelNames: tile.channelNames, timepoints: project.timepoints.count,
      voxelSize: first.setup.voxelSize, position: position, notes: notes + positionNotes,
      details: .object(details))
    info.positionIsInVoxels = true
    return BDVImage(
      info: info, source: source, setups: found.map(\.source), timepoints: project.timepoints,
      missingViews: project.missingViews, isDeclared: hasXML)
  }

  /// The position in µm of a tile, that of its first channel which has one.
  private func position(of found: [Found]) -> (Point3?, notes: [String]) {
    let offsets = found.compactMap { positions.offsets[$0.setup.id]?.offset }
    guard let offset = offsets.first else { return (nil, []) }
    let size = found[0].setup.voxelSize ?? .unknown
    let position = Point3(x: offset.x * size.x, y: offset.y * size.y, z: offset.z * size.z)
    guard position.x.isFinite, position.y.isFinite, position.z.isFinite else { return (nil, []) }
    let apart =
      offsets.map {
        max(abs($0.x - offset.x), abs($0.y - offset.y), abs($0.z - offset.z))
      }.max() ?? 0
    guard apart > 0.5 else { return (position, []) }
    let voxels = apart < 1e12 ? (apart * 100).rounded() / 100 : apart
    return (
      position,
      ["its channels lie up to \(voxels) voxels apart; the first one's position is taken for all"]
    )
  }

  /// Reads a setup's tables and looks at its first view.
  private func look(at setup: BDVProject.Setup) throws -> Found {
    var notes: [String] = []
    var levels = [MipmapLevel(factor: .one, chunk: .one)]
    do { levels = try file.levels(of: setup.id) } catch let error as BrickworkError {
      notes.append("its table of resolutions can't be read (\(error.reason)); only level 0 is used")
    }
    let announced = try file.announcedType(of: setup.id)
    var found = Found(
      setup: setup, source: .init(id: setup.id, announced: announced, levels: levels),
      type: announced, size: setup.size, words: "no view", notes: [])
    var absent: [String] = []
    let declared = project.timepoints.filter {
      project.missingViews.contains(.init(timepoint: $0, setup: setup.id))
    }
    let there = project.timepoints.lazy.filter { !declared.contains($0) }
    for timepoint in there.prefix(Self.mostTries) {
      let name = BDVNames.cells(timepoint: timepoint, setup: setup.id, level: 0)
      switch try source.presence(of: name) {
      case .present:
        let shape = try source.shape(of: name)
        found.type = BDVFile.type(announced, stored: shape.type)
        found.words = shape.words
        if let size = setup.size, size != shape.size {
          notes.append("the XML says \(size) voxels, but the image has \(shape.size)")
        }
        found.size = shape.size
      case .absent: absent.append("time point \(timepoint) is not in the file")
      case .broken(let partition):
        absent.append(
          "time point \(timepoint) lies in the partition file \(partition), which can't be opened")
      }
      if found.words != "no view" { break }
    }
    notes += absent.prefix(2)
    if !declared.isEmpty {
      let ids = declared.prefix(5).map(String.init).joined(separator: ", ")
      notes.append(
        "\(declared.count) of \(project.timepoints.count) time points are missing and read as "
          + "zeros: \(ids)\(declared.count > 5 ? ", …" : "")")
    }
    if !hasXML { notes += absentViews(of: setup.id) }
    found.notes = notes
    return found
  }

  /// What is missing where no XML says so.
  private func absentViews(of setup: Int) -> [String] {
    let absent = project.timepoints.filter { present[$0].map { !$0.contains(setup) } == true }
    guard !absent.isEmpty else { return [] }
    let ids = absent.prefix(5).map(String.init).joined(separator: ", ")
    return [
      "\(absent.count) time points are not in the file and read as zeros: \(ids)"
        + (absent.count > 5 ? ", …" : "")
    ]
  }
}
