internal import BrickCore

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// How often the pieces of compressed sources will be decoded, worked out from what volumes say of a few boxes.
struct DecodingForecast: Sendable, Hashable {
  /// Bytes of decoded pieces that the blocks of a group's slab share.
  let slabBytes: Int
  /// How many blocks of the slab want a piece, on average.
  let visits: Double
  /// How many groups of items want a piece, on average: each has to decode it anew.
  let spread: Double

  /// The most groups along an axis that are looked at.
  private static let sampledGroups = 8

  init(_ runner: PassRunner, neighbours: Int) {
    self.init(
      of: runner.sources[0], slab: runner.middleSlab(neighbours), block: runner.pass.block)
  }

  /// - Parameters:
  ///   - slab: blocks that are computed one after the other.
  ///   - turn: bytes of the pieces they go through before they come to the same ones again; nil means all of the slab's.
  init(of source: any Volume, slab: Box3, block: Index3, turn: Int? = nil) {
    slabBytes = turn ?? source.decodedBytes(reading: slab)
    guard slabBytes > 0 else {
      visits = 1
      spread = 1
      return
    }
    visits = Self.overlap(of: source, in: slab, parts: block)
    var sample = slab
    let size = source.size
    for axis in 1...2 {
      let groups = min(Self.sampledGroups, max(1, size[axis] / max(1, slab.size[axis])))
      let length = min(size[axis], groups * slab.size[axis])
      sample.origin[axis] = max(0, min(slab.origin[axis], size[axis] - length))
      sample.size[axis] = length
    }
    spread = Self.overlap(of: source, in: sample, parts: slab.size)
  }

  /// What is decoded for all parts of a box, one after the other, over what is decoded for the box at once.
  static func overlap(of source: any Volume, in box: Box3, parts: Index3) -> Double {
    let whole = source.decodedBytes(reading: box)
    guard whole > 0, !box.isEmpty else { return 1 }
    let grid = BrickGrid(size: box.size, brick: parts.minimum(box.size))
    var sum = 0
    for number in 0..<grid.count {
      let part = grid.box(at: grid.index(at: number)).translated(by: box.origin)
      sum += source.decodedBytes(reading: part)
    }
    return max(1, Double(sum) / Double(whole))
  }

  /// How often a piece is decoded on average with so much room for decoded ones.
  func decodings(room: Int) -> Double {
    spread * (1 + (visits - 1) * (1 - hits(room: room)))
  }

  /// The share of pieces that are still there when they are wanted again.
  ///
  /// Blocks go through the same pieces in turns. Where those don't fit, one is dropped at random for each that is
  /// decoded, so a piece is there after a turn with the probability e^(−m·D/R), where m is the share that was
  /// decoded in that turn.
  private func hits(room: Int) -> Double {
    guard room < slabBytes else { return 1 }
    guard room > 0 else { return 0 }
    let ratio = Double(slabBytes) / Double(room)
    var hits = 0.0
    for _ in 0..<200 { hits = exp(-(1 - hits) * ratio) }
    return min(1, hits)
  }

  /// A budget, beyond one with which pieces are decoded again and again, with which they aren't; nil if there is none.
  ///
  /// - Parameter attempt: how often a piece is decoded with a budget, and the bytes that decoded ones lack there.
  static func advisedMemory(
    beyond budget: MemoryBudget,
    _ attempt: (MemoryBudget) throws -> (decodings: Double, missing: Int)
  ) throws -> Int? {
    var bytes = budget.byteCount
    var missing = max(1 << 20, try attempt(budget).missing)
    // More memory lets blocks share more: a few rounds settle it.
    for _ in 0..<24 {
      let (sum, overflow) = bytes.addingReportingOverflow(missing)
      guard !overflow else { return nil }
      bytes = sum
      let next = try attempt(MemoryBudget(byteCount: bytes))
      if next.decodings <= StoreJob.acceptedDecodings { return bytes }
      missing = max(missing, next.missing)
    }
    return nil
  }
}
