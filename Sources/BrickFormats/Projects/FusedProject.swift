public import BrickBDV
public import BrickCore
internal import BrickFiles
internal import BrickZarr

/// A fused volume as a project of its own, in the world of the project whose tiles it was made of: both overlay in
/// BigDataViewer.
public struct FusedProject: Sendable {
  /// The fused volume's project; its paths are as seen from the XML.
  public let project: BDVProject
  /// Where the volume's first voxel lies, in voxels of the tiles, x, y, z.
  public let origin: Point3
  /// What a user should know: a sentence each.
  public let notes: [String]

  /// The name BigStitcher gives to the transform that moves a fused volume to its bounding box.
  public static let transformName = "fusion bounding box"

  /// Describes the volume at `path` (an OME-Zarr store, or a BigDataViewer `.h5` or `.xml`) for an XML at `xmlPath`.
  ///
  /// As BigStitcher does for what it fuses, a single translation to the bounding box's minimum stands above the
  /// calibration, which is that of the tiles times the volume's downscaling. A store that `stitch` has written says where
  /// it begins and how it was downscaled; of others the smallest offset of the project's tiles is taken, and the ratio
  /// of the voxel sizes.
  ///
  /// - Parameters:
  ///   - project: the tiles'.
  ///   - timepoint: the id of the time point whose registrations count; nil takes the first.
  ///   - origin: where the first voxel lies, in voxels of the tiles, where the caller knows it.
  /// - Throws: `BrickworkError`: what opening throws; `.badRequest` if the project has no such time point, or the
  ///   path holds several images; `.damagedInput` if no view of the project has an offset.
  public init(
    of path: String, in project: BDVProject, timepoint: Int? = nil, origin given: Point3? = nil,
    xmlPath: String
  ) throws {
    var fused = try FusedVolume(path, xmlPath: xmlPath)
    let time = timepoint ?? project.timepoints.first ?? 0
    let offsets = try project.offsets(timepoint: time)
    guard let first = offsets.first,
      let affine = project.affine(of: .init(timepoint: time, setup: first.setup))
    else {
      throw BrickworkError(
        .damagedInput, path: project.path, place: "time point \(time)",
        reason: "no view has a registration, so there is nothing to overlay",
        remedy: "Choose another with --timepoint, or open and save the project in BigStitcher")
    }
    var notes = fused.notes
    for offset in offsets {
      if let warning = offset.warning { notes.append("setup \(offset.setup) \(warning)") }
    }
    let factor = fused.factor(of: first.voxelSize)
    let origin = given ?? fused.origin ?? Self.smallest(offsets)
    if given == nil {
      if fused.origin == nil {
        notes.append(
          "\(path) does not say where it begins: the smallest offset of the project's tiles is taken"
        )
      }
      notes += fused.disagreements(with: offsets, origin: origin)
    }
    let scale = (0..<3).map { affine[$0, $0] }
    let start = [origin.x, origin.y, origin.z]
    let shift = (0..<3).map { start[$0] * scale[$0] }
    let transforms = [
      BDVProject.Transform(
        name: Self.transformName,
        affine: AffineTransform(
          scaleX: 1, y: 1, z: 1, translation: (shift[0], shift[1], shift[2]))),
      BDVProject.Transform(
        name: "calibration",
        affine: AffineTransform(
          scaleX: scale[0] * factor.x, y: scale[1] * factor.y, z: scale[2] * factor.z)),
    ]
    fused.project.registrations = [:]
    for timepoint in fused.project.timepoints {
      for setup in fused.project.setups {
        let view = BDVProject.View(timepoint: timepoint, setup: setup.id)
        if !fused.project.missingViews.contains(view) {
          fused.project.registrations[view] = transforms
        }
      }
    }
    self.project = fused.project
    self.origin = origin
    self.notes = notes
  }

  private static func smallest(_ offsets: [ViewOffset]) -> Point3 {
    offsets.dropFirst().reduce(offsets[0].offset) { least, next in
      Point3(
        x: min(least.x, next.offset.x), y: min(least.y, next.offset.y),
        z: min(least.z, next.offset.z))
    }
  }
}

/// What a fused volume's files say.
private struct FusedVolume {
  var project: BDVProject
  var notes: [String] = []
  /// Where its first voxel lies, in voxels of the tiles; nil where nothing says it.
  private(set) var origin: Point3?
  /// Voxels of a tile that became one, x, y, z; nil where nothing says it.
  private var downscale: Point3?
  /// Where tiles begin in the volume, in its voxels, by their names.
  private var places: [String: Point3] = [:]
  /// Where the part of the stitched volume begins that was kept, in its voxels.
  private var region = Point3.zero
  private let path: String

