// Coarser labels from finer ones: the label that most voxels of a block have.
//
// 2×2×2 and 1×2×2 have a kernel of their own (MajorityPairs.swift); other factors hold a ballot for each
// block.

extension VoxelBlock {
  /// Makes `result` the block of the label that most voxels of each block of `factor` voxels have.
  ///
  /// Only voxels that exist vote. 0 is background: it wins only with more than half of them. Otherwise the
  /// label other than 0 with the most voxels wins, and of several with equally many the smallest. So every
  /// label of the result is one of its block, a thin object is not eaten by the background around it
  /// sooner than it has to, and neither the order nor the place of voxels matters. A negative number, which
  /// is no label, counts as larger than any label. The result's box is this one's divided by `factor`,
  /// rounded up at its end.
  ///
  /// - Precondition: voxels are integers; the box's origin is a multiple of `factor`.
  public func majority(by factor: Index3, into result: inout VoxelBlock) {
    result.reshape(to: box.downsampled(by: factor), type: type)
    result.writeDownsampled(VoxelView(self), by: factor, method: .majority)
  }

  /// Writes the labels that win blocks of `factor` voxels into their place in the larger block `result`.
  ///
  /// The rules are those of `majority(by:into:)`. Other voxels of `result` stay as they are.
  /// - Precondition: as there; `result` has this block's type and a box that holds
  ///   `box.downsampled(by: factor)`.
  public func majority(by factor: Index3, writingInto result: inout VoxelBlock) {
    result.writeDownsampled(VoxelView(self), by: factor, method: .majority)
  }

  mutating func writeMajority(_ source: borrowing VoxelView, _ factor: Index3, _ target: Box3) {
    precondition(!type.isFloat, "Labels are integers: \(type) voxels have no majority")
    // Voting compares bits: labels are not negative, and half as many loops do.
    let type = type
    let unsigned = type.unsignedTwin
    let twin = VoxelView(
      source.bytes, box: source.box, type: unsigned, rowStride: source.rowStride,
      planeStride: source.planeStride)
    reinterpret(as: unsigned)
    switch type.byteCount {
    case 1: vote(twin, factor, target, UInt8.self)
    case 2: vote(twin, factor, target, UInt16.self)
    case 4: vote(twin, factor, target, UInt32.self)
    default: vote(twin, factor, target, UInt64.self)
    }
    reinterpret(as: type)
  }

  private mutating func vote<V: Voxel & FixedWidthInteger & UnsignedInteger>(
    _ source: borrowing VoxelView, _ factor: Index3, _ target: Box3, _: V.Type
  ) {
    if factor.x == 2 && factor.y <= 2 && factor.z <= 2 {
      votePairs(source, factor, target, V.self)
    } else {
      voteByBallot(source, factor, target, V.self)
    }
  }

  private mutating func votePairs<V: Voxel & FixedWidthInteger & UnsignedInteger>(
    _ source: borrowing VoxelView, _ factor: Index3, _ target: Box3, _: V.Type
  ) {
    let last = source.box.end - .one
    let columns = target.origin.x..<target.end.x
    var lanes = [V](repeating: 0, count: Lanes.count)
    for z in target.origin.z..<target.end.z {
      // A missing row or plane is stood in for by its neighbour: who wins with doubled votes wins without.
      let z0 = z * factor.z
      let z1 = min(z0 + factor.z - 1, last.z)
      for y in target.origin.y..<target.end.y {
        let y0 = y * factor.y
        let y1 = min(y0 + factor.y - 1, last.y)
        let a = source.row(z: z0, y: y0, as: V.self)
        let d = source.row(z: z1, y: y1, as: V.self)
        var result = mutableRow(z: z, y: y, x: columns, as: V.self)
        if z0 == z1 || y0 == y1 {
          voteRow(a, d, &lanes, into: &result)
        } else {
          let b = source.row(z: z0, y: y1, as: V.self)
          let c = source.row(z: z1, y: y0, as: V.self)
          voteRow(a, b, c, d, &lanes, into: &result)
        }
      }
    }
  }

