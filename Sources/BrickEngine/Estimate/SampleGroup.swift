internal import BrickCore

/// Volumes of one shape whose blocks are all alike, so that some stand for the others.
struct SampleGroup {
  /// One volume for each part: channels, time points, tiles.
  let sources: [any Volume]
  /// Voxels that are computed at once.
  let block: Index3
  /// Whether the job need not do a block.
  var isDone: (_ part: Int, _ box: Box3) -> Bool = { _, _ in false }
  /// Voxels of a box, summed over all parts, that the job has to do.
  var left: (_ box: Box3) -> Int

  init(_ sources: [any Volume], block: Index3) {
    self.sources = sources
    self.block = block.minimum(sources[0].size)
    let parts = sources.count
    left = { parts * $0.count }
  }

  var size: Index3 { sources[0].size }
  var type: VoxelType { sources[0].type }
  /// Whether pieces are decoded that blocks share.
  var decodes: Bool { sources[0].decodedBytes(reading: Box3(size: block)) > 0 }

  /// Blocks of one shape: those inside, or those that the volume's end cuts along some of the axes.
  struct Stratum: Hashable {
    let group: Int
    /// The first block's indices, and how many there are along each axis.
    let indices: Box3
    /// The voxels of all of them in one part.
    let box: Box3
    /// Voxels, of all parts, that are left to do.
    let left: Int
    /// Blocks of all parts.
    let blocks: Int
  }

  /// The strata that have anything left to do.
  func strata(group: Int) -> [Stratum] {
    let whole = size.dividedRoundingDown(by: block)
    let counts = size.dividedRoundingUp(by: block)
    var strata: [Stratum] = []
    for kind in 0..<8 {
      var (first, end) = (Index3.zero, whole)
      for axis in 0..<3 where kind & (1 << axis) != 0 {
        (first[axis], end[axis]) = (whole[axis], counts[axis])
      }
      let indices = Box3(from: first, to: end)
      guard !indices.isEmpty else { continue }
      let box = Box3(from: first * block, to: (end * block).minimum(size))
      let left = left(box)
      guard left > 0 else { continue }
      strata.append(
        Stratum(
          group: group, indices: indices, box: box, left: left,
          blocks: sources.count * indices.count))
    }
    return strata
  }
}

/// A block that is sampled.
struct SampledBlock: Hashable {
  let stratum: Int
  let part: Int
  let box: Box3
}

/// Chooses blocks that stand for all: spread over the volume as evenly as so few can be, and the same ones every time.
///
/// Places follow the additive recurrence of the generalised golden ratio in four dimensions (part, z, y, x), whose
/// first points are spread evenly however many are taken (M. Roberts, "The unreasonable effectiveness of
/// quasirandom sequences", 2018). Blocks that the volume's end cuts are strata of their own.
struct SampleChoice {
  let strata: [SampleGroup.Stratum]
  /// In the order in which they are computed: whoever stops early has a sample that is spread as evenly, only smaller.
  let blocks: [SampledBlock]

  /// Bytes of decoded pieces that are worth it.
  static let decodedBytes = 128 << 20
  static let mostBlocks = 512

  /// x⁵ = x + 1.
  private static let ratio = 1.167303978261418684

