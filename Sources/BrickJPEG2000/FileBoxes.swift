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
  /// The entries of the file's channel definitions: component, type (0 is colour), place among the colours from 1 on.
  let channels: [(component: Int, type: Int, place: Int)]
  /// Further codestreams, which are not read.
  let furtherCodestreams: Int

  /// More boxes at the top level than any real file has.
  private static let mostBoxes = 100_000

  init(_ map: MappedFile) throws {
    let complaints = Complaints(path: map.path)
    let bytes = Span<UInt8>(_bytes: map.bytes)
    func begins(at place: Int) -> Bool {
      place <= bytes.count - 4 && bytes.word(place) == 0xFF4F_FF51
    }
    if begins(at: 0) {
      codestream = 0..<bytes.count
      (isBoxed, hasPalette, furtherCodestreams, channels) = (false, false, 0, [])
      return
    }
    var found: Range<Int>?
    var further = 0
    var palette = false
    var channels: [(component: Int, type: Int, place: Int)] = []
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
        try Self.forEachBox(bytes, content, complaints) { kind, content in
          if kind == 0x7063_6C72 { palette = true }  // pclr
          if kind == 0x6364_6566 { channels = Self.channels(bytes, content) }  // cdef
        }
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
    self.channels = channels
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

  /// Calls `body` with the boxes inside another, as far as they are whole.
  private static func forEachBox(
    _ bytes: Span<UInt8>, _ range: Range<Int>, _ complaints: Complaints,
    _ body: (_ kind: Int, _ content: Range<Int>) -> Void
  ) throws {
    var place = range.lowerBound
    var boxes = 0
    while place <= range.upperBound - 8, boxes < mostBoxes {
      boxes += 1
      let box = try box(bytes, at: place, within: range.upperBound, complaints)
      guard let content = box.content else { return }
      body(box.kind, content)
      place = content.upperBound
    }
  }

  private static func channels(_ bytes: Span<UInt8>, _ content: Range<Int>) -> [(
    component: Int, type: Int, place: Int
  )] {
    guard content.count >= 2 else { return [] }
    let count = min(bytes.half(content.lowerBound), (content.count - 2) / 6)
    return (0..<count).map { number in
      let place = content.lowerBound + 2 + 6 * number
      return (bytes.half(place), bytes.half(place + 2), bytes.half(place + 4))
    }
  }

  /// The component of each plane, nil where that is its own number: colours come in the order of their places, as
  /// every reader of JP2 files shows them.
  func order(of components: Int) -> [Int]? {
    var order = Array(0..<components)
    var left = channels
    for number in left.indices {
      let (component, type, place) = left[number]
      let target = place - 1
      guard type == 0, place != 0xFFFF, order.indices.contains(component),
        order.indices.contains(target), component != target
      else { continue }
      order.swapAt(component, target)
      for later in left.indices.dropFirst(number + 1) {
        if left[later].component == component {
          left[later].component = target
        } else if left[later].component == target {
          left[later].component = component
        }
      }
    }
    return order == Array(0..<components) ? nil : order
  }
}
