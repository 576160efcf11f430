public import BrickCore

/// A part of a volume as the user says it: a half-open range along each axis, open ends meaning the volume's.
public struct Region: Sendable, Hashable {
  /// Voxels from `lower` to before `upper`; nil means the first, or past the last.
  public struct Span: Sendable, Hashable {
    /// The first voxel; nil means the first there is.
    public var lower: Int?
    /// One past the last voxel; nil means past the last there is.
    public var upper: Int?

    /// A range between two ends, each of which may be open.
    public init(lower: Int? = nil, upper: Int? = nil) {
      self.lower = lower
      self.upper = upper
    }
  }

  /// Along x.
  public var x: Span
  /// Along y.
  public var y: Span
  /// Along z.
  public var z: Span

  /// A region of three ranges; those left out take all there is.
  public init(x: Span = Span(), y: Span = Span(), z: Span = Span()) {
    self.x = x
    self.y = y
    self.z = z
  }

  /// The box in a volume of `size` voxels.
  ///
  /// - Throws: `BrickworkError` with code `.badRequest`, with both numbers, if a range is empty or
  ///   leaves the volume at either end.
  public func box(in size: Index3) throws -> Box3 {
    func range(_ span: Span, _ count: Int, _ axis: String) throws -> Range<Int> {
      let (lower, upper) = (span.lower ?? 0, span.upper ?? count)
      guard lower >= 0, upper <= count, lower < upper else {
        throw BrickworkError(
          .badRequest,
          reason: "the region \(lower):\(upper) along \(axis) does not lie within the volume, "
            + "which has the voxels 0:\(count)",
          remedy: "Correct --roi, which is x,y,z in voxels of the stitched volume")
      }
      return lower..<upper
    }
    let (x, y, z) = (
      try range(x, size.x, "x"), try range(y, size.y, "y"), try range(z, size.z, "z")
    )
    return Box3(
      from: Index3(z: z.lowerBound, y: y.lowerBound, x: x.lowerBound),
      to: Index3(z: z.upperBound, y: y.upperBound, x: x.upperBound))
  }
}

extension Notation {
  /// Three ranges in the order x,y,z: `0:100,:,5:` is x from 0 to 99, all of y, z from 5 on.
  public static func region(_ text: String) throws -> Region {
    let example = "0:100,:,5: (x,y,z)"
    let spans = try triple(text, example: example).map { part in
      let ends = part.split(separator: ":", omittingEmptySubsequences: false).map(\.trimmed)
      guard ends.count == 2 else { throw wrong("'\(part)' is no range from:to", example) }
      let numbers = try ends.map { end -> Int? in
        if end.isEmpty { return nil }
        guard let number = Int(end), number >= 0 else {
          throw wrong("'\(end)' is no place of a voxel, counted from 0", example)
        }
        return number
      }
      if let lower = numbers[0], let upper = numbers[1], lower >= upper {
        throw wrong("the range '\(part)' is empty", example)
      }
      return Region.Span(lower: numbers[0], upper: numbers[1])
    }
    return Region(x: spans[0], y: spans[1], z: spans[2])
  }
}
