public import BrickCore
public import BrickStitch

/// What is worth knowing about where tiles lie: overlaps, gaps, tiles on top of one another or on their own.
///
/// Made in time that grows with n log n for n tiles, also where thousands of them lie in one place.
public struct LayoutReport: Sendable, Hashable {
  /// Two tiles by their places in the set.
  public struct Pair: Sendable, Hashable {
    /// The place of the first.
    public var first: Int
    /// The place of the second.
    public var second: Int

    /// Two tiles.
    public init(first: Int, second: Int) {
      self.first = first
      self.second = second
    }
  }

  /// Two tiles that should be neighbours along an axis and leave voxels free between them.
  public struct Gap: Sendable, Hashable {
    /// The tile with the smaller coordinate.
    public var first: Int
    /// The tile with the larger one.
    public var second: Int
    /// 0 is z, 1 is y, 2 is x.
    public var axis: Int
    /// Voxels between them along the axis.
    public var voxels: Int

    /// A gap between two tiles.
    public init(first: Int, second: Int, axis: Int, voxels: Int) {
      self.first = first
      self.second = second
      self.axis = axis
      self.voxels = voxels
    }
  }

  /// Pairs of tiles that share a voxel; where tiles are crowded, as many as were counted.
  public let overlappingPairs: Int
  /// Whether so many tiles lie in one place that pairs weren't counted to the end, and gaps not looked for.
  public let isCrowded: Bool
  /// The median overlap of neighbours along z, y and x in voxels; nil where no two tiles are neighbours along it.
  public let medianOverlap: [Int?]
  /// The same as a fraction of the smaller tile's extent.
  public let medianOverlapFraction: [Double?]
  /// Neighbours that don't touch.
  public let gaps: [Gap]
  /// Tiles less than a voxel apart, each paired with the first in its place; or the same image of one file twice.
  public let duplicates: [Pair]
  /// Tiles that touch no other, if there are several.
  public let isolated: [Int]
  /// The number of layers along z: groups of tiles that begin within half a tile's depth of the next.
  public let layers: Int

  /// A tile's other tiles that are looked at: more are a crowd.
  private static let mostNeighbours = 96

  /// Examines tiles at `offsets` in voxels, x, y, z, which became `placement`.
  ///
  /// - Parameter identities: what tells one tile from another, such as path and image; tiles with the same one are
  ///   duplicates. May be empty.
  /// - Precondition: there is one offset per box, and one identity or none.
  public init(offsets: [Point3], placement: TilePlacement, identities: [String] = []) {
    let boxes = placement.boxes
    precondition(offsets.count == boxes.count, "Each tile has one offset")
    precondition(
      identities.isEmpty || identities.count == boxes.count, "Each tile has one identity")
    let survey = Survey(boxes, most: Self.mostNeighbours)
    overlappingPairs = survey.pairs
    isCrowded = survey.isCrowded
    medianOverlap = survey.overlaps.map { Self.median($0)?.voxels }
    medianOverlapFraction = survey.overlaps.map { Self.median($0)?.fraction }
    isolated = boxes.count > 1 ? survey.isolated : []
    gaps = survey.gaps
    duplicates = Self.duplicates(offsets, identities)
    layers = Self.layers(boxes)
  }

  private static func median(_ overlaps: [Survey.Overlap]) -> Survey.Overlap? {
    overlaps.isEmpty ? nil : overlaps.sorted { $0.voxels < $1.voxels }[overlaps.count / 2]
  }

  /// Each later tile with the first one that lies in its place or has its identity.
  private static func duplicates(_ offsets: [Point3], _ identities: [String]) -> [Pair] {
    var pairs: [Pair] = []
    // Tiles of one cell of one voxel are less than a voxel apart, so that a cell needs but its first.
    var cells: [Index3: Int] = [:]
    var known: [String: Int] = [:]
    for (place, offset) in offsets.enumerated() {
      let cell = Index3(z: cell(offset.z), y: cell(offset.y), x: cell(offset.x))
      var first = identities.isEmpty ? nil : known[identities[place]]
      if first == nil {
        for step in steps {
          guard let other = cells[cell + step] else { continue }
          let shift = offsets[other] - offset
          if max(abs(shift.x), abs(shift.y), abs(shift.z)) < 1 {
            first = min(first ?? other, other)
          }
        }
      }
      if let first { pairs.append(Pair(first: first, second: place)) }
      if cells[cell] == nil { cells[cell] = place }
      if !identities.isEmpty, known[identities[place]] == nil { known[identities[place]] = place }
    }
    return pairs
  }

  private static let steps: [Index3] = (-1...1).flatMap { z in
    (-1...1).flatMap { y in (-1...1).map { Index3(z: z, y: y, x: $0) } }
  }

  private static func cell(_ coordinate: Double) -> Int {
    Int(max(-0x1p50, min(0x1p50, coordinate.rounded(.down))))
  }

  private static func layers(_ boxes: [Box3]) -> Int {
    let starts = boxes.map(\.origin.z).sorted()
    let depths = boxes.map(\.size.z).sorted()
    guard let first = starts.first else { return 0 }
    let half = max(1, depths[depths.count / 2] / 2)
    // A layer may be tilted: what counts is the step to the next tile.
    return zip([first] + starts, starts).count { $1 - $0 >= half } + 1
  }
}
