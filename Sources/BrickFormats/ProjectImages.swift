public import BrickBDV
public import BrickCore
internal import BrickFiles
internal import BrickN5
internal import BrickZarr

/// The tiles of BigDataViewer and BigStitcher projects whose voxels lie in N5 or OME-Zarr stores.
public enum ProjectImages {
  /// Opens the tiles of a project with the loader `bdv.n5` or `bdv.multimg.zarr`; reads no voxel.
  ///
  /// One tile for each of `project.tiles`, with the project's time points. Its position in µm is the
  /// offset of its first setup's registration times the voxel size (1 µm where the XML has none). Views
  /// that are missing read as zeros, and the tile's notes say how many.
  ///
  /// - Throws: `BrickworkError`: `.missingInput` naming the store or the image that isn't there;
  ///   `.unsupportedInput` for other loaders and for data that aren't local; `.damagedInput` where the
  ///   channels of a tile differ in size or type.
  public static func images(of project: BDVProject, cache: PieceCache) throws -> [any TileImage] {
    let store = try ProjectStore(project, cache: cache)
    let offsets = ProjectOffsets(project)
    var tiles = try project.tiles.map { try ProjectTile($0, project, store, offsets) }
    // A tile without any view has its type from the others.
    let type = tiles.lazy.compactMap(\.type).first ?? .uint16
    for place in tiles.indices where tiles[place].type == nil { tiles[place].info.type = type }
    return tiles
  }
}

/// Where the views of a project lie.
private struct ProjectStore: Sendable {
  /// The folder of the whole.
  let path: String
  private let groups: [BDVProject.View: BDVProject.Loader.Group]?
  private let cache: PieceCache

  init(_ project: BDVProject, cache: PieceCache) throws {
    let loader = project.loader
    self.cache = cache
    switch loader.format {
    case "bdv.n5", "bdv.n5.cloud": groups = nil
    case "bdv.multimg.zarr":
      guard !loader.groups.isEmpty else {
        throw BrickworkError(
          .damagedInput, path: project.path, place: "ImageLoader",
          reason: "the loader bdv.multimg.zarr has no zgroup that says where views lie",
          remedy: "Restore one of BigStitcher's backups, or resave the project")
      }
      groups = Dictionary(
        loader.groups.map { ($0.view, $0) }, uniquingKeysWith: { first, _ in first })
    default:
      throw BrickworkError(
        .unsupportedInput, path: project.path,
        reason: "its images are read by \"\(loader.format)\", which this program doesn't know",
        remedy:
          "Resave the project in BigStitcher as HDF5, N5 or OME-Zarr, or give the image files "
          + "themselves and this XML with --offsets")
    }
    guard let path = loader.path else {
      throw BrickworkError(
        .unsupportedInput, path: project.path, place: "ImageLoader",
        reason: "names no local folder for its images",
        remedy: "Copy the store to this machine and name it in the XML")
    }
    if let scheme = Self.scheme(path) {
      throw BrickworkError(
        .unsupportedInput, path: project.path, place: "ImageLoader",
        reason:
          "the images lie in the cloud (\(scheme)), at \(path.prefix(200)); local folders are read",
        remedy: "Copy the store beside the XML")
    }
    guard Files.isFolder(path) else {
      throw BrickworkError(
        .missingInput, path: path,
        reason: "there is no such folder, although \(project.path ?? "the project") names it",
        remedy: "Copy the store beside the XML, or correct the path in the XML")
    }
    self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
  }

  /// The scheme of an address such as s3://bucket/folder; nil for a path.
  private static func scheme(_ path: String) -> String? {
    guard let colon = path.firstIndex(of: ":"), path[colon...].hasPrefix("://") else { return nil }
    let scheme = path[..<colon]
    return scheme.isEmpty || scheme.contains("/") ? nil : String(scheme)
  }

  /// The folder of a view; nil where no zgroup names one.
  func folder(_ view: BDVProject.View) -> String? {
    guard let groups else {
      return Files.join(path, "setup\(view.setup)/timepoint\(view.timepoint)/s0")
    }
    return groups[view].map { Files.join(path, $0.path) }
  }

