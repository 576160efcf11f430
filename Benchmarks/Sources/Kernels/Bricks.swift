import Brickwork
import Foundation

/// Bytes both sides read or write, aligned for any instruction.
final class Bytes {
  let start: UnsafeMutableRawPointer
  let count: Int

  init(_ count: Int) {
    self.count = count
    start = .allocate(byteCount: max(1, count), alignment: 64)
    start.initializeMemory(as: UInt8.self, repeating: 0, count: count)
  }

  deinit { start.deallocate() }

  func difference(from block: borrowing VoxelBlock) -> String? {
    block.bytes.withUnsafeBytes { ours in
      guard ours.count == count else { return "\(ours.count) bytes, not \(count)" }
      if count == 0 || memcmp(ours.baseAddress!, start, count) == 0 { return nil }
      let place = (0..<count).first { ours[$0] != start.load(fromByteOffset: $0, as: UInt8.self) }
      return "byte \(place ?? 0) differs"
    }
  }
}

extension Bytes {
  /// Nil where no integer voxel differs by more than 1.
  func largestStep(from block: borrowing VoxelBlock, _ type: VoxelType) -> String? {
    func step<V: Voxel & FixedWidthInteger>(_: V.Type) -> String? {
      let expected = start.assumingMemoryBound(to: V.self)
      let ours = block.voxels(as: V.self)
      for i in 0..<ours.count where abs(ours[i].asDouble - expected[i].asDouble) > 1 {
        return "voxel \(i) is \(ours[i]), not \(expected[i])"
      }
      return nil
    }
    return switch type {
    case .uint8: step(UInt8.self)
    case .uint16: step(UInt16.self)
    case .uint32: step(UInt32.self)
    case .uint64: step(UInt64.self)
    case .int8: step(Int8.self)
    case .int16: step(Int16.self)
    case .int32: step(Int32.self)
    case .int64: step(Int64.self)
    case .float32, .float64: nil
    }
  }
}

/// A block that closures share.
final class Brick {
  var block: VoxelBlock

  init(_ size: Index3, _ type: VoxelType) { block = VoxelBlock(Box3(size: size), type: type) }

  /// The same voxels for both sides.
  convenience init(_ size: Index3, _ type: VoxelType, _ bytes: Bytes) {
    self.init(size, type)
    change { block in
      var target = block.mutableBytes
      target.withUnsafeMutableBytes {
        $0.copyMemory(from: UnsafeRawBufferPointer(start: bytes.start, count: bytes.count))
      }
    }
  }

  func change<R>(_ body: (inout VoxelBlock) throws -> R) rethrows -> R { try body(&block) }
  func read<R>(_ body: (borrowing VoxelBlock) throws -> R) rethrows -> R { try body(block) }
}

/// The default brick: half a mebibyte of 16-bit voxels.
let size = Index3(z: 64, y: 64, x: 64)

extension VoxelType {
  /// Its number in the yardsticks.
  var number: Int32 {
    let order: [VoxelType] = [
      .uint8, .uint16, .uint32, .uint64, .int8, .int16, .int32, .int64, .float32, .float64,
    ]
    return Int32(order.firstIndex(of: self)!)
  }

  var isUnsigned: Bool { !isSigned && !isFloat }
}

/// Numbers that only look random: splitmix64 (Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195).
struct Noise {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// Voxels like a camera's: an offset of about 100 and noise of a few tens, a quarter of them zero on request.
func cameraVoxels(_ type: VoxelType, seed: UInt64, zeros: Bool = false) -> Bytes {
  var noise = Noise(state: seed)
  let bytes = Bytes(size.volume * type.byteCount)
  func fill<V: Voxel>(_: V.Type, _ value: (UInt64) -> V) {
    let voxels = bytes.start.bindMemory(to: V.self, capacity: size.volume)
    for i in 0..<size.volume {
      let random = noise.next()
      voxels[i] = zeros && random >> 62 == 0 ? V(nearestTo: 0) : value(random)
    }
  }
  func level(_ random: UInt64) -> UInt64 {
    40 + random % 17 + (random >> 8) % 17 + (random >> 16) % 17
  }
  switch type {
  case .uint8: fill(UInt8.self) { UInt8(level($0)) }
  case .uint16: fill(UInt16.self) { UInt16(level($0)) }
  case .uint32: fill(UInt32.self) { UInt32(level($0)) }
  case .uint64: fill(UInt64.self) { level($0) }
  case .int8: fill(Int8.self) { Int8(level($0)) }
  case .int16: fill(Int16.self) { Int16(level($0)) - 60 }
  case .int32: fill(Int32.self) { Int32(level($0)) - 60 }
  case .int64: fill(Int64.self) { Int64(level($0)) - 60 }
  case .float32: fill(Float.self) { Float(level($0)) + Float($0 >> 40) * 0x1p-24 }
  case .float64: fill(Double.self) { Double(level($0)) + Double($0 >> 32) * 0x1p-32 }
  }
  return bytes
}

/// Labels like a segmentation's: balls of a few voxels' radius on background.
func blobs(_ type: VoxelType, seed: UInt64, spreadLabels: Bool = false) -> Bytes {
  var labels = [UInt64](repeating: 0, count: size.volume)
  var noise = Noise(state: seed)
  for number in 1...200 {
    let random = noise.next()
    let centre = (Int(random % 64), Int(random >> 8 % 64) & 63, Int(random >> 16) & 63)
    let radius = 3 + Int(random >> 24) % 6
    for z in max(0, centre.0 - radius)..<min(64, centre.0 + radius + 1) {
      for y in max(0, centre.1 - radius)..<min(64, centre.1 + radius + 1) {
        for x in max(0, centre.2 - radius)..<min(64, centre.2 + radius + 1) {
          let (a, b, c) = (z - centre.0, y - centre.1, x - centre.2)
          if a * a + b * b + c * c <= radius * radius {
            labels[(z * 64 + y) * 64 + x] = UInt64(number) &* (spreadLabels ? 20_000_003 : 1)
          }
        }
      }
    }
  }
  let bytes = Bytes(size.volume * type.byteCount)
  for (i, label) in labels.enumerated() {
    withUnsafeBytes(of: label.littleEndian) { source in
      bytes.start.advanced(by: i * type.byteCount)
        .copyMemory(from: source.baseAddress!, byteCount: type.byteCount)
    }
  }
  return bytes
}
