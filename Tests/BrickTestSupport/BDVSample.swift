public import BrickCore

/// Voxels for BDV files: camera-like noise, labels, or nothing compressible at all.
public enum BDVSample {
  /// A volume in which about a third of the 4×4×4 blocks are zero, so that some chunks stay empty.
  public static func volume(
    type: VoxelType, size: Index3, using random: inout SplitMix64
  ) -> ArrayVolume {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size.volume * type.byteCount)
    for z in 0..<size.z {
      for y in 0..<size.y {
        for x in 0..<size.x {
          let isEmpty = ((z / 4) &* 31 &+ (y / 4) &* 17 &+ x / 4) % 3 == 0
          let word = random.next()
          for byte in 0..<type.byteCount {
            // Floats must not be NaN, which no comparison finds equal: keep their top byte small.
            let isTop = type.isFloat && byte == type.byteCount - 1
            let value = UInt8(truncatingIfNeeded: word >> (8 * UInt64(byte)))
            bytes.append(isEmpty ? 0 : isTop ? 0x3F : value)
          }
        }
      }
    }
    return ArrayVolume(bytes: bytes, type: type, size: size)
  }

  /// Camera-like uint16: an offset, smooth cells, and noise that grows with the light.
  public static func camera(size: Index3, using random: inout SplitMix64) -> [UInt16] {
    let cells = (0..<24).map { _ in
      (0..<3).map { Double.random(in: 0..<Double(size[$0]), using: &random) }
    }
    var voxels = [UInt16](repeating: 0, count: size.volume)
    var place = 0
    Box3(size: size).forEachPosition { position in
      var light = 4.0
      for cell in cells {
        let (z, y, x) = (
          Double(position.z) - cell[0], Double(position.y) - cell[1], Double(position.x) - cell[2]
        )
        let distance = z * z + y * y + x * x
        // A parabola cut at its feet: a cell without an exponential.
        if distance < 64 { light += 6 * (64 - distance) }
      }
      // The sum of four uniform numbers is close enough to the noise of a camera.
      var noise = -2.0
      var word = random.next()
      for _ in 0..<4 {
        noise += Double(word & 0xFFFF) / 65536
        word >>= 16
      }
      let value = 100 + light * 0.46 + noise * 1.7 * (light * 0.46 + 2.5).squareRoot()
      voxels[place] = UInt16(max(0, min(65535, value)))
      place += 1
    }
    return voxels
  }
}