  init(_ path: String, xmlPath: String) throws {
    self.path = path
    guard Files.isFolder(path) else {
      project = try Self.imageProject(path, xmlPath: xmlPath)
      return
    }
    let store = try StoreProject(store: path, xmlPath: xmlPath)
    project = store.project
    notes = store.notes
    guard store.images.count == 1 else {
      throw BrickworkError(
        .badRequest, path: path, reason: "holds \(store.images.count) images, not one fused volume",
        remedy: "Make the project of tiles with brickwork project new")
    }
    takeSettings(store.images[0].attributes["brickwork"]?["settings"]?["source"])
  }

  /// The project of an HDF5 file, which lies beside it or is named itself.
  private static func imageProject(_ path: String, xmlPath: String) throws -> BDVProject {
    let own = path.lowercased().hasSuffix(".xml") ? path : BDVFileWriter.xmlPath(for: path)
    guard Files.exists(own) else {
      throw BrickworkError(
        .missingInput, path: own,
        reason: Files.exists(path)
          ? "there is no XML beside \(path)" : "there is no such file or folder",
        remedy: "Name a store, or an .h5 with its .xml beside it")
    }
    var project = try BDVProject(reading: own)
    if let image = project.loader.path {
      project.loader.path = Files.relative(
        try Files.resolved(image), to: try Files.resolved(Files.folder(of: xmlPath)))
    }
    project.loader.partitions = []
    return project
  }

  /// What `stitch` keeps in its stores.
  private mutating func takeSettings(_ settings: JSON?) {
    func point(_ name: String) -> Point3? {
      guard let zyx = settings?[name]?.doubleArrayValue, zyx.count == 3 else { return nil }
      return Point3(x: zyx[2], y: zyx[1], z: zyx[0])
    }
    for tile in settings?["tiles"]?.arrayValue ?? [] {
      guard let name = tile["name"]?.stringValue,
        let start = tile["origin_zyx"]?.doubleArrayValue, start.count == 3
      else { continue }
      places[name] = Point3(x: start[2], y: start[1], z: start[0])
    }
    region = point("region_origin_zyx") ?? .zero
    let factor = point("downscale_zyx")
    downscale = factor
    guard let factor, let start = settings?["origin_voxels_xyz"]?.doubleArrayValue, start.count == 3
    else { return }
    // The first voxel that is kept stands for its group, or their mean lies in the middle of it.
    let half = settings?["downscale_method"]?.stringValue == "stride" ? 0.0 : 0.5
    func place(_ start: Double, _ region: Double, _ factor: Double) -> Double {
      (start + region) * factor + (factor - 1) * half
    }
    origin = Point3(
      x: place(start[0], region.x, factor.x), y: place(start[1], region.y, factor.y),
      z: place(start[2], region.z, factor.z))
  }

  /// Voxels of a tile in one of the volume.
  func factor(of tile: VoxelSize?) -> Point3 {
    if let downscale { return downscale }
    guard let tile, let own = project.setups.first?.voxelSize else {
      return Point3(x: 1, y: 1, z: 1)
    }
    return Point3(x: own.x / tile.x, y: own.y / tile.y, z: own.z / tile.z)
  }

  /// Says where tiles lie elsewhere in the project than they were stitched.
  func disagreements(with offsets: [ViewOffset], origin: Point3) -> [String] {
    guard let factor = downscale else { return [] }
    var worst = 0.0
    for view in offsets {
      guard let place = places[view.name] else { continue }
      let stitched = place - region
      for (now, start, step, first) in [
        (view.offset.x, stitched.x, factor.x, origin.x),
        (view.offset.y, stitched.y, factor.y, origin.y),
        (view.offset.z, stitched.z, factor.z, origin.z),
      ] {
        // Tiles start at whole voxels of the volume, and means half a group later.
        worst = max(worst, abs(now - (first + start * step)) - 0.5 * step - (step - 1) / 2)
      }
    }
    guard worst > 0.51 else { return [] }
    return [
      "tiles lie up to \((worst * 10).rounded() / 10) voxels from where \(path) was stitched of them: "
        + "were the project's offsets changed since?"
    ]
  }
}
