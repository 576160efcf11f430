internal import BrickCore

/// What stands before the data of an N5 block: its own shape, smaller at the array's end.
///
/// Format: https://github.com/saalfeldlab/n5#file-system-specification; big-endian: mode and number of
/// dimensions in two bytes each, four bytes for each dimension, fastest first, and in mode 1 the
/// number of elements in four.
struct BlockHeader {
  /// Voxels along each dimension, slowest first.
  let shape: [Int]
  /// Bytes before the data.
  let byteCount: Int

  /// Checks the header of a block of an array with bricks of `brick`, of which `needed` voxels lie in
  /// the array.
  init(_ block: RawSpan, brick: [Int], needed: [Int]) throws {
    let rank = brick.count
    guard block.byteCount >= 4 else {
      throw Self.damaged("its \(block.byteCount) bytes are too few for a header")
    }
    let (mode, dimensions) = (block.bigEndian16(at: 0), block.bigEndian16(at: 2))
    guard mode < 2 else {
      throw mode == 2
        ? BrickworkError(.unsupportedInput, reason: "the block holds an object, not voxels")
        : Self.damaged("its mode is \(mode), not 0 or 1")
    }
    guard dimensions == rank else {
      throw Self.damaged("it has \(dimensions) dimensions, the array has \(rank)")
    }
    let byteCount = 4 + 4 * rank + 4 * mode
    guard block.byteCount >= byteCount else {
      throw Self.damaged(
        "its \(block.byteCount) bytes are too few for a header of \(byteCount)")
    }
    let shape = Array((0..<rank).map { block.bigEndian32(at: 4 + 4 * $0) }.reversed())
    for dimension in 0..<rank
    where shape[dimension] > brick[dimension] || shape[dimension] < needed[dimension] {
      throw Self.damaged(
        "its shape \(shape) is not between the \(needed) of the array it covers and \(brick)")
    }
    if mode == 1 {
      let (said, voxels) = (block.bigEndian32(at: 4 + 4 * rank), shape.reduce(1, *))
      guard said == voxels else {
        throw Self.damaged("it has \(said) elements for the \(voxels) of its shape \(shape)")
      }
    }
    self.shape = shape
    self.byteCount = byteCount
  }

  private static func damaged(_ reason: String) -> BrickworkError {
    BrickworkError(.damagedInput, reason: "the block's header is damaged: \(reason)")
  }

  /// Copies the rows of a block of this shape to the near corner of a brick of `brick` voxels.
  func place(_ block: RawSpan, brick: [Int], width: Int, into target: inout MutableRawSpan) {
    let last = shape.count - 1
    let row = shape[last] * width
    guard row > 0, block.byteCount > 0 else { return }
    var strides = Array(repeating: width, count: shape.count)
    for dimension in (0..<last).reversed() {
      strides[dimension] = strides[dimension + 1] * brick[dimension + 1]
    }
    var position = Array(repeating: 0, count: last)
    var start = 0
    for read in stride(from: 0, to: block.byteCount, by: row) {
      copyBytes(block.extracting(read..<read + row), to: &target, at: start)
      // The next row: count up the slower dimensions like an odometer.
      for dimension in (0..<last).reversed() {
        position[dimension] += 1
        start += strides[dimension]
        if position[dimension] < shape[dimension] { break }
        start -= position[dimension] * strides[dimension]
        position[dimension] = 0
      }
    }
  }
}

extension RawSpan {
  fileprivate func bigEndian16(at offset: Int) -> Int {
    precondition(offset >= 0 && offset <= byteCount - 2, "The number lies in the bytes")
    return Int(
      UInt16(bigEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self)))
  }
  fileprivate func bigEndian32(at offset: Int) -> Int {
    precondition(offset >= 0 && offset <= byteCount - 4, "The number lies in the bytes")
    return Int(
      UInt32(bigEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self)))
  }
}
