/// Copies all bytes of `source` into `target` from `offset` on, which has room for them.
public func copyBytes(_ source: RawSpan, to target: inout MutableRawSpan, at offset: Int) {
  precondition(
    offset >= 0 && source.byteCount <= target.byteCount - offset,
    "\(source.byteCount) bytes do not fit into \(target.byteCount) at \(offset)")
  guard source.byteCount > 0 else { return }
  // The standard library has no copy between raw spans yet; the bounds are checked above.
  unsafe source.withUnsafeBytes { from in
    unsafe target.withUnsafeMutableBytes { to in
      unsafe to.baseAddress.unsafelyUnwrapped.advanced(by: offset).copyMemory(
        from: from.baseAddress.unsafelyUnwrapped, byteCount: from.count)
    }
  }
}

extension VoxelBlock {
  /// Copies the voxels of `view`, moved by `offset`, that lie in this block.
  ///
  /// Both hold the same type.
  /// - Parameter offset: what is added to the view's coordinates to get those of this block.
  public mutating func copy(from view: borrowing VoxelView, offset: Index3 = .zero) {
    precondition(view.type == type, "A block of \(type) takes no voxels of \(view.type)")
    let source = view.translated(by: offset)
    let shared = box.intersection(source.box)
    guard !shared.isEmpty else { return }
    let width = type.byteCount
    let skip = (shared.origin.x - source.box.origin.x) * width
    let byteCount = shared.size.x * width
    let (box, rowBytes) = (box, box.size.x * width)
    var target = mutableBytes
    for z in shared.origin.z..<shared.end.z {
      for y in shared.origin.y..<shared.end.y {
        let row = ((z - box.origin.z) * box.size.y + (y - box.origin.y)) * rowBytes
        copyBytes(
          source.rowBytes(z: z, y: y).extracting(skip..<skip + byteCount), to: &target,
          at: row + (shared.origin.x - box.origin.x) * width)
      }
    }
  }
}
