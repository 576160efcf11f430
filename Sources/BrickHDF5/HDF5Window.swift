internal import BrickCore

/// A volume seen in a dataset of any number of dimensions: which of them are z, y and x, and where the others are
/// fixed.
struct HDF5Window: Sendable {
  /// The index at which each dimension is fixed; 0 for those of the volume.
  let first: [Int]
  /// The dimension of each axis z, y, x; nil for z where planes are all there is.
  let z: Int?
  let y: Int
  let x: Int
  /// Voxels along z, y, x.
  let size: Index3

  init(first: [Int], z: Int?, y: Int, x: Int, of layout: HDF5Layout) {
    self.first = first
    self.z = z
    self.y = y
    self.x = x
    size = Index3(
      z: z.map { layout.dimensions[$0] } ?? 1, y: layout.dimensions[y], x: layout.dimensions[x])
  }

  /// The range of each dimension that holds a box of the volume.
  func ranges(of box: Box3) -> [Range<Int>] {
    first.indices.map { dimension in
      switch dimension {
      case z: box.origin.z..<box.end.z
      case y: box.origin.y..<box.end.y
      case x: box.origin.x..<box.end.x
      default: first[dimension]..<first[dimension] + 1
      }
    }
  }

  /// The box of the volume in a region of the dataset.
  func box(of ranges: [Range<Int>]) -> Box3 {
    let planes = z.map { ranges[$0] } ?? 0..<1
    return Box3(
      from: Index3(z: planes.lowerBound, y: ranges[y].lowerBound, x: ranges[x].lowerBound),
      to: Index3(z: planes.upperBound, y: ranges[y].upperBound, x: ranges[x].upperBound))
  }

  /// The distance between neighbours along z, y, x in an array of this shape.
  func strides(in shape: [Int]) -> Index3 {
    let steps = Self.steps(of: shape)
    return Index3(z: z.map { steps[$0] } ?? 0, y: steps[y], x: steps[x])
  }

  /// The distance between neighbours along each dimension of an array.
  static func steps(of shape: [Int]) -> [Int] {
    var steps = [Int](repeating: 1, count: shape.count)
    for dimension in shape.indices.dropLast().reversed() {
      steps[dimension] = steps[dimension + 1] * shape[dimension + 1]
    }
    return steps
  }
}

/// Copies voxels that lie at fixed distances along each axis into the part `box` of a block.
///
/// - Parameters:
///   - start: The place of the box's first voxel in `source`, counted in voxels.
///   - strides: Voxels between neighbours along z, y, x.
func copyStrided(
  _ source: RawSpan, start: Int, strides: Index3, box: Box3, into block: inout VoxelBlock
) {
  guard !box.isEmpty else { return }
  let width = block.type.byteCount
  let (whole, rowBytes) = (block.box, block.box.size.x * width)
  let last = (box.size - .one) * strides
  precondition(
    start >= 0 && (start + last.z + last.y + last.x + 1) * width <= source.byteCount
      && whole.contains(box), "Voxels are copied within bounds")
  var target = block.mutableBytes
  for z in 0..<box.size.z {
    for y in 0..<box.size.y {
      let from = (start + z * strides.z + y * strides.y) * width
      let to =
        ((box.origin.z + z - whole.origin.z) * whole.size.y + box.origin.y + y - whole.origin.y)
        * rowBytes + (box.origin.x - whole.origin.x) * width
      if strides.x == 1 {
        copyBytes(source.extracting(from..<from + box.size.x * width), to: &target, at: to)
      } else {
        let step = strides.x * width
        switch width {
        case 1: gather(source, from, step, box.size.x, to, &target, UInt8.self)
        case 2: gather(source, from, step, box.size.x, to, &target, UInt16.self)
        case 4: gather(source, from, step, box.size.x, to, &target, UInt32.self)
        default: gather(source, from, step, box.size.x, to, &target, UInt64.self)
        }
      }
    }
  }
}

private func gather<V: BitwiseCopyable>(
  _ source: RawSpan, _ from: Int, _ step: Int, _ count: Int, _ to: Int,
  _ target: inout MutableRawSpan, _: V.Type
) {
  for i in 0..<count {
    let value = unsafe source.unsafeLoadUnaligned(fromByteOffset: from + i * step, as: V.self)
    target.storeBytes(of: value, toByteOffset: to + i * MemoryLayout<V>.size, as: V.self)
  }
}
