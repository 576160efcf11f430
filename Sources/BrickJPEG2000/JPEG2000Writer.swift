public import BrickCore
internal import BrickFiles
internal import Dispatch
internal import Synchronization

/// Volumes as JPEG 2000 files: planes become components of one file, or a file each.
///
/// Voxels are kept exactly (5/3 wavelet, components apart). Planes are coded one by one and their packets put one
/// after the other (progression CPRL), in tiles of 2048 × 2048 where a plane has more than 8 Mi voxels, so that
/// memory depends on the size of a plane and not on their number. Source: ISO/IEC 15444-1 annexes A, B, I.
public enum JPEG2000Writer {
  /// How a volume is written.
  public struct Options: Sendable, Hashable {
    /// Whether an existing file is replaced.
    public var overwrite = false
    /// Planes that are coded at once, each on a thread.
    public var workers = 1

    /// The usual: nothing is replaced, one thread.
    public init(overwrite: Bool = false, workers: Int = 1) {
      self.overwrite = overwrite
      self.workers = workers
    }
  }

  /// Planes of more voxels are cut into tiles.
  static let mostSamples = 8 << 20
  static let tileSide = 2048

  /// Bytes that writing a volume takes besides what reading it takes.
  public static func scratchBytes(writing volume: any Volume, workers: Int) -> Int {
    let side = tile(of: volume.size)
    let samples = side.y * side.x
    let block = BlockStorage.footprint(of: samples * volume.type.byteCount)
    let perPlane = block + PlaneEncoder.scratchBytes(samples: samples, type: volume.type)
    let group = (volume.size.z + 254) / 255
    return max(1, workers) * perPlane
      + (group + max(1, workers)) * samples * volume.type.byteCount * 5 / 4
  }

  /// Writes all planes into one file: a bare codestream where its name ends in .j2k or .j2c, else JP2.
  ///
  /// The file is written aside and moved into place when it is whole.
  /// - Parameter progress: called with the number of planes that were written just now; what it throws stops the
  ///   writing, and nothing is left.
  /// - Throws: `BrickworkError`: `.unsupportedInput` unless voxels are integers of 8 or 16 bits and planes at most
  ///   16384, `.outputExists` where the file exists and is not to be replaced.
  public static func write(
    _ volume: any Volume, to path: String, _ options: Options = Options(),
    progress: ((_ planes: Int) throws -> Void)? = nil
  ) throws {
    try check(volume, path)
    guard volume.size.z <= 16384 else {
      throw BrickworkError(
        .unsupportedInput, path: path,
        reason: "a JPEG 2000 file holds at most 16384 planes, and the volume has \(volume.size.z)",
        remedy: "Write a folder of planes")
    }
    try refuseExisting(path, options)
    let lower = path.lowercased()
    let isBare = lower.hasSuffix(".j2k") || lower.hasSuffix(".j2c")
    try replacing(path) { file in
      if !isBare { try unsafe file.append(boxes(volume).span.bytes) }
      try writeCodestream(of: volume, 0..<volume.size.z, file, path, options, progress)
    }
    try Files.flushFolder(Files.folder(of: path))
  }

  /// Writes each plane as a JP2 file of its own, `z0000.jp2` and on, into a folder that is made if it is missing.
  ///
  /// Numbers have as many digits as the last one needs, four at least, so that any order of names is that of planes.
  /// - Returns: the paths of the files.
  /// - Throws: `BrickworkError` as `write(_:to:_:)`.
  @discardableResult
  public static func writePlanes(
    _ volume: any Volume, inFolder folder: String, _ options: Options = Options()
  ) throws -> [String] {
    try check(volume, folder)
    try Files.makeFolder(folder)
    let digits = max(4, String(volume.size.z - 1).count)
    let paths = (0..<volume.size.z).map { plane in
      let number = String(plane)
      return Files.join(
        folder, "z" + String(repeating: "0", count: digits - number.count) + number + ".jp2")
    }
    for path in paths { try refuseExisting(path, options) }
    let single = Options(overwrite: options.overwrite)
    try inParallel(paths.count, options.workers) { plane in
      try replacing(paths[plane]) { file in
        try unsafe file.append(boxes(volume, planes: 1).span.bytes)
        try writeCodestream(of: volume, plane..<plane + 1, file, paths[plane], single)
      }
    }
    try Files.flushFolder(folder)
    return paths
  }

