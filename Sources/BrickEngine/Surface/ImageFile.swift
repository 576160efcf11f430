internal import BrickCore
internal import BrickFiles

/// An image of one plane that grows row by row in a file without a name: images may be larger than memory.
struct ImageFile: Sendable {
  private let file: ScratchFile
  let type: VoxelType
  let width: Int

  /// - Parameter folder: where the file lies, with room for the image.
  init(width: Int, type: VoxelType, in folder: String) throws {
    file = try ScratchFile(in: folder)
    self.width = width
    self.type = type
  }

  /// Appends whole rows.
  func append(_ rows: RawSpan) throws { try file.append(rows) }

  /// Appends whole rows of numbers of the image's type.
  func append(_ rows: [Int32]) throws { try unsafe append(rows.span.bytes) }

  /// Appends whole rows of numbers of the image's type.
  func append(_ rows: [Double]) throws { try unsafe append(rows.span.bytes) }

  /// Appends the rows of a block of the image's type.
  func append(_ rows: borrowing VoxelBlock) throws { try append(rows.bytes) }

  /// The rows so far as a volume.
  var volume: any Volume {
    let height = width > 0 ? file.count / (width * type.byteCount) : 0
    return Rows(file: file, type: type, size: Index3(z: 1, y: height, x: width))
  }

  private struct Rows: Volume {
    let file: ScratchFile
    let type: VoxelType
    let size: Index3

    func read(into block: inout VoxelBlock) throws {
      checkBounds(block.box)
      let box = block.box
      guard !box.isEmpty else { return }
      let bytes = type.byteCount
      var target = block.mutableBytes
      // Whole rows lie one after the other.
      let (rows, row) =
        box.size.x == size.x
        ? (1, box.size.y * box.size.x * bytes) : (box.size.y, box.size.x * bytes)
      for y in 0..<rows {
        var part = target._mutatingExtracting(y * row..<(y + 1) * row)
        let first = (box.origin.y + y) * size.x + box.origin.x
        try file.read(at: first * bytes, into: &part)
      }
    }

    func scratchBytes(reading size: Index3) -> Int { 0 }
  }
}
