internal import BrickCore
internal import BrickFiles
internal import COpenJPEG

/// Calls into OpenJPEG: the only place that decodes.
enum OpenJPEG {
  /// What to decode of a stream.
  struct Request {
    /// Columns and rows of the reference grid.
    var x: Range<Int>
    var y: Range<Int>
    /// The resolution is divided by two to this power.
    var reduction: Int
    /// Components of the stream, all where it is empty.
    var only: Range<Int> = 0..<0
    /// Components that come out.
    var count: Int
    var type: VoxelType
    /// Whether rows are written as columns.
    var transposes: Bool
    /// For errors.
    var place: String

    var width: Int { shiftedUp(x.upperBound, reduction) - shiftedUp(x.lowerBound, reduction) }
    var height: Int { shiftedUp(y.upperBound, reduction) - shiftedUp(y.lowerBound, reduction) }
  }

  /// Decodes on this thread into a block of `count` planes, whose box has that size.
  static func decode(
    _ stream: TileStream, _ request: Request, _ map: MappedFile, into block: inout VoxelBlock
  ) throws {
    let complaints = Complaints(path: map.path)
    for range in stream.data { map.willNeed(range) }
    defer { for range in stream.data { map.doneWith(range) } }
    let end: [UInt8] = stream.needsEnd ? [0xFF, 0xD9] : []
    try unsafe stream.header.withUnsafeBufferPointer { header in
      try unsafe end.withUnsafeBufferPointer { end in
        try unsafe map.bytes.withUnsafeBytes { file in
          guard let base = unsafe file.baseAddress?.assumingMemoryBound(to: UInt8.self) else {
            throw complaints.damaged(request.place, "is empty")
          }
          var ranges: [copj_range] = unsafe []
          unsafe ranges.append(copj_range(base: header.baseAddress, size: UInt64(header.count)))
          for range in stream.data where !range.isEmpty {
            unsafe ranges.append(
              copj_range(base: base + range.lowerBound, size: UInt64(range.count)))
          }
          unsafe ranges.append(copj_range(base: end.baseAddress, size: UInt64(end.count)))
          // Runs of no bytes would stop the reading.
          unsafe ranges.removeAll { unsafe $0.size == 0 }
          try unsafe run(ranges, UInt64(stream.byteCount + end.count), request, complaints, &block)
        }
      }
    }
    try map.checkIntact()
  }

  private static func run(
    _ ranges: [copj_range], _ size: UInt64, _ request: Request, _ complaints: Complaints,
    _ block: inout VoxelBlock
  ) throws {
    var source = unsafe copj_source()
    let only = request.only.map { UInt32($0) }
    let image = unsafe ranges.withUnsafeBufferPointer { ranges in
      unsafe only.withUnsafeBufferPointer { only in
        unsafe source.ranges = ranges.baseAddress
        unsafe source.count = UInt64(ranges.count)
        unsafe source.size = size
        var wanted = unsafe copj_request()
        unsafe wanted.area = (
          Int32(request.x.lowerBound), Int32(request.y.lowerBound), Int32(request.x.upperBound),
          Int32(request.y.upperBound)
        )
        unsafe wanted.reduction = UInt32(request.reduction)
        unsafe wanted.components = only.baseAddress
        unsafe wanted.component_count = UInt32(only.count)
        return unsafe copj_decode(&source, &wanted)
      }
    }
    guard let image = unsafe image else {
      let words = unsafe String(cString: copj_source_complaint(&source))
      throw complaints.damaged(
        request.place, "can't be decoded\(words.isEmpty ? "" : ": \(words)")")
    }
    defer { unsafe opj_image_destroy(image) }
    guard unsafe image.pointee.numcomps == UInt32(request.count) else {
      throw complaints.damaged(
        request.place,
        "decodes to \(unsafe image.pointee.numcomps) components instead of \(request.count)")
    }
    let (width, height) = (request.width, request.height)
    for number in 0..<request.count {
      let component = unsafe image.pointee.comps[number]
      guard let samples = unsafe component.data, unsafe Int(component.w) == width,
        unsafe Int(component.h) == height
      else {
        throw complaints.damaged(
          request.place,
          "decodes to \(unsafe component.w) × \(unsafe component.h) pixels instead of \(width) × \(height)"
        )
      }
      let plane = unsafe UnsafeBufferPointer(start: samples, count: width * height).span
      Samples.write(plane, width: width, to: &block, plane: number, transposes: request.transposes)
    }
  }
}