  /// The folder by which a tile is known.
  func tileFolder(_ view: BDVProject.View) -> String {
    groups == nil ? Files.join(path, "setup\(view.setup)") : folder(view) ?? path
  }

  /// Whether the view's folder is there.
  func isThere(_ view: BDVProject.View) -> Bool { folder(view).map(Files.isFolder) ?? false }

  /// What a view's metadata say, and its voxels.
  func open(_ view: BDVProject.View) throws -> (info: TileInfo, volume: any Volume) {
    guard let folder = folder(view) else {
      throw BrickworkError(
        .missingInput, path: path,
        reason: "no zgroup has setup \(view.setup) at time point \(view.timepoint)")
    }
    guard let group = groups?[view] else {
      let image = try N5Image(folder, cache: cache)
      guard image.info.channelNames.count == 1 else {
        throw BrickworkError(
          .unsupportedInput, path: folder, reason: "has more than the three dimensions of a view")
      }
      return (image.info, try image.volume(channel: 0, timepoint: 0))
    }
    let image = try OMEZarrImage(folder, cache: cache)
    // Fastest first in the XML; what it leaves out has to be the only place along its axis.
    let shape = image.leadingShape
    var leading = Array(repeating: 0, count: shape.count)
    for (number, index) in group.indices.enumerated() {
      if number < shape.count {
        leading[shape.count - 1 - number] = index
      } else if index != 0 {
        throw BrickworkError(
          .damagedInput, path: folder,
          reason: "has \(shape.count) axes before z, y, x, and the XML asks for \(group.indices)")
      }
    }
    let unsaid = shape.dropLast(min(shape.count, group.indices.count))
    guard unsaid.allSatisfy({ $0 == 1 }) else {
      throw BrickworkError(
        .unsupportedInput, path: folder,
        reason: "has \(shape) voxels along the axes before z, y, x, and the XML's indicies "
          + "\(group.indices) don't say which are meant",
        remedy: "Resave the project with a current BigStitcher")
    }
    return (image.info, try image.volume(level: 0, leading: leading))
  }
}

/// Where each setup lies, from the first time point that says so.
private struct ProjectOffsets {
  private var bySetup: [Int: ViewOffset] = [:]
  /// Why there is none.
  private(set) var note: String?

  init(_ project: BDVProject) {
    do {
      for timepoint in project.timepoints where bySetup.count < project.setups.count {
        for offset in try project.offsets(timepoint: timepoint) where bySetup[offset.setup] == nil {
          bySetup[offset.setup] = offset
        }
      }
    } catch {
      bySetup = [:]
      note = "no positions are taken from the project: \(error)"
    }
  }

  subscript(setup: Int) -> ViewOffset? { bySetup[setup] }
}

/// A tile of a project: each channel and time point is a view of its own.
private struct ProjectTile: TileImage {
  var info: TileInfo
  /// The type of the views that are there; nil if none is.
  let type: VoxelType?
  private let store: ProjectStore
  /// By channel and time point; nil where a view is missing.
  private let views: [[BDVProject.View?]]