  /// - Parameter voxelBytes: bytes of voxels that are sampled at most, about.
  init(_ groups: [SampleGroup], voxelBytes: Int) {
    let strata = groups.enumerated().flatMap { $1.strata(group: $0) }.sorted { $0.left > $1.left }
    self.strata = strata
    let all = strata.reduce(0.0) { $0 + Double($1.left * groups[$1.group].type.byteCount) }
    let wanted = strata.map { stratum -> Int in
      let group = groups[stratum.group]
      let share = Double(stratum.left * group.type.byteCount) / max(1, all)
      let each = group.block.minimum(stratum.box.size).volume * group.type.byteCount
      let blocks = Double(voxelBytes) * share / Double(max(1, each))
      return min(stratum.blocks, max(2, Int(min(blocks, 1e6).rounded(.up))))
    }
    let scale = min(1, Double(Self.mostBlocks) / Double(max(1, wanted.reduce(0, +))))
    var chosen: [(order: Double, block: SampledBlock)] = []
    for (number, stratum) in strata.enumerated() where chosen.count < Self.mostBlocks {
      let group = groups[stratum.group]
      let count = min(stratum.blocks, max(2, Int(Double(wanted[number]) * scale)))
      let slabs = Self.slabs(group, most: count)
      let places = Self.places(stratum, group, count: count, slabs: slabs)
      for (n, place) in places.enumerated() {
        let block = SampledBlock(
          stratum: number, part: place.part, box: Self.thinned(place.box, group, place.part))
        let within = (Double(n) + 0.5) / Double(places.count)
        // Pieces that blocks share are decoded once: slab by slab then.
        let order = slabs < count ? (Double(n % slabs) + within) / Double(slabs) : within
        chosen.append((order, block))
      }
    }
    blocks = chosen.enumerated().sorted { ($0.1.order, $0.0) < ($1.1.order, $1.0) }.map {
      $0.1.block
    }
  }

  /// How many different slabs along z (and parts) the sample is taken from: few where each decodes much that its blocks
  /// share.
  private static func slabs(_ group: SampleGroup, most: Int) -> Int {
    let block = group.block.volume * group.type.byteCount
    guard group.sources[0].decodedBytes(reading: Box3(size: group.block)) > 2 * block else {
      return max(1, most)
    }
    var slab = group.size
    slab.z = group.block.z
    let bytes = max(1, group.sources[0].decodedBytes(reading: Box3(size: slab)))
    return max(1, min(most, max(4, decodedBytes / bytes)))
  }

  private static func places(
    _ stratum: SampleGroup.Stratum, _ group: SampleGroup, count: Int, slabs: Int
  ) -> [(part: Int, box: Box3)] {
    let grid = BrickGrid(size: group.size, brick: group.block)
    func box(_ index: Index3) -> Box3 { grid.box(at: index) }
    var found: [(part: Int, box: Box3)] = []
    if count == stratum.blocks {
      for part in group.sources.indices {
        stratum.indices.forEachPosition {
          if !group.isDone(part, box($0)) { found.append((part, box($0))) }
        }
      }
      return found
    }
    func fraction(_ n: Int, _ dimension: Int) -> Double {
      let step = (0..<dimension).reduce(1.0) { power, _ in power / ratio }
      let value = 0.5 + Double(n) * step
      return value - value.rounded(.down)
    }
    func place(_ fraction: Double, of count: Int) -> Int {
      min(count - 1, Int(fraction * Double(count)))
    }
    var seen = Set<SampledBlock>()
    // Blocks that are done are passed over; where nearly all are, a smaller sample has to do.
    for n in 0..<16 * count where found.count < count {
      let slab = n % slabs
      let part = place(fraction(slab, 4), of: group.sources.count)
      let index =
        stratum.indices.origin
        + Index3(
          z: place(fraction(slab, 1), of: stratum.indices.size.z),
          y: place(fraction(n, 2), of: stratum.indices.size.y),
          x: place(fraction(n, 3), of: stratum.indices.size.x))
      let block = box(index)
      guard seen.insert(SampledBlock(stratum: 0, part: part, box: block)).inserted,
        !group.isDone(part, block)
      else { continue }
      found.append((part, block))
    }
    return found
  }

  /// The first planes of a block of which fewer would decode too much: voxels of a few planes compress as well.
  private static func thinned(_ box: Box3, _ group: SampleGroup, _ part: Int) -> Box3 {
    let volume = group.sources[part]
    var (box, bytes) = (box, volume.decodedBytes(reading: box))
    while box.size.z > 1, bytes > decodedBytes / 2 {
      var thinner = box
      thinner.size.z = (box.size.z + 1) / 2
      let fewer = volume.decodedBytes(reading: thinner)
      // Pieces that are thicker than the box are decoded whole, however thin it is.
      guard fewer < bytes - bytes / 4 else { break }
      (box, bytes) = (thinner, fewer)
    }
    return box
  }
}
