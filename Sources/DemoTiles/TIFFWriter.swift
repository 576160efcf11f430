internal import BrickFiles

/// Writes one uncompressed 16-bit stack as an OME-TIFF: a page per plane, all planes in one run.
///
/// Layout after TIFF 6.0 (little-endian, one strip a page); the first page carries the OME-XML with the
/// voxel size and the stage position.
struct TIFFWriter {
  let width: Int
  let height: Int
  let depth: Int

  func write(_ voxels: [UInt16], omeXML: String, to path: String) throws {
    let planeBytes = width * height * 2
    let pixels = 8
    let description = Array(omeXML.utf8) + [0]
    let descriptionAt = pixels + planeBytes * depth
    let firstPageAt = (descriptionAt + description.count + 1) / 2 * 2

    var head: [UInt8] = [0x49, 0x49, 42, 0]
    appendNumber(UInt32(firstPageAt), to: &head)
    var tail = description
    while (descriptionAt + tail.count) % 2 != 0 { tail.append(0) }
    for page in 0..<depth {
      let fields = fields(
        pixelsAt: pixels + page * planeBytes, planeBytes: planeBytes,
        description: page == 0 ? (descriptionAt, description.count) : nil)
      appendNumber(UInt16(fields.count), to: &tail)
      for field in fields { field.append(to: &tail) }
      let next = descriptionAt + tail.count + 4
      appendNumber(UInt32(page + 1 < depth ? next : 0), to: &tail)
    }

    let file = try ReplacingFile(temporaryPath: path + ".partial")
    do {
      try unsafe file.append(head.span.bytes)
      // A plane at a time, so that the little-endian copy stays small.
      for page in 0..<depth {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(planeBytes)
        for voxel in voxels[page * width * height..<(page + 1) * width * height] {
          appendNumber(voxel, to: &bytes)
        }
        try unsafe file.append(bytes.span.bytes)
      }
      try unsafe file.append(tail.span.bytes)
      try file.seal()
      try Files.rename(path + ".partial", to: path)
    } catch {
      file.discard()
      throw error
    }
  }

  private struct Field {
    var tag: UInt16
    var type: UInt16
    var count: UInt32
    var value: UInt32

    static func short(_ tag: UInt16, _ value: Int) -> Field {
      Field(tag: tag, type: 3, count: 1, value: UInt32(value))
    }
    static func long(_ tag: UInt16, _ value: Int) -> Field {
      Field(tag: tag, type: 4, count: 1, value: UInt32(value))
    }

    func append(to bytes: inout [UInt8]) {
      appendNumber(tag, to: &bytes)
      appendNumber(type, to: &bytes)
      appendNumber(count, to: &bytes)
      appendNumber(value, to: &bytes)
    }
  }

  /// The page's fields in ascending order of their tags, as the format asks for.
  private func fields(pixelsAt: Int, planeBytes: Int, description: (at: Int, count: Int)?)
    -> [Field]
  {
    var fields: [Field] = [
      .long(256, width), .long(257, height), .short(258, 16), .short(259, 1), .short(262, 1),
    ]
    if let description {
      fields.append(
        Field(tag: 270, type: 2, count: UInt32(description.count), value: UInt32(description.at)))
    }
    fields += [
      .long(273, pixelsAt), .short(277, 1), .long(278, height), .long(279, planeBytes),
      .short(339, 1),
    ]
    return fields
  }
}

private func appendNumber<Number: FixedWidthInteger>(_ number: Number, to bytes: inout [UInt8]) {
  for shift in stride(from: 0, to: Number.bitWidth, by: 8) {
    bytes.append(UInt8(truncatingIfNeeded: number >> Number(shift)))
  }
}