  init(
    _ tile: BDVProject.Tile, _ project: BDVProject, _ store: ProjectStore, _ offsets: ProjectOffsets
  ) throws {
    self.store = store
    var notes: [String] = []
    var (absent, unlisted) = (0, 0)
    views = tile.setups.map { setup in
      project.timepoints.map { timepoint in
        let view = BDVProject.View(timepoint: timepoint, setup: setup.id)
        if project.missingViews.contains(view) {
          absent += 1
          return nil
        }
        if store.isThere(view) { return view }
        unlisted += 1
        return nil
      }
    }
    let first = BDVProject.View(timepoint: project.timepoints.first ?? 0, setup: tile.setups[0].id)
    // One view of each channel is opened now; the others when they are read.
    let opened = try views.compactMap { $0.lazy.compactMap { $0 }.first }.map { view in
      (view, try store.open(view).info)
    }
    let size: Index3
    if let (_, found) = opened.first {
      size = found.size
    } else if unlisted == 0, let said = tile.setups[0].size {
      size = said
    } else {
      throw BrickworkError(
        .missingInput, path: store.folder(first) ?? store.path,
        reason: "there are no images of setup \(first.setup), \"\(tile.name)\", which the project "
          + "doesn't list as missing",
        remedy: "Copy the whole store, or remove the setup from the project")
    }
    for (view, found) in opened {
      try Self.check(found, size, opened[0].1.type, view, store)
    }
    type = opened.first?.1.type
    let setup = tile.setups[0]
    if let said = setup.size, said != size {
      notes.append(
        "setup \(setup.id) has \(size.x), \(size.y), \(size.z) voxels along x, y, z; the project says "
          + "\(said.x), \(said.y), \(said.z)")
    }
    if absent + unlisted > 0 {
      notes.append(
        "\(absent + unlisted) of \(tile.setups.count * project.timepoints.count) views are missing "
          + "and read as zeros"
          + (unlisted > 0 ? "; \(unlisted) of them unknown to the project" : ""))
    }
    let voxelSize = setup.voxelSize
    let found = tile.setups.map { offsets[$0.id] }
    let offset = found.lazy.compactMap { $0 }.first
    if let note = offsets.note { notes.append(note) }
    if let warning = offset?.warning { notes.append("setup \(setup.id) \(warning)") }
    if let offset,
      let other = found.lazy.compactMap({ $0 }).first(where: { Self.differ($0, offset) })
    {
      notes.append(
        "the channels lie at different places; that of setup \(offset.setup) is taken, and setup "
          + "\(other.setup) lies elsewhere")
    }
    let step = voxelSize ?? .unknown
    info = TileInfo(
      path: store.tileFolder(opened.first?.0 ?? first), name: tile.name,
      format: "\(opened.first?.1.format ?? "no images"), \(project.loader.format)",
      type: type ?? .uint16, size: size, channelNames: tile.channelNames,
      timepoints: project.timepoints.count, voxelSize: voxelSize,
      position: offset.map {
        Point3(x: $0.offset.x * step.x, y: $0.offset.y * step.y, z: $0.offset.z * step.z)
      }, notes: notes,
      details: [
        "project": .string(project.path ?? ""),
        "setups": .array(tile.setups.map { JSON($0.id) }),
        "timepoints": .array(project.timepoints.prefix(1000).map { JSON($0) }),
      ])
    info.positionIsInVoxels = true
  }

  /// Half a voxel and more.
  private static func differ(_ a: ViewOffset, _ b: ViewOffset) -> Bool {
    let d = a.offset - b.offset
    return max(abs(d.x), abs(d.y), abs(d.z)) > 0.5
  }

  private static func check(
    _ found: TileInfo, _ size: Index3, _ type: VoxelType, _ view: BDVProject.View,
    _ store: ProjectStore
  ) throws {
    guard found.size == size, found.type == type else {
      throw BrickworkError(
        .damagedInput, path: store.folder(view),
        reason: "setup \(view.setup) at time point \(view.timepoint) is \(found.type) of "
          + "\(found.size) voxels; the tile's first view is \(type) of \(size)",
        remedy: "Resave the project in BigStitcher")
    }
  }

  func volume(channel: Int, timepoint: Int) throws -> any Volume {
    guard views.indices.contains(channel), views[channel].indices.contains(timepoint) else {
      throw BrickworkError(
        .badRequest, path: info.path,
        reason: "has no channel \(channel) at time point \(timepoint); it has "
          + "\(info.channelNames.count) and \(info.timepoints), both counted from 0")
    }
    guard let view = views[channel][timepoint] else {
      return ZeroVolume(type: info.type, size: info.size)
    }
    let (found, volume) = try store.open(view)
    try Self.check(found, info.size, info.type, view, store)
    return volume
  }
}

/// What a missing view reads as.
private struct ZeroVolume: Volume {
  let type: VoxelType
  let size: Index3

  func read(into block: inout VoxelBlock) throws {
    checkBounds(block.box)
    block.clear()
  }

  func scratchBytes(reading size: Index3) -> Int { 0 }
}
