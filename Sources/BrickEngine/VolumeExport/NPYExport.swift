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
      for volume in volumes.parts { try write(volume, file, progress) }
      try file.seal()
      try Files.rename(file.temporaryPath, to: path)
    } catch {
      file.discard()
      throw error
    }
    try Files.flushFolder(Files.folder(of: path))
    return file.count
  }

  private static func write(
    _ volume: any Volume, _ file: ReplacingFile, _ progress: PlaneProgress?
  ) throws {
    let size = volume.size
    let rowBytes = size.x * volume.type.byteCount
    let rows = max(1, min(size.y, sliceBytes / rowBytes))
    var block = VoxelBlock()
    for z in 0..<size.z {
      for y in stride(from: 0, to: size.y, by: rows) {
        let box = Box3(
          from: Index3(z: z, y: y, x: 0),
          to: Index3(z: z + 1, y: min(size.y, y + rows), x: size.x))
        block.reshape(to: box, type: volume.type)
        volume.willRead(box)
        try volume.read(into: &block)
        volume.didRead(box)
        try file.append(block.bytes)
        try Task.checkCancellation()
      }
      try progress?.add(planes: 1, written: size.y * rowBytes)
    }
  }

  private static func header(_ volumes: ExportedVolumes) -> [UInt8] {
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
