internal import BrickCore

/// Fuses the parts of one block, with scratch that its parts share.
struct Fuser: ~Copyable {
  private let volume: StitchedVolume
  private var scratch = VoxelBlock()

  init(_ volume: StitchedVolume) { self.volume = volume }

  /// Fuses the whole block, which is zero, from the tiles `hits` (in blending order), some planes at a time.
  ///
  /// All parts of a few planes come before the next planes: the pages of compressed tiles that they share are then
  /// decoded once, and scratch stays in the second-level cache.
  mutating func fuse(_ hits: [Int], into block: inout VoxelBlock) throws {
    for slab in block.box.cut(into: volume.slab(of: block.box.size)) {
      try fuse(slab, hits.filter { volume.tiles[$0].box.intersects(slab) }, into: &block)
    }
  }

  /// Fuses `box`, which the tiles `hits` (in blending order) touch, into `block`, which is zero there.
  ///
  /// The box is halved at a face of a tile that covers only part of it, until all that are left
  /// cover all of it.
  private mutating func fuse(_ box: Box3, _ hits: [Int], into block: inout VoxelBlock) throws {
    guard !box.isEmpty, !hits.isEmpty else { return }
    for hit in hits {
      let tile = volume.tiles[hit].box
      guard let (low, high) = box.split(byFacesOf: tile) else { continue }
      for part in [low, high] {
        let touching = hits.filter { volume.tiles[$0].box.intersects(part) }
        try fuse(part, touching, into: &block)
      }
      return
    }
    try fuseCovered(box, hits, into: &block)
  }

  /// Fuses a box that every one of `hits` covers.
  private mutating func fuseCovered(_ box: Box3, _ hits: [Int], into block: inout VoxelBlock) throws
  {
    let fusion = hits.count == 1 ? .overwrite : volume.fusion
    switch fusion {
    case .overwrite:
      // What lies below an opaque first tile is zero, so the first one may simply be copied.
      for (n, hit) in hits.enumerated() {
        try borrow(hit, box) { view, offset in
          if n == 0 {
            block.copy(from: view, offset: offset)
          } else {
            block.overlayNonZero(view, offset: offset)
          }
        }
      }
    case .maximum, .minimum:
      for (n, hit) in hits.enumerated() {
        try borrow(hit, box) { view, offset in
          if n == 0 {
            block.copy(from: view, offset: offset)
          } else if fusion == .maximum {
            block.formMaximum(view, offset: offset)
          } else {
            block.formMinimum(view, offset: offset)
          }
        }
      }
    case .average, .linear:
      switch volume.type {
      case .uint8: try sum(UInt8.self, box, hits, into: &block)
      case .uint16: try sum(UInt16.self, box, hits, into: &block)
      case .uint32: try sum(UInt32.self, box, hits, into: &block)
      case .uint64: try sum(UInt64.self, box, hits, into: &block)
      case .int8: try sum(Int8.self, box, hits, into: &block)
      case .int16: try sum(Int16.self, box, hits, into: &block)
      case .int32: try sum(Int32.self, box, hits, into: &block)
      case .int64: try sum(Int64.self, box, hits, into: &block)
      case .float32: try sum(Float.self, box, hits, into: &block)
      case .float64: try sum(Double.self, box, hits, into: &block)
      }
    }
  }

  /// Lends a tile's voxels under `box`, with what to add to their coordinates to get the block's.
  private mutating func borrow(
    _ hit: Int, _ box: Box3, _ body: (borrowing VoxelView, Index3) throws -> Void
  ) throws {
    let tile = volume.tiles[hit]
    let inTile = box.translated(by: .zero - tile.box.origin)
    try tile.volume.withVoxels(of: inTile, scratch: &scratch) { view in
      try body(view, tile.box.origin)
    }
  }

  private mutating func sum<V: FusionVoxel>(
    _ type: V.Type, _ box: Box3, _ hits: [Int], into block: inout VoxelBlock
  ) throws {
    switch (volume.fusion, hits.count) {
    case (.linear, 2): try blendTwo(type, box, hits[0], hits[1], into: &block)
    case (_, 2): try averageTwo(type, box, hits[0], hits[1], into: &block)
    case (let fusion, _):
      for part in box.cut(into: volume.slab(of: box.size, voxels: StitchedVolume.sumVoxels)) {
        if case .linear = fusion {
          try blend(type, part, hits, into: &block)
        } else {
          try average(type, part, hits, into: &block)
        }
      }
    }
  }