  // MARK: Files

  private static func check(_ volume: any Volume, _ path: String) throws {
    guard [.uint8, .int8, .uint16, .int16].contains(volume.type) else {
      throw BrickworkError(
        .unsupportedInput, path: path,
        reason:
          "JPEG 2000 is written of integers of 8 or 16 bits, and the voxels are \(volume.type)",
        remedy: "Convert the volume first, or write another format")
    }
    let size = volume.size
    guard size.z > 0, size.y > 0, size.x > 0, size.y < 1 << 30, size.x < 1 << 30 else {
      throw BrickworkError(
        .badRequest, path: path,
        reason: "a volume of size \(size) can't be written: an axis is empty, or longer than 2^30")
    }
    let tiles = BrickGrid(size: Index3(z: 1, y: size.y, x: size.x), brick: tile(of: size)).count
    guard tiles <= 65535 else {
      throw BrickworkError(
        .unsupportedInput, path: path,
        reason:
          "planes of \(size.x) × \(size.y) voxels would need \(tiles) tiles, and 65535 is the most")
    }
  }

  private static func refuseExisting(_ path: String, _ options: Options) throws {
    guard !options.overwrite, Files.exists(path) else { return }
    throw BrickworkError(
      .outputExists, path: path, reason: "exists already",
      remedy: "Choose another name, or allow it to be replaced")
  }

  private static func replacing(_ path: String, _ body: (ReplacingFile) throws -> Void) throws {
    let temporary = path + ".partial"
    let file = try ReplacingFile(temporaryPath: temporary)
    do {
      try body(file)
      try file.seal()
      try Files.rename(temporary, to: path)
    } catch {
      file.discard()
      throw error
    }
  }

  /// Everything before the codestream of a JP2 file (annex I).
  private static func boxes(_ volume: any Volume, planes: Int? = nil) -> [UInt8] {
    var bytes: [UInt8] = []
    func box(_ kind: String, _ content: [UInt8]) -> [UInt8] {
      var box: [UInt8] = []
      box.appendBig(8 + content.count, 4)
      return box + Array(kind.utf8) + content
    }
    bytes += box("jP  ", [0x0D, 0x0A, 0x87, 0x0A])
    bytes += box("ftyp", Array("jp2 ".utf8) + [0, 0, 0, 0] + Array("jp2 ".utf8))
    var header: [UInt8] = []
    header.appendBig(volume.size.y, 4)
    header.appendBig(volume.size.x, 4)
    header.appendBig(planes ?? volume.size.z, 2)
    header += [depthCode(volume.type), 7, 0, 0]
    // Grey by an enumerated number.
    bytes += box("jp2h", box("ihdr", header) + box("colr", [1, 0, 0, 0, 0, 0, 17]))
    // The last box may leave its length open.
    bytes.appendBig(0, 4)
    return bytes + Array("jp2c".utf8)
  }

  private static func depthCode(_ type: VoxelType) -> UInt8 {
    UInt8(type.byteCount * 8 - 1) | (type.isSigned ? 0x80 : 0)
  }

  // MARK: Codestream

  private static func tile(of size: Index3) -> Index3 {
    size.y * size.x <= mostSamples
      ? Index3(z: 1, y: size.y, x: size.x)
      : Index3(z: 1, y: min(tileSide, size.y), x: min(tileSide, size.x))
  }

