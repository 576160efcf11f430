/// How the voxels along one side of a picture become its pixels.
///
/// `reduction` voxels become one group, the last of those that are left, and each pixel shows the group under its centre:
/// its own where groups are as long as pixels are, else one that may be repeated or left out.
public struct PictureAxis: Sendable, Hashable {
  /// The voxels shown.
  public let voxels: Range<Int>
  /// Voxels of one group.
  public let reduction: Int
  /// The number of pixels.
  public let pixels: Int
  /// Groups from one pixel to the next.
  private let step: Double

  /// The axis for voxels that are `spacing` apart and pixels of `pitch`, which is not smaller than the finest spacing.
  ///
  /// - Precondition: there is a voxel; both lengths are positive.
  init(_ voxels: Range<Int>, spacing: Double, pitch: Double) {
    precondition(!voxels.isEmpty && spacing > 0 && pitch > 0, "An axis has voxels and lengths")
    self.voxels = voxels
    let most = min(pitch / spacing + 1e-6, Double(voxels.count))
    reduction = max(1, Int(most))
    let length = Double(reduction) * spacing
    if abs(length - pitch) <= 1e-6 * pitch || reduction == voxels.count && length <= pitch {
      step = 1
      pixels = (voxels.count - 1) / reduction + 1
    } else {
      step = pitch / length
      let exact = (Double(voxels.count) * spacing / pitch).rounded()
      pixels = max(1, Int(min(exact, 0x1p40)))
    }
  }

  /// The number of groups.
  public var groups: Int { (voxels.count - 1) / reduction + 1 }

  /// Whether each group is one pixel.
  public var isEven: Bool { step == 1 }

  /// Voxels from one pixel to the next.
  public var voxelsPerPixel: Double { Double(reduction) * step }

  /// The group that a pixel shows.
  public func group(of pixel: Int) -> Int {
    isEven ? pixel : min(groups - 1, Int((Double(pixel) + 0.5) * step))
  }

  /// The groups that pixels show, from the first to the last.
  public func groups(of pixels: Range<Int>) -> Range<Int> {
    group(of: pixels.lowerBound)..<group(of: pixels.upperBound - 1) + 1
  }

  /// The pixels that show a group with a voxel of `range`; cut at the picture's ends.
  public func pixels(showing range: Range<Int>) -> Range<Int> {
    let inside = range.clamped(to: voxels)
    guard !inside.isEmpty else { return 0..<0 }
    let first = (inside.lowerBound - voxels.lowerBound) / reduction
    let last = (inside.upperBound - 1 - voxels.lowerBound) / reduction
    let start = firstPixel(showing: first)
    return start..<max(start, firstPixel(showing: last + 1))
  }

  /// The first pixel that shows this group or a later one.
  private func firstPixel(showing group: Int) -> Int {
    if isEven { return min(group, pixels) }
    var (low, high) = (0, pixels)
    while low < high {
      let middle = (low + high) / 2
      if self.group(of: middle) < group { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
