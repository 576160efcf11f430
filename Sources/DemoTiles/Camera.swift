internal import BrickCore

/// Where one tile lies in the scene, in voxels, and what makes its exposure its own.
struct TilePlace: Sendable {
  var name: String
  var x: Int
  var y: Int
  var z: Int
  var seed: UInt64
}

/// Takes a picture of a part of the scene as a camera would: haze, vignette, shot and read noise.
struct Camera {
  let width: Int
  let height: Int
  let depth: Int

  /// The camera's counts, x fastest, then y, then z.
  func voxels(of scene: Scene, at place: TilePlace) -> [UInt16] {
    var light = haze(at: place)
    for blob in scene.blobs { draw(blob, at: place, into: &light) }
    return exposed(light, seed: place.seed)
  }

  /// Tissue that glows a little, unevenly and more in the middle of the section.
  private func haze(at place: TilePlace) -> [Float] {
    var light = [Float](repeating: 0, count: width * height * depth)
    for z in 0..<depth {
      for y in 0..<height {
        let row = (z * height + y) * width
        for x in 0..<width {
          light[row + x] =
            24 + 46
            * latticeNoise(
              Float(place.x + x) / 90, Float(place.y + y) / 90, Float(place.z + z) / 30)
        }
      }
    }
    return light
  }

  private func draw(_ blob: Scene.Blob, at place: TilePlace, into light: inout [Float]) {
    let center = Vector(
      x: blob.center.x - Float(place.x), y: blob.center.y - Float(place.y),
      z: blob.center.z - Float(place.z))
    let zRange = span(center.z, blob.radius.z, depth)
    let yRange = span(center.y, blob.radius.y, height)
    let xRange = span(center.x, blob.radius.x, width)
    guard !zRange.isEmpty, !yRange.isEmpty, !xRange.isEmpty else { return }
    for z in zRange {
      let dz = (Float(z) - center.z) / blob.radius.z
      for y in yRange {
        let dy = (Float(y) - center.y) / blob.radius.y
        let flat = dz * dz + dy * dy
        guard flat < 1 else { continue }
        let row = (z * height + y) * width
        for x in xRange {
          let dx = (Float(x) - center.x) / blob.radius.x
          let distance = flat + dx * dx
          guard distance < 1 else { continue }
          let bump = (1 - distance) * (1 - distance)
          if blob.isNucleus {
            let clumps = latticeNoise(
              Float(place.x + x) / 5, Float(place.y + y) / 5, Float(place.z + z) / 3)
            light[row + x] += blob.brightness * min(1, bump * 5) * (0.35 + 0.9 * clumps * clumps)
          } else {
            light[row + x] = max(light[row + x], blob.brightness * bump)
          }
        }
      }
    }
  }

  /// The voxels along one axis that an ellipsoid reaches.
  private func span(_ center: Float, _ radius: Float, _ count: Int) -> Range<Int> {
    let first = max(0, Int((center - radius).rounded(.up)))
    let end = min(count, Int((center + radius).rounded(.down)) + 1)
    return first < end ? first..<end : 0..<0
  }

  private func exposed(_ light: [Float], seed: UInt64) -> [UInt16] {
    var random = Randomness(seed: seed)
    var counts = [UInt16](repeating: 0, count: light.count)
    for z in 0..<depth {
      for y in 0..<height {
        let row = (z * height + y) * width
        let fromMiddle = Float(2 * y - height) / Float(height)
        for x in 0..<width {
          let aside = Float(2 * x - width) / Float(width)
          let vignette = 1 - 0.09 * (aside * aside + fromMiddle * fromMiddle)
          let signal = light[row + x] * vignette
          counts[row + x] = CameraModel.count(signal, noise: random.normal())
        }
      }
    }
    return counts
  }
}

/// Smooth noise between 0 and 1: random numbers on a lattice, interpolated between its points.
private func latticeNoise(_ x: Float, _ y: Float, _ z: Float) -> Float {
  let floors = (x.rounded(.down), y.rounded(.down), z.rounded(.down))
  let corner = (Int(floors.0), Int(floors.1), Int(floors.2))
  let fx = LatticeNoise.smooth(x - floors.0)
  let fy = LatticeNoise.smooth(y - floors.1)
  let fz = LatticeNoise.smooth(z - floors.2)
  func at(_ dx: Int, _ dy: Int, _ dz: Int) -> Float {
    LatticeNoise.node(x: corner.0 + dx, y: corner.1 + dy, z: corner.2 + dz)
  }
  func alongX(_ dy: Int, _ dz: Int) -> Float {
    let first = at(0, dy, dz)
    return first + (at(1, dy, dz) - first) * fx
  }
  func alongY(_ dz: Int) -> Float {
    let first = alongX(0, dz)
    return first + (alongX(1, dz) - first) * fy
  }
  let first = alongY(0)
  return first + (alongY(1) - first) * fz
}
