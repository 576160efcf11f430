internal import BrickCore

/// Fill values of zarr.json as the bytes of one voxel.
enum FillValue {
  /// The bytes of `json` in the processor's order.
  ///
  /// Integers are exact in 64 bits. Floats may be numbers, "NaN", "Infinity", "-Infinity", or "0x"
  /// with the bits as big-endian digits.
  static func bytes(_ json: JSON, type: VoxelType, _ context: MetadataContext) throws -> [UInt8] {
    let bytes: [UInt8]? =
      switch type {
      case .uint8: integer(json, UInt8.self)
      case .uint16: integer(json, UInt16.self)
      case .uint32: integer(json, UInt32.self)
      case .uint64: integer(json, UInt64.self)
      case .int8: integer(json, Int8.self)
      case .int16: integer(json, Int16.self)
      case .int32: integer(json, Int32.self)
      case .int64: integer(json, Int64.self)
      case .float32:
        bits(json, UInt32.self, nan: Float.nan.bitPattern) { Float($0).bitPattern }
      case .float64:
        bits(json, UInt64.self, nan: Double.nan.bitPattern) { $0.bitPattern }
      }
    guard let bytes else {
      throw context.damaged("the fill value \(json.text(pretty: false)) is no \(type.rawValue)")
    }
    return bytes
  }

  private static func integer<I: FixedWidthInteger>(_ json: JSON, _: I.Type) -> [UInt8]? {
    let value: I? =
      switch json {
      case .integer(let number): I(exactly: number)
      case .unsigned(let number): I(exactly: number)
      // Some writers give 0.0 for integers.
      case .number(let number): I(exactly: number)
      default: nil
      }
    return value.map { native($0) }
  }

  private static func bits<I: FixedWidthInteger>(
    _ json: JSON, _: I.Type, nan: I, _ pattern: (Double) -> I
  ) -> [UInt8]? {
    if let number = json.doubleValue { return native(pattern(number)) }
    switch json.stringValue {
    case "NaN": return native(nan)
    case "Infinity": return native(pattern(.infinity))
    case "-Infinity": return native(pattern(-.infinity))
    case let text? where text.hasPrefix("0x") && text.utf8.count == 2 + I.bitWidth / 4:
      return I(text.dropFirst(2), radix: 16).map { native($0) }
    default: return nil
    }
  }

  private static func native<I: FixedWidthInteger>(_ value: I) -> [UInt8] {
    unsafe withUnsafeBytes(of: value) { unsafe Array($0) }
  }
}
