internal import BrickCore
internal import CTIFF

/// What is done to rows before they are compressed, so that they compress better.
enum Predictor: Int, Sendable {
  /// Nothing.
  case none = 1
  /// Each pixel as the difference to its left neighbour (TIFF 6.0, section 14).
  case horizontal = 2
  /// The bytes of a row sorted by their place in the number, the highest first, then differences of bytes
  /// (Adobe's TIFF technical note 3).
  case floatingPoint = 3

  /// The usual one; differences of 64-bit integers are not read by every program.
  init(_ type: VoxelType, _ compression: TIFFWriter.Compression) {
    self =
      compression == .none
      ? .none
      : type.isFloat ? .floatingPoint : type.byteCount < 8 ? .horizontal : .none
  }

  /// Writes what becomes of `row` to the front of `target`, a row of at least as many bytes.
  ///
  /// The rest of it stands for pixels past the image's end, whose values don't matter.
  func apply(_ row: RawSpan, into target: inout MutableRawSpan, byteCount width: Int) {
    unsafe row.withUnsafeBytes { source in
      unsafe target.withUnsafeMutableBytes { target in
        switch (self, width) {
        case (.none, _):
          unsafe target.copyMemory(from: source)
          unsafe UnsafeMutableRawBufferPointer(rebasing: target[source.count...])
            .initializeMemory(as: UInt8.self, repeating: 0)
        case (.horizontal, 1): unsafe Self.differences(source, target, UInt8.self)
        case (.horizontal, 2): unsafe Self.differences(source, target, UInt16.self)
        case (.horizontal, 4): unsafe Self.differences(source, target, UInt32.self)
        case (.horizontal, _): unsafe Self.differences(source, target, UInt64.self)
        case (.floatingPoint, _): unsafe Self.sorted(source, target, width)
        }
      }
    }
  }

  /// Undoes `apply` for rows of `pixels` pixels, with `scratch` of a row's bytes.
  func undo(
    _ bytes: inout MutableRawSpan, pixels: Int, byteCount width: Int, scratch: inout [UInt8]
  ) {
    switch self {
    case .none: return
    case .horizontal: Differences.undo(&bytes, pixels: pixels, bytesPerPixel: width)
    case .floatingPoint:
      let rowBytes = pixels * width
      Differences.undo(&bytes, pixels: rowBytes, bytesPerPixel: 1)
      if scratch.count < rowBytes { scratch = [UInt8](repeating: 0, count: rowBytes) }
      unsafe bytes.withUnsafeMutableBytes { bytes in
        for start in stride(from: 0, to: bytes.count, by: rowBytes) {
          for place in 0..<width {
            let plane = start + (width - 1 - place) * pixels
            for i in 0..<pixels { unsafe scratch[i &* width &+ place] = bytes[plane &+ i] }
          }
          for i in 0..<rowBytes { unsafe bytes[start &+ i] = scratch[i] }
        }
      }
    }
  }

  // Out of place, so that the loop has no chain from pixel to pixel.
  @inline(__always)
  private static func differences<Pixel: FixedWidthInteger & BitwiseCopyable>(
    _ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer, _: Pixel.Type
  ) {
    let row = unsafe source.bindMemory(to: Pixel.self)
    let result = unsafe target.bindMemory(to: Pixel.self)
    guard let first = unsafe row.first else { return }
    unsafe result[0] = first
    let count = row.count
    for i in 1..<max(1, count) { unsafe result[i] = row[i] &- row[i &- 1] }
    // The last pixel again and again.
    for i in count..<max(count, result.count) { unsafe result[i] = 0 }
  }

  private static func sorted(
    _ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer, _ width: Int
  ) {
    let pixels = target.count / width
    let count = source.count / width
    for place in 0..<width {
      let plane = (width - 1 - place) * pixels
      for i in 0..<count { unsafe target[plane &+ i] = source[i &* width &+ place] }
      for i in count..<max(count, pixels) { unsafe target[plane &+ i] = 0 }
    }
    var previous: UInt8 = 0
    for i in 0..<pixels * width {
      let byte = unsafe target[i]
      unsafe target[i] = byte &- previous
      previous = byte
    }
  }
}
