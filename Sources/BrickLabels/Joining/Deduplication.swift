internal import BrickCore

/// Labels of all tiles made unique over the whole dataset, and how well that went.
public struct Deduplication: Sendable {
  /// The new label of each tile's labels.
  public let map: LabelMap
  /// What was joined, turned down and left over.
  public let report: DeduplicationReport

  /// Bytes of the map and the report.
  public var byteCount: Int { map.byteCount + report.byteCount }

  /// Bytes that joining takes at most, besides what it is given.
  ///
  /// - Parameters:
  ///   - labels: labels of all tiles together.
  ///   - pairs: pairs of labels in the overlap that has most of them.
  ///   - overlaps: overlaps of two tiles.
  package static func bytesJoining(labels: Int, pairs: Int, of overlaps: Int) -> Int {
    // Parents; then the numbers, the last node and the size of each group, and the map.
    labels * 4 + max(labels * 16, pairs * LabelMatching.bytesPerPair)
      + overlaps * DeduplicationReport.bytesPerPair
  }

  /// Joins labels across tiles, and numbers what results 1…N by each group's first (tile, label).
  ///
  /// Labels of each pair of tiles are matched one to one (`LabelMatching`); matches are joined transitively. The
  /// result depends on the labels and their shared voxels alone.
  ///
  /// - Parameters:
  ///   - tiles: the tiles, of which only names and boxes are used.
  ///   - labels: the labels that occur in each tile.
  ///   - overlaps: what each pair of tiles shares.
  /// - Throws: `BrickworkError` with code `.badRequest` if options are out of range or there are 2³² labels or more.
  public init(
    _ tiles: [LabelTile], labels: [LabelSet], overlaps: [TileOverlap],
    _ options: JoinOptions = JoinOptions()
  ) throws {
    precondition(tiles.count == labels.count, "Each tile has its labels")
    try options.check()
    var starts = [0]
    for set in labels { starts.append(starts[starts.count - 1] + set.count) }
    let total = starts[labels.count]
    guard total < Int(UInt32.max) else {
      throw BrickworkError(
        .badRequest, reason: "the tiles have \(total) labels, and at most 2³² − 2 can be joined",
        remedy: "Work on parts of the dataset")
    }
    var forest = LabelForest(count: total)
    var report = DeduplicationReport(tiles: tiles, labels: total, options)
    func node(_ tile: Int, _ label: UInt64) throws -> Int {
      guard let place = labels[tile].place(of: label) else {
        throw BrickworkError(
          .damagedInput, path: tiles[tile].name, place: "tile \(tile), label \(label)",
          reason: "it was found in an overlap but not in the tile",
          remedy: "Check whether the file changed while it was read, and run again")
      }
      return starts[tile] + place
    }
    for overlap in overlaps {
      let matching = LabelMatching(overlap, options)
      for pair in matching.joined {
        let isNew = forest.join(
          try node(overlap.tiles.first, pair.labels.first),
          try node(overlap.tiles.second, pair.labels.second))
        if isNew { report.unions += 1 }
      }
      report.add(matching, overlap)
    }
    map = Self.number(&forest, labels, starts, &report)
    self.report = report
  }

  /// Numbers the groups by their first label, and finds those that hold two labels of one tile.
  private static func number(
    _ forest: inout LabelForest, _ labels: [LabelSet], _ starts: [Int],
    _ report: inout DeduplicationReport
  ) -> LabelMap {
    let total = starts[labels.count]
    // By node: the new label. By new label: the last node that got it, and how many did.
    var numbers = [UInt32](repeating: 0, count: total)
    var latest: [UInt32] = [0]
    var sizes: [UInt32] = [0]
    latest.reserveCapacity(total + 1)
    sizes.reserveCapacity(total + 1)
    for tile in labels.indices {
      for node in starts[tile]..<starts[tile + 1] {
        let root = forest.root(of: node)
        if root == node {
          numbers[node] = UInt32(latest.count)
          latest.append(UInt32(node))
          sizes.append(1)
          continue
        }
        let group = numbers[root]
        numbers[node] = group
        sizes[Int(group)] += 1
        let previous = Int(latest[Int(group)])
        if previous >= starts[tile] {
          report.addSameTile(
            tile: tile, labels[tile][previous - starts[tile]], labels[tile][node - starts[tile]],
            group: UInt64(group))
        }
        latest[Int(group)] = UInt32(node)
      }
    }
    report.groups = latest.count - 1
    for size in sizes where size > 1 {
      report.groupsOfSeveral += 1
      report.largestGroup = max(report.largestGroup, Int(size))
    }
    if report.groups > 0 { report.largestGroup = max(1, report.largestGroup) }
    return LabelMap(
      labels.indices.map { tile in
        TileLabelMap(
          labels[tile], newLabels: .narrow(Array(numbers[starts[tile]..<starts[tile + 1]])))
      })
  }
}

extension JoinOptions {
  /// Throws if an option is out of its range.
  package func check() throws {
    guard minimumVoxels >= 1 else {
      throw BrickworkError(
        .badRequest, reason: "labels can't be joined by \(minimumVoxels) shared voxels",
        remedy: "Give at least 1 (--min-voxels)")
    }
    guard minimumFraction >= 0 && minimumFraction <= 1 else {
      throw BrickworkError(
        .badRequest, reason: "a shared fraction of \(minimumFraction) is not between 0 and 1",
        remedy: "Give a fraction such as 0.1 (--min-fraction)")
    }
  }
}