  private mutating func voteByBallot<V: Voxel & FixedWidthInteger & UnsignedInteger>(
    _ source: borrowing VoxelView, _ factor: Index3, _ target: Box3, _: V.Type
  ) {
    let end = source.box.end
    let start = source.box.origin.x
    let columns = target.origin.x..<target.end.x
    var ballot = Ballot<V>()
    for z in target.origin.z..<target.end.z {
      let planes = z * factor.z..<min(end.z, (z + 1) * factor.z)
      for y in target.origin.y..<target.end.y {
        let rows = y * factor.y..<min(end.y, (y + 1) * factor.y)
        for first in stride(from: columns.lowerBound, to: columns.upperBound, by: Lanes.width) {
          let group = first..<min(first + Lanes.width, columns.upperBound)
          let all =
            group.lowerBound * factor.x - start..<min(end.x, group.upperBound * factor.x) - start
          let only = source.onlyLabel(planes: planes, rows: rows, columns: all, as: V.self)
          var result = mutableRow(z: z, y: y, x: group, as: V.self)
          if let only {
            result.update(repeating: only)
            continue
          }
          for i in 0..<group.count {
            let from = all.lowerBound + i * factor.x
            let to = min(all.upperBound, from + factor.x)
            ballot.clear()
            for z in planes {
              for y in rows {
                ballot.add(source.row(z: z, y: y, as: V.self).extracting(from..<to))
              }
            }
            result[i] = ballot.winner()
          }
        }
      }
    }
  }
}

extension VoxelView {
  /// The label that all voxels of a part have, or nil if there are several.
  ///
  /// `columns` counts from the start of the row.
  fileprivate func onlyLabel<V: Voxel & FixedWidthInteger & UnsignedInteger>(
    planes: Range<Int>, rows: Range<Int>, columns: Range<Int>, as _: V.Type
  ) -> V? {
    let label = row(z: planes.lowerBound, y: rows.lowerBound, as: V.self)[columns.lowerBound]
    for z in planes {
      for y in rows where !isUniform(row(z: z, y: y, as: V.self).extracting(columns), label) {
        return nil
      }
    }
    return label
  }
}

private func isUniform<V: FixedWidthInteger & BitwiseCopyable>(_ row: Span<V>, _ label: V) -> Bool {
  var others: V = 0
  for i in 0..<row.count { others |= row[i] ^ label }
  return others == 0
}

/// The votes of one block of voxels.
private struct Ballot<V: Voxel & FixedWidthInteger & UnsignedInteger> {
  /// So many labels are looked for one by one; further ones wait to be sorted.
  private static var few: Int { 16 }
  private var votes: [(label: V, count: Int)] = []
  private var total = 0

  mutating func clear() {
    votes.removeAll(keepingCapacity: true)
    total = 0
  }

  mutating func add(_ row: Span<V>) {
    var i = 0
    while i < row.count {
      let label = row[i]
      var end = i + 1
      while end < row.count && row[end] == label { end += 1 }
      add(label, end - i)
      i = end
    }
    total += row.count
  }

  private mutating func add(_ label: V, _ count: Int) {
    if let last = votes.last, last.label == label {
      votes[votes.count - 1].count += count
      return
    }
    for i in 0..<min(votes.count, Self.few) where votes[i].label == label {
      votes[i].count += count
      return
    }
    votes.append((label, count))
  }

  mutating func winner() -> V {
    if votes.count > Self.few { addUp() }
    var (winner, most): (V, Int) = (0, 0)
    for (label, count) in votes {
      if label == 0 {
        // 2·count would overflow for no block that fits into memory.
        if 2 * count > total { return 0 }
      } else if count > most || count == most && label < winner {
        (winner, most) = (label, count)
      }
    }
    return winner
  }

  /// Joins the votes for one label that stand apart.
  private mutating func addUp() {
    votes.sort { $0.label < $1.label }
    var kept = 0
    for i in 1..<votes.count {
      if votes[i].label == votes[kept].label {
        votes[kept].count += votes[i].count
      } else {
        kept += 1
        votes[kept] = votes[i]
      }
    }
    votes.removeLast(votes.count - kept - 1)
  }
}
