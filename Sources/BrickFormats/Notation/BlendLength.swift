public import BrickCore
public import BrickStitch

/// A length along an axis, in voxels or in µm.
public enum BlendLength: Sendable, Hashable {
  case voxels(Double)
  case micrometers(Double)

  /// The length in voxels that are `spacing` µm apart.
  func inVoxels(of spacing: Double) -> Double {
    switch self {
    case .voxels(let count): count
    case .micrometers(let length): length / spacing
    }
  }
}

/// Over which lengths tiles fade, as the user says it.
public struct BlendLengths: Sendable, Hashable {
  /// Along x.
  public var x: BlendLength
  /// Along y.
  public var y: BlendLength
  /// Along z.
  public var z: BlendLength

  /// The lengths along the three axes.
  public init(x: BlendLength, y: BlendLength, z: BlendLength) {
    self.x = x
    self.y = y
    self.z = z
  }

  /// The widths in voxels of this size.
  public func width(for voxelSize: VoxelSize) -> BlendWidth {
    BlendWidth(
      z: z.inVoxels(of: voxelSize.z), y: y.inVoxels(of: voxelSize.y), x: x.inVoxels(of: voxelSize.x)
    )
  }
}

extension Notation {
  /// One length for all axes or three in the order x,y,z: `20px`, `5um,5um,2px`; voxels without a unit.
  public static func blendLengths(_ text: String) throws -> BlendLengths {
    let example = "5um,5um,2px (x,y,z)"
    let parts = parts(text)
    guard parts.count == 1 || parts.count == 3 else {
      throw wrong("'\(text)' has \(parts.count) lengths, not 1 or 3", example)
    }
    let lengths = try parts.map { part in
      let number = part.prefix { $0.isNumber || $0 == "." || $0 == "-" || $0 == "+" }
      guard let value = Double(number), value >= 0, value <= 1e9 else {
        throw wrong("'\(part)' does not start with a number from 0 on", example)
      }
      let unit = part.dropFirst(number.count).trimmed.lowercased()
      switch unit {
      case "", "px": return BlendLength.voxels(value)
      // The micro sign and the Greek letter look alike.
      case "um", "\u{B5}m", "\u{3BC}m": return BlendLength.micrometers(value)
      default: throw wrong("'\(unit)' is no unit: there are um and px", example)
      }
    }
    return lengths.count == 3
      ? BlendLengths(x: lengths[0], y: lengths[1], z: lengths[2])
      : BlendLengths(x: lengths[0], y: lengths[0], z: lengths[0])
  }
}
