public import BrickCore
internal import Dispatch
internal import Synchronization

/// A law of volumes that was broken, in words.
public struct BrokenVolumeLaw: Error, CustomStringConvertible {
  /// What differs, and in which box.
  public let description: String
}

/// Checks the laws every volume keeps: a box equals its cut from the whole, reads agree with each other
/// and with what is lent, also at the same time on several threads, and no voxel outside a box is written.
///
/// - Throws: `BrokenVolumeLaw`, or what reading throws.
public func checkVolumeLaws(
  of volume: any Volume, using generator: inout some RandomNumberGenerator, boxes: Int = 8
) throws {
  let whole = try volume.block(of: volume.bounds).byteArray
  let bounds = volume.bounds
  var scratch = VoxelBlock()
  var drawn: [Box3] = []
  for _ in 0..<boxes {
    let box = bounds.random(using: &generator)
    drawn.append(box)
    let wanted = cut(box, from: whole, of: volume)
    volume.willRead(box)
    try expect(
      try bytes(of: box, in: volume), wanted, "the box \(box) differs from the whole's part")
    try expect(try bytes(of: box, in: volume), wanted, "a second read of \(box) differs")
    var lent: [UInt8] = []
    var lentBox = Box3(size: .zero)
    var lentType = volume.type
    try volume.withVoxels(of: box, scratch: &scratch) { view in
      (lentBox, lentType) = (view.box, view.type)
      var copy = VoxelBlock(view.box, type: view.type)
      copy.copy(from: view)
      lent = copy.byteArray
    }
    volume.didRead(box)
    guard lentBox == box && lentType == volume.type else {
      throw BrokenVolumeLaw(
        description: "\(box) of \(volume.type) was asked for, \(lentBox) of \(lentType) is lent")
    }
    try expect(lent, wanted, "what is lent of \(box) differs")
    guard volume.scratchBytes(reading: box.size) >= 0 else {
      throw BrokenVolumeLaw(description: "reading \(box) takes a negative number of bytes")
    }
  }
  try checkConcurrentReads(of: volume, drawn, whole)
}

private func checkConcurrentReads(of volume: any Volume, _ boxes: [Box3], _ whole: [UInt8]) throws {
  let failure = Mutex<(any Error)?>(nil)
  DispatchQueue.concurrentPerform(iterations: boxes.count) { i in
    do {
      let found = try bytes(of: boxes[i], in: volume)
      try expect(
        found, cut(boxes[i], from: whole, of: volume), "\(boxes[i]) differs when read concurrently")
    } catch { failure.withLock { $0 = error } }
  }
  if let error = failure.withLock({ $0 }) { throw error }
}

/// The bytes of a box, read into a block that held something else before.
private func bytes(of box: Box3, in volume: any Volume) throws -> [UInt8] {
  var block = VoxelBlock(box, type: volume.type)
  var raw = block.mutableBytes
  for i in 0..<raw.byteCount { raw.storeBytes(of: 0xA5, toByteOffset: i, as: UInt8.self) }
  try volume.read(into: &block)
  guard block.box == box && block.type == volume.type else {
    throw BrokenVolumeLaw(description: "reading changed the block's box \(box) to \(block.box)")
  }
  return block.byteArray
}

private func cut(_ box: Box3, from whole: [UInt8], of volume: any Volume) -> [UInt8] {
  let (size, width) = (volume.size, volume.type.byteCount)
  var result: [UInt8] = []
  for z in box.origin.z..<box.end.z {
    for y in box.origin.y..<box.end.y {
      let start = ((z * size.y + y) * size.x + box.origin.x) * width
      result += whole[start..<start + box.size.x * width]
    }
  }
  return result
}

private func expect(_ found: [UInt8], _ wanted: [UInt8], _ broken: String) throws {
  if found != wanted { throw BrokenVolumeLaw(description: broken) }
}

extension VoxelBlock {
  /// All bytes, in the processor's order.
  public var byteArray: [UInt8] {
    let bytes = bytes
    return bytes.byteOffsets.map { unsafe bytes.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
  }
}
