internal import BrickCore

extension Randomness {
  /// A direction of length 1 whose z part is at most about `flatness` of it.
  mutating func direction(flatness: Float) -> Vector {
    while true {
      let vector = Vector(
        x: uniform(-1...1), y: uniform(-1...1), z: uniform(-flatness...flatness))
      if vector.length > 0.2 && vector.length <= 1 { return vector.normalized }
    }
  }
}

/// A point or direction in voxels of the scene.
struct Vector {
  var x: Float
  var y: Float
  var z: Float

  var length: Float { (x * x + y * y + z * z).squareRoot() }
  var normalized: Vector { self * (1 / length) }

  static func + (a: Vector, b: Vector) -> Vector {
    Vector(x: a.x + b.x, y: a.y + b.y, z: a.z + b.z)
  }
  static func - (a: Vector, b: Vector) -> Vector {
    Vector(x: a.x - b.x, y: a.y - b.y, z: a.z - b.z)
  }
  static func * (a: Vector, factor: Float) -> Vector {
    Vector(x: a.x * factor, y: a.y * factor, z: a.z * factor)
  }
}
