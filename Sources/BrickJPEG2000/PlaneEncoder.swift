internal import BrickCore
internal import COpenJPEG

/// One plane, or a tile of it, coded without loss as a codestream of its own.
struct EncodedPlane: Sendable {
  /// The segments that say how it is coded, COD and QCD, with their markers.
  let coding: [UInt8]
  /// Its packets.
  let packets: [UInt8]
}

/// Codes planes with OpenJPEG.
enum PlaneEncoder {
  /// Bytes that coding a plane of so many samples takes: OpenJPEG's samples twice, and its buffers.
  static func scratchBytes(samples: Int, type: VoxelType) -> Int {
    let code = samples * type.byteCount
    return samples * 8 + code * 5 + (4 << 20)
  }

  /// Codes the voxels of a view of one plane, whose place on the reference grid is its box's.
  static func encode(_ view: borrowing VoxelView, path: String) throws -> EncodedPlane {
    let (box, type) = (view.box, view.type)
    let (width, height) = (box.size.x, box.size.y)
    guard
      let image = unsafe copj_plane(
        UInt32(box.origin.x), UInt32(box.origin.y), UInt32(width), UInt32(height),
        UInt32(type.byteCount * 8), type.isSigned ? 1 : 0)
    else {
      throw failure(path, box, "no memory for \(width) × \(height) samples")
    }
    defer { unsafe opj_image_destroy(image) }
    guard let samples = unsafe image.pointee.comps[0].data else {
      throw failure(path, box, "no memory for \(width) × \(height) samples")
    }
    var target = unsafe UnsafeMutableBufferPointer(start: samples, count: width * height)
      .mutableSpan
    Samples.read(view, into: &target)
    var sink = unsafe copj_sink()
    unsafe sink.limit = UInt64(width * height * type.byteCount * 2 + (1 << 20))
    defer { unsafe free(sink.base) }
    // As many decompositions as usual, as long as a side has a sample for each.
    let resolutions = min(6, Int.bitWidth - min(width, height).leadingZeroBitCount)
    guard unsafe copj_encode(image, UInt32(resolutions), &sink) == 1 else {
      throw failure(path, box, unsafe String(cString: copj_sink_complaint(&sink)))
    }
    let code = unsafe UnsafeBufferPointer(start: UnsafePointer(sink.base), count: Int(sink.size))
    return try parts(unsafe code.span, path, box)
  }

  private static func parts(_ code: Span<UInt8>, _ path: String, _ box: Box3) throws
    -> EncodedPlane
  {
    let complaints = Complaints(path: path)
    let (segments, sot) = try MarkerSegment.list(
      code, from: 2, end: code.count, until: .sot, complaints)
    var coding: [UInt8] = []
    for segment in segments where segment.marker == .cod || segment.marker == .qcd {
      for place in segment.body.lowerBound - 4..<segment.body.upperBound {
        coding.append(code[place])
      }
    }
    guard sot <= code.count - 12, code.word(sot + 6) <= code.count - sot else {
      throw failure(path, box, "its codestream is not as expected")
    }
    let end = sot + code.word(sot + 6)
    let sod = try MarkerSegment.list(code, from: sot + 12, end: end, until: .sod, complaints).end
    var packets: [UInt8] = []
    packets.reserveCapacity(end - sod)
    for place in sod + 2..<end { packets.append(code[place]) }
    return EncodedPlane(coding: coding, packets: packets)
  }

  private static func failure(_ path: String, _ box: Box3, _ reason: String) -> BrickworkError {
    BrickworkError(
      .inputOutput, path: path, place: "plane \(box.origin.z)",
      reason: "OpenJPEG can't code it: \(reason)")
  }
}
