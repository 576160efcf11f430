internal import BrickCore
internal import BrickFiles

/// Volumes as NumPy's `.npy`: one array in C order that `numpy.load(path, mmap_mode="r")` maps.
///
/// Axes are z, y, x; t, c, z, y, x where there are several channels or time points. Format: NEP 1, version 1.0.
public enum NPYExport {
  /// Bytes that are read and written at once, unless a row has more.
  static let sliceBytes = 16 << 20

  /// The array's shape.
  public static func shape(_ volumes: ExportedVolumes) -> [Int] {
    let leading = volumes.parts.count > 1 ? [volumes.timepoints, volumes.channels] : []
    return leading + volumes.size.components
  }

  /// Writes the file aside and gives it its name when it is whole.
  ///
  /// - Returns: bytes of the file.
  /// - Throws: `BrickworkError` with code `.outputExists` if there is one that shall not be replaced; what reading and
  ///   writing throw; `CancellationError` if the task was cancelled. Nothing is left then.
  public static func write(
    _ volumes: ExportedVolumes, to path: String, overwrite: Bool = false,
    progress: PlaneProgress? = nil
  ) throws -> Int {
    try UnfinishedExport(path: path, settings: .null).checkFree(overwrite: overwrite)
    let file = try ReplacingFile(temporaryPath: path + ".partial")
    do {
      try unsafe file.append(header(volumes).span.bytes)
      let first = file.count
      for (number, volume) in volumes.parts.enumerated() {
        let bytes = volume.size.volume * volume.type.byteCount
        try write(volume, file, at: first + number * bytes, progress)
      }
      try file.seal()
      try Files.rename(file.temporaryPath, to: path)
    } catch {
      file.discard()
      throw error
    }
    try Files.flushFolder(Files.folder(of: path))
    return file.count
  }

  /// Planes and rows that are read at once: as many planes as a usual brick has where pieces are decoded.
  static func band(of volume: any Volume) -> Index3 {
    let plane = Box3(size: Index3(z: 1, y: volume.size.y, x: volume.size.x))
    let planes = volume.decodedBytes(reading: plane) > 0 ? min(volume.size.z, 64) : 1
    let rowBytes = volume.size.x * volume.type.byteCount
    return Index3(
      z: planes, y: max(1, min(volume.size.y, sliceBytes / (rowBytes * planes))),
      x: volume.size.x)
  }

  /// Bytes that writing takes at most, without the cache of decoded pieces.
  public static func scratchBytes(_ volumes: ExportedVolumes) -> Int {
    volumes.parts.reduce(0) { most, volume in
      guard !volume.bounds.isEmpty else { return most }
      let band = band(of: volume)
      return max(
        most,
        BlockStorage.footprint(of: band.volume * volume.type.byteCount)
          + volume.scratchBytes(reading: band))
    }
  }

  private static func write(
    _ volume: any Volume, _ file: ReplacingFile, at start: Int, _ progress: PlaneProgress?
  ) throws {
    let size = volume.size
    guard !volume.bounds.isEmpty else { return }
    let rowBytes = size.x * volume.type.byteCount
    let band = band(of: volume)
    var block = VoxelBlock()
    for z in stride(from: 0, to: size.z, by: band.z) {
      let planes = z..<min(size.z, z + band.z)
      for y in stride(from: 0, to: size.y, by: band.y) {
        let box = Box3(
          from: Index3(z: z, y: y, x: 0),
          to: Index3(z: planes.upperBound, y: min(size.y, y + band.y), x: size.x))
        block.reshape(to: box, type: volume.type)
        volume.willRead(box)
        try volume.read(into: &block)
        volume.didRead(box)
        let bytes = box.size.y * rowBytes
        for plane in planes {
          let first = (plane - z) * bytes
          try file.write(
            block.bytes.extracting(first..<first + bytes),
            at: start + (plane * size.y + y) * rowBytes)
        }
        try Task.checkCancellation()
      }
      try progress?.add(planes: planes.count, written: planes.count * size.y * rowBytes)
    }
  }

  static func header(_ volumes: ExportedVolumes) -> [UInt8] {
    let type = volumes.type
    let kind = type.isFloat ? "f" : type.isSigned ? "i" : "u"
    let order = type.byteCount == 1 ? "|" : "<"
    let counts = shape(volumes).map { "\($0), " }.joined()
    var text =
      "{'descr': '\(order)\(kind)\(type.byteCount)', 'fortran_order': False, 'shape': (\(counts)), }"
    // The data begin at a multiple of 64.
    while (text.utf8.count + 11) % 64 != 0 { text += " " }
    text += "\n"
    let count = text.utf8.count
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(count & 0xFF), UInt8(count >> 8)]
      + Array(text.utf8)
  }
}
