internal import BrickCore

/// HDF5's scale-offset filter: the distance of each voxel from the least one, in as few bits as the largest needs;
/// floats count it in steps of a power of ten.
struct ScaleOffset: Sendable {
  private let type: VoxelType
  private let count: Int
  /// The bits of the fill value, if chunks can hold it under a code of its own.
  private let fill: UInt64?
  /// Steps of floats in 1.
  private let scale: Double

  /// From the filter's own numbers; nil for those that don't fit the dataset.
  init?(_ parameters: [UInt32], type: VoxelType, count: Int) {
    guard parameters.count >= 8, parameters[0] == (type.isFloat ? 0 : 2),
      parameters[3] == (type.isFloat ? 1 : 0), parameters[2] == UInt32(exactly: count),
      parameters[4] == UInt32(type.byteCount),
      type.isFloat || (parameters[5] != 0) == type.isSigned
    else { return nil }
    var scale = 1.0
    if type.isFloat {
      // Powers of ten beyond are no exact numbers, and no picture's voxels.
      guard parameters[1] <= 22 else { return nil }
      for _ in 0..<parameters[1] { scale *= 10 }
    }
    self.scale = scale
    self.type = type
    self.count = count
    if parameters[7] == 1 {
      guard parameters.count > 8 else { return nil }
      let high = parameters.count > 9 ? UInt64(parameters[9]) : 0
      fill = UInt64(parameters[8]) | high << 32
    } else {
      fill = nil
    }
  }

  /// Decodes a chunk into its voxels, in the byte order of the dataset.
  ///
  /// - Throws: `BrickworkError` with code `.damagedInput`, without a path, if there are too few bytes.
  func decode(_ source: RawSpan, isSwapped: Bool, into target: inout MutableRawSpan) throws {
    let header = 21
    guard source.byteCount >= header, target.byteCount >= count * type.byteCount else {
      throw BrickworkError(
        .damagedInput, reason: "a scale-offset chunk of \(source.byteCount) bytes is cut short")
    }
    let bits = Int(
      UInt32(littleEndian: unsafe source.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt32.self)))
    let least = UInt64(
      littleEndian: unsafe source.unsafeLoadUnaligned(fromByteOffset: 5, as: UInt64.self))
    let width = type.byteCount
    let (total, overflow) = bits.multipliedReportingOverflow(by: count)
    guard bits <= width * 8, !overflow, total <= (source.byteCount - header) * 8 else {
      throw BrickworkError(
        .damagedInput,
        reason:
          "a scale-offset chunk of \(source.byteCount) bytes has no \(count) codes of \(bits) bits")
    }
    let packed = source.extracting(droppingFirst: header)
    if bits == width * 8 {
      copyBytes(packed.extracting(0..<count * width), to: &target, at: 0)
    } else if type.isFloat {
      unpackFloats(packed, bits: bits, least: least, into: &target)
    } else {
      let codes = Codes(bits: bits, least: least, fill: fill, count: count)
      switch width {
      case 1: codes.unpack(packed, as: UInt8.self, into: &target)
      case 2: codes.unpack(packed, as: UInt16.self, into: &target)
      case 4: codes.unpack(packed, as: UInt32.self, into: &target)
      default: codes.unpack(packed, as: UInt64.self, into: &target)
      }
    }
    // The codes give voxels in the processor's order, and what follows expects the dataset's.
    if isSwapped {
      for voxel in 0..<count {
        for byte in 0..<width / 2 {
          let (a, b) = (voxel * width + byte, voxel * width + width - 1 - byte)
          let low = unsafe target.unsafeLoad(fromByteOffset: a, as: UInt8.self)
          let high = unsafe target.unsafeLoad(fromByteOffset: b, as: UInt8.self)
          target.storeBytes(of: high, toByteOffset: a, as: UInt8.self)
          target.storeBytes(of: low, toByteOffset: b, as: UInt8.self)
        }
      }
    }
  }
}

extension ScaleOffset {
  /// Floats: the least one, and steps above it, computed as the library does.
  private func unpackFloats(
    _ packed: RawSpan, bits: Int, least: UInt64, into target: inout MutableRawSpan
  ) {
    let codes = Codes(bits: bits, least: 0, fill: nil, count: count)
    let mark = bits == 0 ? 0 : UInt64.max >> UInt64(64 - bits)
    if type == .float32 {
      codes.unpack(packed, as: UInt32.self, into: &target)
      let (base, step) = (Float(bitPattern: UInt32(truncatingIfNeeded: least)), Float(scale))
      for i in 0..<count {
        let code = unsafe target.unsafeLoad(fromByteOffset: i * 4, as: UInt32.self)
        let value =
          if let fill, UInt64(code) == mark {
            Float(bitPattern: UInt32(truncatingIfNeeded: fill))
          } else { Float(Int32(bitPattern: code)) / step + base }
        target.storeBytes(of: value, toByteOffset: i * 4, as: Float.self)
      }
    } else {
      codes.unpack(packed, as: UInt64.self, into: &target)
      let base = Double(bitPattern: least)
      for i in 0..<count {
        let code = unsafe target.unsafeLoad(fromByteOffset: i * 8, as: UInt64.self)
        let value =
          if let fill, code == mark { Double(bitPattern: fill) } else {
            Double(Int64(bitPattern: code)) / scale + base
          }
        target.storeBytes(of: value, toByteOffset: i * 8, as: Double.self)
      }
    }
  }
}

