internal import BrickCore
internal import BrickFiles

/// Where the codestream of a JPEG 2000 file lies, and what the boxes around it say.
///
/// Source: ISO/IEC 15444-1 annex I. A bare codestream has no boxes.
struct FileBoxes: Sendable {
  /// The bytes of the codestream in the file.
  let codestream: Range<Int>
  /// Whether there are boxes at all.
  let isBoxed: Bool
  /// The colour table of the file, whose entries would be colours: voxels are the entries' numbers.
  let hasPalette: Bool
  /// Further codestreams, which are not read.
  let furtherCodestreams: Int

  private static let codestreamStart = [0xFF, 0x4F, 0xFF, 0x51]
  /// More boxes at the top level than any real file has.
  private static let mostBoxes = 100_000

  init(_ map: MappedFile) throws {
    let complaints = Complaints(path: map.path)
    let bytes = Span<UInt8>(_bytes: map.bytes)
    func begins(at place: Int) -> Bool {
      place <= bytes.count - 4 && (0..<4).allSatisfy { bytes.byte(place + $0) == Self.codestreamStart[$0] }
    }
    if begins(at: 0) {
      codestream = 0..<bytes.count
      (isBoxed, hasPalette, furtherCodestreams) = (false, false, 0)
      return
    }
    var found: Range<Int>?
    var further = 0
    var palette = false
    var place = 0
    var boxes = 0
    while place <= bytes.count - 8, boxes < Self.mostBoxes {
      boxes += 1
      let box = try Self.box(bytes, at: place, within: bytes.count, complaints)
      let isCodestream = box.kind == 0x6A70_3263  // jp2c
      guard let content = box.content else {
        // A cut codestream is told by its tile-parts, with better words; any other box is only reported.
        if isCodestream && found == nil { found = box.start..<bytes.count }
        break
      }
      if isCodestream {
        if found == nil { found = content } else { further += 1 }
      } else if box.kind == 0x6A70_3268 {  // jp2h
        palette = try palette || Self.holdsPalette(bytes, content, complaints)
      }
      place = content.upperBound
    }
    guard let found else {
      throw complaints.damaged(
        "box \(boxes), byte \(place)",
        "holds no codestream: no jp2c box among the boxes before")
    }
    guard begins(at: found.lowerBound) else {
      throw complaints.damaged(
        "byte \(found.lowerBound)", "its jp2c box does not begin with the markers SOC and SIZ")
    }
    codestream = found
    (isBoxed, hasPalette, furtherCodestreams) = (true, palette, further)
  }

  /// A box at a place where at least 8 bytes are: its kind, and its content, nil where that leaves `end`.
  private static func box(
    _ bytes: Span<UInt8>, at place: Int, within end: Int, _ complaints: Complaints
  ) throws -> (kind: Int, start: Int, content: Range<Int>?) {
    let kind = bytes.word(place + 4)
    switch bytes.word(place) {
    case 0: return (kind, place + 8, place + 8..<end)
    case 1:
      guard place <= end - 16, let length = bytes.long(place + 8), length >= 16 else {
        throw complaints.damaged("byte \(place)", "a box ends before its own length")
      }
      let start = place + 16
      return (kind, start, length <= end - place ? start..<place + length : nil)
    case let length:
      guard length >= 8 else {
        throw complaints.damaged(
          "byte \(place)", "a box says that it has \(length) bytes, and 8 is the least")
      }
      return (kind, place + 8, length <= end - place ? place + 8..<place + length : nil)
    }
  }

  private static func holdsPalette(
    _ bytes: Span<UInt8>, _ range: Range<Int>, _ complaints: Complaints
  ) throws -> Bool {
    var place = range.lowerBound
    var boxes = 0
    while place <= range.upperBound - 8, boxes < mostBoxes {
      boxes += 1
      let box = try box(bytes, at: place, within: range.upperBound, complaints)
      if box.kind == 0x7063_6C72 { return true }  // pclr
      guard let content = box.content else { return false }
      place = content.upperBound
    }
    return false
  }
}
