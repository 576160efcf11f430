internal import BrickCore

/// How every frame of a file is laid out (format notes, sections 7 and 8).
struct FrameLayout: Sendable {
  var width: Int
  var height: Int
  /// Components of each pixel, of all channels together.
  var components: Int
  var type: VoxelType
  /// Bytes from one row to the next, of all components together.
  var rowBytes: Int
  var significantBits: Int
  /// Frames as the file claims; 0 where it doesn't.
  var claimedFrames: Int
  /// Whether frames are zlib streams, as the file says: each frame's bytes decide.
  var isCompressed: Bool

  /// The time stamp before the pixels.
  static let stampBytes = 8
  /// More components than this are damaged.
  static let mostComponents = 1024

  /// Bytes of a frame's rows.
  var frameBytes: Int { rowBytes * height }
  /// Bytes of one pixel.
  var pixelBytes: Int { components * type.byteCount }

  /// Reads and checks `SLxImageAttributes`.
  ///
  /// - Throws: `BrickworkError`, without a path, if no frame can be like that.
  init(_ node: MetadataNode) throws {
    func number(_ name: String) throws -> Int {
      guard let value = node[name]?.int, value >= 0, value <= Int(UInt32.max) else {
        throw Self.damaged("has no usable \(name)")
      }
      return value
    }
    width = try number("uiWidth")
    height = try number("uiHeight")
    components = try number("uiComp")
    rowBytes = try number("uiWidthBytes")
    let bits = try number("uiBpcInMemory")
    significantBits = node["uiBpcSignificant"]?.int ?? bits
    claimedFrames = max(0, node["uiSequenceCount"]?.int ?? 0)
    guard width > 0, height > 0, components > 0 else {
      throw Self.damaged("says \(width)×\(height) pixels of \(components) components")
    }
    guard components <= Self.mostComponents else {
      throw Self.damaged("says \(components) components, and \(Self.mostComponents) are the most")
    }
    switch (bits, node["ePixelType"]?.int) {
    case (8, 0): type = .int8
    case (8, 1), (8, nil): type = .uint8
    case (16, 0): type = .int16
    case (16, 1), (16, nil): type = .uint16
    case (32, 0): type = .int32
    case (32, 1): type = .uint32
    case (32, 2), (32, nil): type = .float32
    case (8, _), (16, _), (32, _):
      throw BrickworkError(
        .unsupportedInput,
        reason:
          "says \(bits) bits of pixel type \(node["ePixelType"]?.int ?? -1), which is none known")
    default: throw Self.damaged("says \(bits) bits per component; 8, 16 and 32 exist")
    }
    switch node["eCompression"]?.int ?? 2 {
    case 0: isCompressed = true
    case 2: isCompressed = false
    case 1:
      throw BrickworkError(
        .unsupportedInput,
        reason: "says that frames are compressed with losses, which nobody else decodes",
        remedy: "Save the file again in NIS-Elements without compression")
    case let other:
      throw BrickworkError(
        .unsupportedInput, reason: "says compression \(other), which is none known",
        remedy: "Save the file again in NIS-Elements without compression")
    }
    // All factors are below 2³², the first three together below 2³² too if the row has room for them.
    let (row, overflow) = width.multipliedReportingOverflow(by: components * type.byteCount)
    guard !overflow, row <= rowBytes else {
      throw Self.damaged(
        "says rows of \(rowBytes) bytes, too few for \(width) pixels of \(components) × \(type)")
    }
    guard !rowBytes.multipliedReportingOverflow(by: height).overflow else {
      throw Self.damaged("says \(height) rows of \(rowBytes) bytes")
    }
  }

  /// A square frame of `byteCount` bytes with time stamp: what is left to know where the acquisition was interrupted,
  /// because NIS writes the attributes last.
  ///
  /// Nil unless one size alone fits, or one of 16 bits.
  init?(squareFrameOf byteCount: Int, components: Int) {
    let pixels = byteCount - Self.stampBytes
    guard pixels > 0, (1...Self.mostComponents).contains(components) else { return nil }
    var fitting: [(edge: Int, type: VoxelType)] = []
    for type in [VoxelType.uint16, .uint8, .float32] {
      let width = components * type.byteCount
      let guess = Int((Double(pixels) / Double(width)).squareRoot())
      // Rows are padded to four bytes, so the edge can be a little less.
      for edge in max(1, guess - 4)...guess + 1
      where edge * ((edge * width + 3) / 4 * 4) == pixels {
        fitting.append((edge, type))
        break
      }
    }
    guard let best = fitting.first, fitting.count == 1 || best.type == .uint16 else { return nil }
    width = best.edge
    height = best.edge
    self.components = components
    type = best.type
    rowBytes = (best.edge * components * best.type.byteCount + 3) / 4 * 4
    significantBits = 8 * best.type.byteCount
    claimedFrames = 0
    isCompressed = false
  }

  private static func damaged(_ reason: String) -> BrickworkError {
    BrickworkError(.damagedInput, reason: reason)
  }
}