/// Numbers of a fixed count of bits, most significant bit first, without gaps.
struct Codes {
  let bits: Int
  let least: UInt64
  let fill: UInt64?
  let count: Int
  /// A bit that is the other way round in every code.
  var flip: UInt64 = 0

  func unpack<V: FixedWidthInteger & BitwiseCopyable>(
    _ packed: RawSpan, as _: V.Type, into target: inout MutableRawSpan
  ) {
    let width = MemoryLayout<V>.size
    // Where eight bytes can be loaded, and a code lies in them wherever its first bit is.
    let whole = bits == 0 || bits > 56 ? 0 : min(count, max(0, (packed.byteCount - 8) * 8 / bits))
    let base = V(truncatingIfNeeded: least)
    let all = bits == 0 ? 0 : UInt64.max >> UInt64(64 - bits)
    let filled = V(truncatingIfNeeded: fill ?? 0)
    unsafe target.withUnsafeMutableBytes { to in
      unsafe packed.withUnsafeBytes { from in
        var bit = 0
        for i in 0..<whole {
          let word = unsafe UInt64(
            bigEndian: from.loadUnaligned(fromByteOffset: bit >> 3, as: UInt64.self))
          let code = (word << UInt64(bit & 7)) >> UInt64(64 &- bits)
          let value = V(truncatingIfNeeded: code ^ flip) &+ base
          unsafe to.storeBytes(of: value, toByteOffset: i &* width, as: V.self)
          bit &+= bits
        }
        for i in whole..<count {
          var code: UInt64 = 0
          for _ in 0..<bits {
            code = unsafe code << 1 | UInt64(from[bit >> 3] >> UInt8(7 - bit & 7) & 1)
            bit += 1
          }
          unsafe to.storeBytes(
            of: V(truncatingIfNeeded: code ^ flip) &+ base, toByteOffset: i &* width, as: V.self)
        }
        guard fill != nil else { return }
        // The largest code means the fill value.
        let mark = V(truncatingIfNeeded: all) &+ base
        for i in 0..<count {
          let value = unsafe to.loadUnaligned(fromByteOffset: i &* width, as: V.self)
          unsafe to.storeBytes(
            of: value == mark ? filled : value, toByteOffset: i &* width, as: V.self)
        }
      }
    }
  }
}

/// HDF5's n-bit filter for integers with unused bits: the used ones, most significant first, without gaps.
struct PackedBits: Sendable {
  private let type: VoxelType
  private let count: Int
  private let precision: Int

  /// From the filter's own numbers; nil for anything but integers, and for numbers that don't fit the dataset.
  init?(_ parameters: [UInt32], type: VoxelType, count: Int) {
    guard parameters.count >= 8, parameters[0] == 8, parameters[1] == 0, !type.isFloat,
      parameters[2] == UInt32(exactly: count), parameters[3] == 1,
      parameters[4] == UInt32(type.byteCount)
    else { return nil }
    let (width, precision, offset) = (type.byteCount * 8, Int(parameters[6]), Int(parameters[7]))
    guard precision > 0, precision <= width, offset <= width - precision else { return nil }
    self.type = type
    self.count = count
    self.precision = precision
  }

  /// Decodes a chunk into its voxels, in the processor's order, with the sign extended.
  ///
  /// - Throws: `BrickworkError` with code `.damagedInput`, without a path, if there are too few bytes.
  func decode(_ source: RawSpan, into target: inout MutableRawSpan) throws {
    let (bits, overflow) = count.multipliedReportingOverflow(by: precision)
    guard !overflow, bits <= source.byteCount * 8, target.byteCount >= count * type.byteCount
    else {
      throw BrickworkError(
        .damagedInput,
        reason:
          "an n-bit chunk of \(source.byteCount) bytes has no \(count) codes of \(precision) bits")
    }
    // A signed number of few bits is the code with its top bit flipped, less that bit's value.
    let top = type.isSigned ? UInt64(1) << UInt64(precision - 1) : 0
    let codes = Codes(bits: precision, least: 0 &- top, fill: nil, count: count, flip: top)
    switch type.byteCount {
    case 1: codes.unpack(source, as: UInt8.self, into: &target)
    case 2: codes.unpack(source, as: UInt16.self, into: &target)
    case 4: codes.unpack(source, as: UInt32.self, into: &target)
    default: codes.unpack(source, as: UInt64.self, into: &target)
    }
  }
}