  /// Lends the voxels of two tiles in `box` at once; rows are then fused without sums in memory.
  private mutating func borrow(
    _ first: Int, _ second: Int, _ box: Box3,
    _ body: (borrowing VoxelView, borrowing VoxelView) throws -> Void
  ) throws {
    let (a, b) = (volume.tiles[first], volume.tiles[second])
    var other = VoxelBlock()
    try a.volume.withVoxels(
      of: box.translated(by: .zero - a.box.origin), scratch: &scratch
    ) { near in
      try b.volume.withVoxels(
        of: box.translated(by: .zero - b.box.origin), scratch: &other
      ) { far in
        try body(near.translated(by: a.box.origin), far.translated(by: b.box.origin))
      }
    }
  }

  private mutating func averageTwo<V: FusionVoxel>(
    _ type: V.Type, _ box: Box3, _ first: Int, _ second: Int, into block: inout VoxelBlock
  ) throws {
    let target = block.box
    try borrow(first, second, box) { a, b in
      var voxels = block.mutableVoxels(as: V.self)
      forEachRow(box) { z, y, _ in
        averageRow(
          a.row(z: z, y: y, as: V.self), b.row(z: z, y: y, as: V.self), into: &voxels,
          at: target.place(z: z, y: y, x: box.origin.x))
      }
    }
  }

  private mutating func blendTwo<V: FusionVoxel>(
    _ type: V.Type, _ box: Box3, _ first: Int, _ second: Int, into block: inout VoxelBlock
  ) throws {
    let target = block.box
    let tiles = (volume.tiles[first], volume.tiles[second])
    let along = (
      tiles.0.weightsAlongX(box, as: V.Weighted.self),
      tiles.1.weightsAlongX(box, as: V.Weighted.self)
    )
    try borrow(first, second, box) { a, b in
      var voxels = block.mutableVoxels(as: V.self)
      forEachRow(box) { z, y, _ in
        let share = (V.Weighted(tiles.0.weight(z: z, y: y)), V.Weighted(tiles.1.weight(z: z, y: y)))
        blendRow(
          (a.row(z: z, y: y, as: V.self), along.0.span, share.0),
          (b.row(z: z, y: y, as: V.self), along.1.span, share.1),
          into: &voxels, at: target.place(z: z, y: y, x: box.origin.x))
      }
    }
  }

  private mutating func average<V: FusionVoxel>(
    _ type: V.Type, _ box: Box3, _ hits: [Int], into block: inout VoxelBlock
  ) throws {
    var totals = [V.Total](repeating: 0, count: box.count)
    for hit in hits {
      try borrow(hit, box) { view, offset in
        var sums = totals.mutableSpan
        forEachRow(box) { z, y, start in
          let row = view.row(z: z - offset.z, y: y - offset.y, as: V.self)
          addRow(row, to: &sums, at: start)
        }
      }
    }
    let target = block.box
    let count = hits.count
    var voxels = block.mutableVoxels(as: V.self)
    forEachRow(box) { z, y, start in
      let into = target.place(z: z, y: y, x: box.origin.x)
      meanRow(
        totals.span.extracting(start..<start + box.size.x), of: count, into: &voxels, at: into)
    }
  }

  private mutating func blend<V: FusionVoxel>(
    _ type: V.Type, _ box: Box3, _ hits: [Int], into block: inout VoxelBlock
  ) throws {
    var totals = [V.Weighted](repeating: 0, count: box.count)
    var weights = [V.Weighted](repeating: 0, count: box.count)
    for hit in hits {
      let tile = volume.tiles[hit]
      let along = tile.weightsAlongX(box, as: V.Weighted.self)
      try borrow(hit, box) { view, offset in
        var sums = totals.mutableSpan
        var shares = weights.mutableSpan
        forEachRow(box) { z, y, start in
          let row = view.row(z: z - offset.z, y: y - offset.y, as: V.self)
          let share = V.Weighted(tile.weight(z: z, y: y))
          addWeightedRow(row, along.span, share, to: &sums, &shares, at: start)
        }
      }
    }
    let target = block.box
    var voxels = block.mutableVoxels(as: V.self)
    forEachRow(box) { z, y, start in
      let into = target.place(z: z, y: y, x: box.origin.x)
      divideRow(totals.span, weights.span, at: start, count: box.size.x, into: &voxels, at: into)
    }
  }
}

extension Box3 {
  /// Parts of at most `size`, which is whole along x.
  func cut(into size: Index3) -> [Box3] {
    stride(from: origin.z, to: end.z, by: size.z).flatMap { z in
      stride(from: origin.y, to: end.y, by: size.y).map { y in
        Box3(
          from: Index3(z: z, y: y, x: origin.x),
          to: Index3(z: Swift.min(z + size.z, end.z), y: Swift.min(y + size.y, end.y), x: end.x))
      }
    }
  }

