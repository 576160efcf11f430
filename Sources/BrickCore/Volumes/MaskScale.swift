/// How the voxels of a mask lie over those of a volume: along each axis `mask` of its voxels are as long as `volume`
/// of the other's.
///
/// Both begin at the same corner. Voxel i of the volume has its centre in mask voxel ⌊(i + ½) · mask / volume⌋.
public struct MaskScale: Sendable, Hashable {
  /// Voxels of the mask along z, y, x.
  public let mask: Index3
  /// Voxels of the volume, along z, y, x, that are as long.
  public let volume: Index3

  /// - Precondition: all numbers lie between 1 and 2³¹.
  public init(mask: Index3, volume: Index3) {
    for axis in 0..<3 {
      precondition((1...1 << 31).contains(mask[axis]), "A mask's voxels are counted from 1 on")
      precondition((1...1 << 31).contains(volume[axis]), "A volume's voxels are counted from 1 on")
    }
    self.mask = mask
    self.volume = volume
  }

  /// One voxel of the mask for each of the volume.
  public static let equal = MaskScale(mask: .one, volume: .one)

  /// The scale of a mask that covers a whole volume, from both sizes.
  ///
  /// Along an axis where the mask has as many voxels as a volume that is thinned out or averaged by a whole factor,
  /// ⌈n / factor⌉, that factor counts; otherwise both are equally long.
  public init(maskSize: Index3, volumeSize: Index3) {
    var (mask, volume) = (Index3.one, Index3.one)
    for axis in 0..<3 {
      let (m, n) = (max(1, maskSize[axis]), max(1, volumeSize[axis]))
      // The smallest factor for which ⌈n / factor⌉ is not more than m.
      let factor = (n + m - 1) / m
      if m <= n && (n + factor - 1) / factor == m {
        volume[axis] = factor
      } else {
        mask[axis] = m
        volume[axis] = n
      }
    }
    self.init(mask: mask, volume: volume)
  }

  /// The scale from the distances between voxels, where all three ratios are simple; nil where they are not.
  ///
  /// Simple is a ratio within a thousandth of m / n with m and n up to 16, or of a whole number either way.
  public init?(maskVoxel: VoxelSize, volumeVoxel: VoxelSize) {
    func ratio(_ a: Double, _ b: Double) -> (mask: Int, volume: Int)? {
      // So many voxels of the volume are as long as one of the mask.
      let ratio = a / b
      guard ratio.isFinite, ratio > 1e-6, ratio < 1e6 else { return nil }
      func fits(_ m: Int, _ n: Int) -> Bool {
        n > 0 && abs(ratio * Double(m) / Double(n) - 1) <= 1e-3
      }
      for m in 1...16 {
        let n = Int((ratio * Double(m)).rounded())
        if (m == 1 || n <= 16) && fits(m, n) { return (m, n) }
      }
      let m = Int((1 / ratio).rounded())
      return fits(m, 1) ? (m, 1) : nil
    }
    guard let z = ratio(maskVoxel.z, volumeVoxel.z), let y = ratio(maskVoxel.y, volumeVoxel.y),
      let x = ratio(maskVoxel.x, volumeVoxel.x)
    else { return nil }
    self.init(
      mask: Index3(z: z.mask, y: y.mask, x: x.mask),
      volume: Index3(z: z.volume, y: y.volume, x: x.volume))
  }

  /// The mask's voxel over the centre of a volume's along an axis.
  func place(of voxel: Int, axis: Int) -> Int {
    (2 * voxel + 1) * mask[axis] / (2 * volume[axis])
  }

  /// The mask's voxels over the centres of a box, which isn't empty.
  func box(over box: Box3) -> Box3 {
    var (first, end) = (Index3.zero, Index3.zero)
    for axis in 0..<3 {
      first[axis] = place(of: box.origin[axis], axis: axis)
      end[axis] = place(of: box.end[axis] - 1, axis: axis) + 1
    }
    return Box3(from: first, to: end)
  }
}
