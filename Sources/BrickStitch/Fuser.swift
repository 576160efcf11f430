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
    let box = block.box
    let planes = max(1, StitchedVolume.slabVoxels / max(1, box.size.y * box.size.x))
    for z in stride(from: box.origin.z, to: box.end.z, by: planes) {
      var slab = box
      slab.origin.z = z
      slab.size.z = min(planes, box.end.z - z)
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
    if case .linear = volume.fusion {
      try blend(type, box, hits, into: &block)
    } else {
      try average(type, box, hits, into: &block)
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
      for x in 0..<box.size.x { voxels[into + x] = V.mean(totals[start + x], count: count) }
    }
  }

  private mutating func blend<V: FusionVoxel>(
    _ type: V.Type, _ box: Box3, _ hits: [Int], into block: inout VoxelBlock
  ) throws {
    var totals = [V.Weighted](repeating: 0, count: box.count)
    var weights = [V.Weighted](repeating: 0, count: box.count)
    for hit in hits {
      let ramps = volume.tiles[hit].weights
      let first = box.origin.x - volume.tiles[hit].box.origin.x
      let along = ramps[2][first..<first + box.size.x].map { V.Weighted($0) }
      try borrow(hit, box) { view, offset in
        var sums = totals.mutableSpan
        var shares = weights.mutableSpan
        forEachRow(box) { z, y, start in
          let row = view.row(z: z - offset.z, y: y - offset.y, as: V.self)
          let share = V.Weighted(ramps[0][z - offset.z] * ramps[1][y - offset.y])
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

private func divideRow<V: FusionVoxel>(
  _ totals: Span<V.Weighted>, _ weights: Span<V.Weighted>, at start: Int, count: Int,
  into voxels: inout MutableSpan<V>, at place: Int
) {
  let totals = totals.extracting(start..<start + count)
  let weights = weights.extracting(start..<start + count)
  var voxels = voxels._mutatingExtracting(place..<place + count)
  for x in 0..<count { voxels[x] = V.nearest(totals[x] / weights[x]) }
}