  /// The two parts of this box at a face of `other` that runs through it; nil if none does.
  func split(byFacesOf other: Box3) -> (Box3, Box3)? {
    for axis in 0..<3 {
      for face in [other.origin[axis], other.end[axis]]
      where face > origin[axis] && face < end[axis] {
        var middle = end
        middle[axis] = face
        var start = origin
        start[axis] = face
        return (Box3(from: origin, to: middle), Box3(from: start, to: end))
      }
    }
    return nil
  }

  /// The place of a voxel among this box's voxels, x fastest.
  func place(z: Int, y: Int, x: Int) -> Int {
    ((z - origin.z) * size.y + (y - origin.y)) * size.x + (x - origin.x)
  }
}

/// Calls `body` with the z and y of each row of a box and the place of the row among the box's voxels.
@inline(__always)
private func forEachRow(_ box: Box3, _ body: (Int, Int, Int) throws -> Void) rethrows {
  var start = 0
  for z in box.origin.z..<box.end.z {
    for y in box.origin.y..<box.end.y {
      try body(z, y, start)
      start += box.size.x
    }
  }
}

// Each loop is a function of its own with its bounds tied first, so that it becomes vector instructions.

private func addRow<V: FusionVoxel>(
  _ row: Span<V>, to sums: inout MutableSpan<V.Total>, at start: Int
) {
  let count = row.count
  var sums = sums._mutatingExtracting(start..<start + count)
  for x in 0..<count { sums[x] += row[x].total }
}

private func addWeightedRow<V: FusionVoxel>(
  _ row: Span<V>, _ along: Span<V.Weighted>, _ share: V.Weighted,
  to sums: inout MutableSpan<V.Weighted>, _ shares: inout MutableSpan<V.Weighted>, at start: Int
) {
  let count = row.count
  var sums = sums._mutatingExtracting(start..<start + count)
  var shares = shares._mutatingExtracting(start..<start + count)
  let along = along.extracting(0..<count)
  for x in 0..<count {
    let weight = share * along[x]
    sums[x] += weight * row[x].weighted
    shares[x] += weight
  }
}

private func meanRow<V: FusionVoxel>(
  _ totals: Span<V.Total>, of tiles: Int, into voxels: inout MutableSpan<V>, at place: Int
) {
  let count = totals.count
  var voxels = voxels._mutatingExtracting(place..<place + count)
  // One loop for each number of tiles that a corner of a grid has: dividing by a constant is fast.
  switch tiles {
  case 3: for x in 0..<count { voxels[x] = V.mean(totals[x], count: 3) }
  case 4: for x in 0..<count { voxels[x] = V.mean(totals[x], count: 4) }
  default: for x in 0..<count { voxels[x] = V.mean(totals[x], count: tiles) }
  }
}

private func averageRow<V: FusionVoxel>(
  _ a: Span<V>, _ b: Span<V>, into voxels: inout MutableSpan<V>, at place: Int
) {
  let count = a.count
  precondition(b.count == count)
  var voxels = voxels._mutatingExtracting(place..<place + count)
  for x in 0..<count { voxels[x] = V.mean(a[x], b[x]) }
}

/// The weighted mean of two rows, rounded as sums over any number of tiles are.
private func blendRow<V: FusionVoxel>(
  _ a: (row: Span<V>, along: Span<V.Weighted>, share: V.Weighted),
  _ b: (row: Span<V>, along: Span<V.Weighted>, share: V.Weighted),
  into voxels: inout MutableSpan<V>, at place: Int
) {
  let count = a.row.count
  precondition(b.row.count == count && a.along.count == count && b.along.count == count)
  var voxels = voxels._mutatingExtracting(place..<place + count)
  for x in 0..<count {
    let (near, far) = (a.share * a.along[x], b.share * b.along[x])
    // Sums begin with 0, which matters to the sign of a zero.
    let sum = 0 + near * a.row[x].weighted + far * b.row[x].weighted
    voxels[x] = V.nearest(sum / (near + far))
  }
}

private func divideRow<V: FusionVoxel>(
  _ totals: Span<V.Weighted>, _ weights: Span<V.Weighted>, at start: Int, count: Int,
  into voxels: inout MutableSpan<V>, at place: Int
) {
  let totals = totals.extracting(start..<start + count)
  let weights = weights.extracting(start..<start + count)
  var voxels = voxels._mutatingExtracting(place..<place + count)
  for x in 0..<count { voxels[x] = V.nearest(totals[x] / weights[x]) }
}
