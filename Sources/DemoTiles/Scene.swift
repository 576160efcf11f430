internal import BrickCore

/// A piece of made-up tissue: neurons with branching processes, the nuclei of other cells, synapses.
///
/// Everything is a list of ellipsoids with a soft rim, in voxels of the whole scene; a tile draws those
/// that reach into it.
struct Scene {
  /// An ellipsoid: bright in the middle, nothing at its rim.
  struct Blob {
    var center: Vector
    var radius: Vector
    var brightness: Float
    /// Whether it is a nucleus: a flat top with clumps of chromatin instead of a smooth bump.
    var isNucleus: Bool
  }

  let blobs: [Blob]

  init(width: Int, height: Int, depth: Int, seed: UInt64) {
    var builder = Builder(
      size: Vector(x: Float(width), y: Float(height), z: Float(depth)),
      random: Randomness(seed: seed))
    builder.addNuclei(count: width * height / 900)
    builder.addNeurons(count: width * height / 17_000)
    builder.addFibres(count: width * height / 4200)
    builder.addSynapses(count: width * height / 60)
    blobs = builder.blobs
  }
}

private struct Builder {
  let size: Vector
  var random: Randomness
  var blobs: [Scene.Blob] = []

  /// A point anywhere across the scene, and in that middle part of its depth.
  mutating func place(inMiddle share: Float = 1) -> Vector {
    let margin = size.z * (1 - share) / 2
    return Vector(
      x: random.uniform(0...size.x), y: random.uniform(0...size.y),
      z: random.uniform(margin...size.z - margin))
  }

  /// Nuclei that keep their distance, as packed cells do.
  mutating func addNuclei(count: Int) {
    var centers: [Vector] = []
    for _ in 0..<count * 8 where centers.count < count {
      let center = place()
      let isFree = centers.allSatisfy { other in
        let gap = center - other
        return Vector(x: gap.x, y: gap.y, z: gap.z * 1.9).length > 33
      }
      guard isFree else { continue }
      centers.append(center)
      let radius = random.uniform(11...18)
      blobs.append(
        Scene.Blob(
          center: center,
          radius: Vector(
            x: radius * random.uniform(0.85...1.2), y: radius * random.uniform(0.85...1.2),
            z: radius * 0.55),
          brightness: random.uniform(180...420), isNucleus: true))
    }
  }

  /// Cell bodies with three to six processes that taper and branch.
  mutating func addNeurons(count: Int) {
    for _ in 0..<count {
      let center = place(inMiddle: 0.5)
      let radius = random.uniform(10...15)
      let brightness = random.uniform(1900...3600)
      blobs.append(
        Scene.Blob(
          center: center, radius: Vector(x: radius * 1.25, y: radius * 1.1, z: radius * 0.7),
          brightness: brightness, isNucleus: false))
      for _ in 0..<random.whole(3...6) {
        let direction = random.direction(flatness: 0.05)
        grow(
          from: center + direction * (radius * 0.6), towards: direction,
          radius: random.uniform(3.2...5), steps: random.whole(140...330),
          brightness: brightness * 0.8, branches: 2)
      }
    }
  }

  /// Thin fibres that pass through.
  mutating func addFibres(count: Int) {
    for _ in 0..<count {
      grow(
        from: place(), towards: random.direction(flatness: 0.03), radius: random.uniform(1.5...2.1),
        steps: random.whole(250...800), brightness: random.uniform(350...1000), branches: 0)
    }
  }

  mutating func addSynapses(count: Int) {
    for _ in 0..<count {
      let radius = random.uniform(1.4...2.6)
      blobs.append(
        Scene.Blob(
          center: place(), radius: Vector(x: radius, y: radius, z: radius * 0.9),
          brightness: random.uniform(250...1300), isNucleus: false))
    }
  }

  /// Strings beads one voxel apart along a path that wanders.
  private mutating func grow(
    from start: Vector, towards direction: Vector, radius: Float, steps: Int, brightness: Float,
    branches: Int
  ) {
    var position = start
    var heading = direction
    for step in 0..<steps {
      let taper = 1 - 0.72 * Float(step) / Float(steps)
      let thickness = max(1.4, radius * taper)
      blobs.append(
        Scene.Blob(
          center: position,
          radius: Vector(x: thickness, y: thickness, z: max(2.4, thickness * 0.9)),
          brightness: brightness * (0.55 + 0.45 * taper), isNucleus: false))
      if branches > 0 && step > 20 && random.whole(0...110) == 0 {
        let turn = random.direction(flatness: 0.04)
        grow(
          from: position, towards: (heading + turn * 0.9).normalized, radius: thickness * 0.75,
          steps: (steps - step) * 3 / 4, brightness: brightness * 0.9, branches: branches - 1)
      }
      let wander = Vector(
        x: random.normal() * 0.09, y: random.normal() * 0.09, z: random.normal() * 0.005)
      heading =
        Vector(
          x: heading.x + wander.x, y: heading.y + wander.y, z: heading.z * 0.97 + wander.z
        ).normalized
      position = position + heading
    }
  }
}
