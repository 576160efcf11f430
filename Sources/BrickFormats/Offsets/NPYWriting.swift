public import BrickCore

extension OffsetTable {
  /// The table as a NumPy array of float64, N×3: one row x, y, z in voxels per tile, as layout `plain` reads it.
  ///
  /// Rows in µm become voxels by `voxelSize`.
  ///
  /// - Throws: `BrickworkError` with code `.badRequest` if rows are in µm and there is no voxel size.
  public func npy(voxelSize: VoxelSize?) throws -> [UInt8] {
    let points = try rows.map { row in
      guard let point = row.voxels ?? voxelSize.map({ row.inVoxels(of: $0) }) else {
        throw BrickworkError(
          .badRequest, path: source,
          reason: "the positions are in µm, and an array of voxels needs the voxel size",
          remedy: "Give it with --voxel-size X,Y,Z")
      }
      return point
    }
    return NPYArray.bytes(ofRows: points)
  }

  /// The table as ExM-Toolbox's array, as layout `exm` reads it: a row with the size of a tile in voxels, x, y, z, then
  /// one row per tile in µm with x negated.
  ///
  /// Reading it subtracts the smallest of each axis, so that offsets come back up to a common shift.
  public func exmNPY(voxelSize: VoxelSize, tileSize: Index3) -> [UInt8] {
    let points = rows.map { row in
      let point = row.inMicrometers(of: voxelSize)
      return Point3(x: -point.x, y: point.y, z: point.z)
    }
    let size = Point3(x: Double(tileSize.x), y: Double(tileSize.y), z: Double(tileSize.z))
    return NPYArray.bytes(ofRows: [size] + points)
  }
}

extension NPYArray {
  /// A file of format version 1 with an array N×3 of float64, little-endian.
  static func bytes(ofRows rows: [Point3]) -> [UInt8] {
    var bytes = header("<f8", shape: "(\(rows.count), 3)")
    for row in rows {
      for value in [row.x, row.y, row.z] {
        let bits = (value == 0 ? 0 : value).bitPattern
        for shift in stride(from: 0, to: 64, by: 8) {
          bytes.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift)))
        }
      }
    }
    return bytes
  }

  /// The start of a file of format version 1: what comes before the numbers.
  ///
  /// - Parameters:
  ///   - descr: NumPy's name of the numbers' type, `<f8`.
  ///   - shape: a tuple as Python writes it.
  static func header(_ descr: String, shape: String) -> [UInt8] {
    var header = "{'descr': '\(descr)', 'fortran_order': False, 'shape': \(shape), }"
    // Magic, version, length and header fill a multiple of 64 bytes; a line feed ends them.
    let padding = (64 - (10 + header.utf8.count + 1) % 64) % 64
    header += String(repeating: " ", count: padding) + "\n"
    var bytes: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0]
    bytes += [UInt8(header.utf8.count & 255), UInt8(header.utf8.count >> 8)]
    return bytes + Array(header.utf8)
  }
}
