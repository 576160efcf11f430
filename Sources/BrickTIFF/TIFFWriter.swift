public import BrickCore
internal import BrickFiles

/// Writes volumes as OME-TIFF: one page per plane, voxel size in the description.
///
/// The file is written aside, plane by plane, and put in place when it is whole. It becomes a BigTIFF where it might
/// pass 4 GB. Voxels of all ten types come back as they were. OME knows no integers of 64 bits: volumes of them get
/// ImageJ's description, which carries the voxel size all the same.
///
/// Source of the format: TIFF 6.0, and OME-TIFF of the OME schema 2016-06.
public enum TIFFWriter {
  /// How strips are compressed; every method but `none` takes differences of neighbours first where that is defined.
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
    /// How strips are compressed.
    public var compression = Compression.none
    /// µm between voxels, x, y, z; nil where it isn't known.
    public var voxelSize: VoxelSize?
    /// Where the first voxel lies in µm, x, y, z: written as the stage position.
    public var position: Point3?
    /// The image's name.
    public var name = ""
    /// The channel's name.
    public var channelName = ""
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
    try check(volume, options, path)
    let temporary = path + ".partial"
    let file = try ReplacingFile(temporaryPath: temporary)
    do {
      try Pages(volume, options, file: file, path: path).write(progress)
      try file.seal()
      try Files.rename(temporary, to: path)
    } catch {
      file.discard()
      throw error
    }
    try Files.flushFolder(Files.folder(of: path))
  }

  private static func check(_ volume: any Volume, _ options: Options, _ path: String) throws {
    let size = volume.size
    guard size.x > 0, size.y > 0, size.z > 0, size.x <= Int(Int32.max), size.y <= Int(Int32.max),
      size.checkedVolume?.multipliedReportingOverflow(by: volume.type.byteCount).overflow == false
    else {
      throw BrickworkError(
        .badRequest, path: path, reason: "a TIFF file can't hold a volume of \(size) voxels",
        remedy: "Choose a part of it")
    }
    let range: ClosedRange<Int>
    let level: Int
    switch options.compression {
    case .deflate(let chosen): (range, level) = (1...9, chosen)
    case .zstd(let chosen): (range, level) = (1...22, chosen)
    case .none, .lzw: return
    }
    guard range.contains(level) else {
      throw BrickworkError(
        .badRequest, path: path,
        reason:
          "the compression level \(level) is not between \(range.lowerBound) and \(range.upperBound)"
      )
    }
  }
}

/// The pages of one file being written.
private struct Pages {
  private let volume: any Volume
  private let options: TIFFWriter.Options
  private let output: TIFFOutput
  private let description: String
  private let rowsPerStrip: Int

  /// Bytes of a strip before compression, about.
  private static let stripBytes = 256 << 10

  init(_ volume: any Volume, _ options: TIFFWriter.Options, file: ReplacingFile, path: String)
    throws
  {
    self.volume = volume
    self.options = options
    let size = volume.size
    let rowBytes = size.x * volume.type.byteCount
    rowsPerStrip = min(size.y, max(1, Self.stripBytes / rowBytes))
    description = TIFFDescription.text(size: size, type: volume.type, options)
    // What can't be compressed grows a little; directories and tables of strips come on top.
    let strips = (size.y + rowsPerStrip - 1) / rowsPerStrip * size.z
    let most = size.volume * volume.type.byteCount
    let overhead = most / 64 + strips * 64 + size.z * 512 + description.utf8.count
    let isBig = options.isBigTIFF ?? (most + overhead > 0xFFFF_0000)
    output = try TIFFOutput(file, path: path, isBigTIFF: isBig)
  }

  func write(_ progress: ((Int) throws -> Void)?) throws {
    let size = volume.size
    let planeBytes = size.y * size.x * volume.type.byteCount
    var block = VoxelBlock()
    if planeBytes > options.slabBytes {
      // A plane at a time would be too much: bands of whole strips.
      let rowBytes = size.x * volume.type.byteCount
      let rows = max(1, options.slabBytes / rowBytes / rowsPerStrip) * rowsPerStrip
      for z in 0..<size.z {
        try begin(page: z)
        for y in stride(from: 0, to: size.y, by: rows) {
          let box = Box3(
            from: Index3(z: z, y: y, x: 0),
            to: Index3(z: z + 1, y: min(size.y, y + rows), x: size.x))
          try read(box, into: &block)
          try writeStrips(of: &block, plane: z)
        }
        try output.endPage()
        try progress?(z + 1)
      }
      return
    }
    // Slabs of a power of two lie within the bricks of a source, or hold whole ones.
    var planes = 1
    while planes < size.z, planes < 256, planeBytes * planes * 2 <= options.slabBytes {
      planes *= 2
    }
    for start in stride(from: 0, to: size.z, by: planes) {
      let box = Box3(
        from: Index3(z: start, y: 0, x: 0),
        to: Index3(z: min(size.z, start + planes), y: size.y, x: size.x))
      try read(box, into: &block)
      for z in box.origin.z..<box.end.z {
        try begin(page: z)
        try writeStrips(of: &block, plane: z)
        try output.endPage()
        try progress?(z + 1)
      }
    }
  }

  private var density: PixelDensity? {
    guard let size = options.voxelSize, size.isValid else { return nil }
    return PixelDensity(size, forImageJ: TIFFDescription.isImageJ(volume.type))
  }

  private func read(_ box: Box3, into block: inout VoxelBlock) throws {
    block.reshape(to: box, type: volume.type)
    volume.willRead(box)
    defer { volume.didRead(box) }
    try volume.read(into: &block)
  }

  private func begin(page: Int) throws {
    try output.beginPage(
      width: volume.size.x, height: volume.size.y, rowsPerStrip: rowsPerStrip, type: volume.type,
      compression: options.compression, resolution: density,
      description: page == 0 ? description : nil)
  }

  /// Writes the rows of one plane that the block holds: whole strips, from a strip's start on.
  private func writeStrips(of block: inout VoxelBlock, plane: Int) throws {
    let box = block.box
    let rowBytes = box.size.x * block.type.byteCount
    for y in stride(from: box.origin.y, to: box.end.y, by: rowsPerStrip) {
      let rows = min(rowsPerStrip, box.end.y - y)
      let start = block.rowStart(z: plane, y: y) * block.type.byteCount
      var bytes = block.mutableBytes
      var strip = bytes._mutatingExtracting(start..<start + rows * rowBytes)
      try output.writeStrip(y / rowsPerStrip, &strip)
    }
  }
}
