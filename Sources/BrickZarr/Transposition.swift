internal import BrickCore

/// The codec `transpose`: stored dimension i is dimension `order[i]`.
struct Transposition {
  /// Voxels of a brick along each dimension of the array.
  let shape: [Int]
  let order: [Int]

  /// Puts stored voxels, in C order of the stored dimensions, into C order of the array's.
  func undo(_ source: RawSpan, width: Int, into target: inout MutableRawSpan) {
    precondition(source.byteCount == target.byteCount, "Both sides have the same size")
    var strides = Array(repeating: 0, count: shape.count)
    var stride = 1
    for dimension in order.reversed() {
      strides[dimension] = stride
      stride *= shape[dimension]
    }
    switch width {
    case 1: gather(source, strides, &target, UInt8.self)
    case 2: gather(source, strides, &target, UInt16.self)
    case 4: gather(source, strides, &target, UInt32.self)
    default: gather(source, strides, &target, UInt64.self)
    }
  }

  private func gather<Word: FixedWidthInteger & BitwiseCopyable>(
    _ source: RawSpan, _ strides: [Int], _ target: inout MutableRawSpan, _: Word.Type
  ) {
    let last = shape.count - 1
    let (length, step) = (shape[last], strides[last])
    let width = MemoryLayout<Word>.size
    let count = shape.reduce(1, *)
    var position = Array(repeating: 0, count: last)
    var start = 0
    unsafe source.withUnsafeBytes { from in
      unsafe target.withUnsafeMutableBytes { to in
        for row in Swift.stride(from: 0, to: count, by: length) {
          for i in 0..<length {
            let word = unsafe from.loadUnaligned(
              fromByteOffset: (start + i * step) * width, as: Word.self)
            unsafe to.storeBytes(of: word, toByteOffset: (row + i) * width, as: Word.self)
          }
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
  }
}