  private static func writeCodestream(
    of volume: any Volume, _ planes: Range<Int>, _ file: ReplacingFile, _ path: String,
    _ options: Options, _ progress: ((_ planes: Int) throws -> Void)? = nil
  ) throws {
    let size = volume.size
    let grid = BrickGrid(size: Index3(z: 1, y: size.y, x: size.x), brick: tile(of: size))
    // A tile has at most 255 tile-parts, each with a group of whole planes.
    let group = (planes.count + 254) / 255
    let parts = (planes.count + group - 1) / group
    let batch = group * ((max(1, options.workers) + group - 1) / group)
    var mainCoding: [UInt8]?
    for start in stride(from: planes.lowerBound, to: planes.upperBound, by: batch) {
      let some = start..<min(start + batch, planes.upperBound)
      for tile in 0..<grid.count {
        let area = grid.box(at: grid.index(at: tile))
        let encoded = Mutex<[EncodedPlane?]>(Array(repeating: nil, count: some.count))
        try inParallel(some.count, options.workers) { number in
          let box = Box3(
            origin: Index3(z: some.lowerBound + number, y: area.origin.y, x: area.origin.x),
            size: area.size)
          var scratch = VoxelBlock()
          var result: EncodedPlane?
          volume.willRead(box)
          try volume.withVoxels(of: box, scratch: &scratch) { view in
            result = try PlaneEncoder.encode(view, path: path)
          }
          volume.didRead(box)
          encoded.withLock { $0[number] = result }
        }
        let done = encoded.withLock { $0.compactMap { $0 } }
        let main: [UInt8]
        if let mainCoding {
          main = mainCoding
        } else {
          main = done[0].coding
          mainCoding = main
          try unsafe file.append(
            mainHeader(volume, planes.count, grid.brick, coding: main).span.bytes)
        }
        for first in stride(from: 0, to: done.count, by: group) {
          let members = done[first..<min(first + group, done.count)]
          let number = (some.lowerBound - planes.lowerBound + first) / group
          // Tiles at the end may be too small for all decompositions: they say how they are coded.
          let own = number == 0 && done[0].coding != main ? done[0].coding : []
          let length = 14 + own.count + members.reduce(0) { $0 + $1.packets.count }
          guard length <= Int(UInt32.max) else {
            throw BrickworkError(
              .unsupportedInput, path: path,
              reason:
                "\(members.count) planes take \(length) bytes, and a tile-part has at most 2^32",
              remedy: "Write a folder of planes")
          }
          var head: [UInt8] = []
          head.appendBig(0xFF90, 2)
          head.appendBig(10, 2)
          head.appendBig(tile, 2)
          head.appendBig(length, 4)
          head.appendBig(number, 1)
          head.appendBig(parts, 1)
          head += own
          head.appendBig(0xFF93, 2)
          try unsafe file.append(head.span.bytes)
          for member in members { try unsafe file.append(member.packets.span.bytes) }
        }
      }
      try progress?(some.count)
    }
    try unsafe file.append(([0xFF, 0xD9] as [UInt8]).span.bytes)
  }

  private static func mainHeader(
    _ volume: any Volume, _ planes: Int, _ tile: Index3, coding: [UInt8]
  ) -> [UInt8] {
    var header: [UInt8] = []
    header.appendBig(0xFF4F, 2)
    header.appendBig(0xFF51, 2)
    header.appendBig(38 + 3 * planes, 2)
    header.appendBig(0, 2)
    for number in [volume.size.x, volume.size.y, 0, 0, tile.x, tile.y, 0, 0] {
      header.appendBig(number, 4)
    }
    header.appendBig(planes, 2)
    for _ in 0..<planes { header += [depthCode(volume.type), 1, 1] }
    return header + coding
  }

  /// Calls `body` with 0 up to `count` on some threads; throws the first error.
  private static func inParallel(
    _ count: Int, _ workers: Int, _ body: @Sendable (Int) throws -> Void
  ) throws {
    guard workers > 1, count > 1 else {
      for number in 0..<count { try body(number) }
      return
    }
    let failure = Mutex<(any Error)?>(nil)
    let next = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: min(workers, count)) { _ in
      while failure.withLock({ $0 == nil }) {
        let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard number < count else { return }
        do { try body(number) } catch { failure.withLock { if $0 == nil { $0 = error } } }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }
}
