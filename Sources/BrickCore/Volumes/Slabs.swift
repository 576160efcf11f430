/// How a view that changes values reads a large box below it: in slabs of planes, or of rows where a
/// plane is large, so that its scratch stays small.
package enum Slabs {
  /// Bytes of voxels below that are held at once, unless a single row needs more.
  package static let limit = 8 << 20

  /// The size of the largest slab of a box of this size.
  ///
  /// - Parameters:
  ///   - bytesPerVoxel: the bytes below that one voxel of the box needs.
  ///   - planes: the most planes a slab may have.
  package static func largest(of size: Index3, bytesPerVoxel: Int, planes: Int = .max) -> Index3 {
    guard size.z > 0, size.y > 0, size.x > 0 else { return .zero }
    let row = max(1, size.x * bytesPerVoxel)
    let rows = max(1, limit / row)
    if rows < size.y { return Index3(z: 1, y: rows, x: size.x) }
    return Index3(z: min(size.z, planes, max(1, rows / size.y)), y: size.y, x: size.x)
  }

  /// Calls `body` with the slabs of `box`, in order.
  package static func cut(
    _ box: Box3, bytesPerVoxel: Int, planes: Int = .max, _ body: (Box3) throws -> Void
  ) rethrows {
    guard !box.isEmpty else { return }
    let step = largest(of: box.size, bytesPerVoxel: bytesPerVoxel, planes: planes)
    for z in stride(from: box.origin.z, to: box.end.z, by: step.z) {
      for y in stride(from: box.origin.y, to: box.end.y, by: step.y) {
        let origin = Index3(z: z, y: y, x: box.origin.x)
        try body(Box3(origin: origin, size: step).intersection(box))
      }
    }
  }
}

extension Volume {
  /// The bytes that reading a box of this size with `withVoxels` takes at most, scratch block included.
  package func bytesLending(_ size: Index3) -> Int {
    BlockStorage.footprint(of: size.volume * type.byteCount) + scratchBytes(reading: size)
  }
}
