public import BrickCore
internal import BrickFiles

/// Writes volumes as OME-TIFF: one page per plane, voxel size in the description.
///
/// `write` makes a plain file of strips, which every program opens; `TIFFFileWriter` makes files of tiles and levels, in
/// parallel and so that they can be continued. The file is written aside and put in place when it is whole. It becomes a
/// BigTIFF where it might pass 4 GB. Voxels of all ten types come back as they were. OME knows no integers of 64 bits: volumes of them get
/// ImageJ's description, which carries the voxel size all the same.
///
/// Source of the format: TIFF 6.0, and OME-TIFF of the OME schema 2016-06.
public enum TIFFWriter {
  /// How strips and tiles are compressed; every method but `none` takes differences of neighbours first where that is defined.
  public enum Compression: Sendable, Hashable {
    case none
    /// zlib, read by every program; level 1 (fast) to 9 (small).
    case deflate(level: Int)
    /// Zstandard, level 1 to 22: read by libtiff, tifffile and Bio-Formats, not by old programs.
    case zstd(level: Int)
    case lzw
  }

  /// What a file says and how it is laid out.
  public struct Options: Sendable, Hashable {
    /// How strips and tiles are compressed.
    public var compression = Compression.none
    /// µm between voxels, x, y, z; nil where it isn't known.
    public var voxelSize: VoxelSize?
    /// Where the first voxel lies in µm, x, y, z: written as the stage position.
    public var position: Point3?
    /// The image's name.
    public var name = ""
    /// The channels' names; those that are missing have none.
    public var channelNames: [String] = []
    /// The first channel's name.
    public var channelName: String {
      get { channelNames.first ?? "" }
      set { channelNames = [newValue] + channelNames.dropFirst() }
    }
    /// Whether the file has 64-bit offsets; nil chooses them where it might pass 4 GB.
    public var isBigTIFF: Bool?
    /// Bytes of voxels that are read at once, unless a strip needs more.
    ///
    /// Planes that lie in one brick of the source should fit, so that it is decoded once.
    public var slabBytes = 64 << 20

    /// An uncompressed file that says nothing but its size.
    public init() {}
  }

  /// Writes `volume` to a file at `path`.
  ///
  /// - Parameters:
  ///   - overwrite: whether a file there is replaced.
  ///   - progress: called with the planes that are written; what it throws stops the writing, and nothing is left.
  /// - Throws: `BrickworkError`: `.outputExists`, `.badRequest` for volumes TIFF can't hold or a level out of its
  ///   range, `.inputOutput`; what reading the volume throws.
  public static func write(
    _ volume: any Volume, to path: String, _ options: Options = Options(), overwrite: Bool = false,
    progress: ((_ planes: Int) throws -> Void)? = nil
  ) throws {
    guard overwrite || !Files.exists(path) else {
      throw BrickworkError(
        .outputExists, path: path, reason: "exists already",
        remedy: "Choose another name, or replace it with --overwrite")
    }
    let plan: TIFFPlan
    do {
      plan = try TIFFPlan(type: volume.type, size: volume.size, slab: mostPlanes)
    } catch var error as BrickworkError {
      error.path = path
      throw error
    }
    let writer = try TIFFFileWriter(
      path, plan: plan, options: options, settings: [], continuing: false)
    do {
      try write(volume, plan, options, writer, progress)
      try writer.finish()
    } catch {
      writer.discard()
      throw error
    }
  }

  /// Planes that are read at once, at most.
  private static let mostPlanes = 256

  private static func write(
    _ volume: any Volume, _ plan: TIFFPlan, _ options: Options, _ writer: TIFFFileWriter,
    _ progress: ((_ planes: Int) throws -> Void)?
  ) throws {
    let planeBytes = plan.size.y * plan.size.x * plan.type.byteCount
    // Slabs of a power of two lie within the bricks of a source, or hold whole ones.
    var planes = 1
    while planes < mostPlanes, planeBytes * planes * 2 <= options.slabBytes { planes *= 2 }
    let steps = TIFFSteps(plan, planes: planes, bytes: options.slabBytes)
    let encoder = try TIFFStepEncoder(plan, options.compression)
    for number in 0..<steps.count(pass: 0) {
      let step = steps.step(number, pass: 0)
      try writer.append(try encoder.encode(step, of: volume), of: step, in: steps)
      guard step.box.end.y == plan.size.y else { continue }
      for plane in step.box.origin.z..<step.box.end.z { try progress?(plane + 1) }
    }
  }
}
