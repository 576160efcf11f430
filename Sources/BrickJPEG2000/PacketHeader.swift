internal import BrickCore

/// Reads bits of packet headers: after a byte 255 a byte has seven (ISO/IEC 15444-1 B.10.1).
struct PacketBits {
  /// The next byte to take.
  private(set) var place: Int
  private let end: Int
  private var byte = 0
  private var left = 0

  struct End: Error {}

  init(at place: Int, end: Int) {
    self.place = place
    self.end = end
  }

  mutating func bit(_ bytes: Span<UInt8>) throws(End) -> Int {
    if left == 0 {
      guard place < end else { throw End() }
      left = byte == 255 ? 7 : 8
      byte = Int(bytes[place])
      place += 1
    }
    left -= 1
    return (byte >> left) & 1
  }

  mutating func bits(_ count: Int, _ bytes: Span<UInt8>) throws(End) -> Int {
    var value = 0
    for _ in 0..<count { value = try value << 1 | bit(bytes) }
    return value
  }

  /// Goes to the byte behind the header.
  mutating func align() throws(End) {
    if byte == 255 {
      guard place < end else { throw End() }
      place += 1
    }
    (byte, left) = (0, 0)
  }
}

/// A tree of minima that many small numbers are coded with (B.10.2).
struct TagTree {
  private var values: [Int32]
  private var lows: [Int32]
  private var parents: [Int32]

  init(wide: Int, high: Int) {
    parents = []
    var (width, height, first) = (wide, high, 0)
    while width > 0 && height > 0 {
      let next = first + width * height
      let above = (width + 1) / 2
      let isRoot = width * height == 1
      for y in 0..<height {
        for x in 0..<width { parents.append(isRoot ? -1 : Int32(next + y / 2 * above + x / 2)) }
      }
      if isRoot { break }
      (width, height, first) = (above, (height + 1) / 2, next)
    }
    values = Array(repeating: .max, count: parents.count)
    lows = Array(repeating: 0, count: parents.count)
  }

  /// Whether the number at a leaf is below `threshold`; reads as many bits as that takes.
  mutating func isBelow(
    _ threshold: Int32, leaf: Int, _ bits: inout PacketBits, _ bytes: Span<UInt8>
  ) throws(PacketBits.End) -> Bool {
    try descend(leaf, threshold, &bits, bytes)
    return values[leaf] < threshold
  }

  private mutating func descend(
    _ node: Int, _ threshold: Int32, _ bits: inout PacketBits, _ bytes: Span<UInt8>
  ) throws(PacketBits.End) {
    var low = lows[node]
    let parent = Int(parents[node])
    if parent >= 0 {
      // Depth is at most 11: a precinct has at most 2^15 blocks along an axis, halved each time.
      try descend(parent, threshold, &bits, bytes)
      low = max(low, lows[parent])
    }
    while low < threshold && low < values[node] {
      if try bits.bit(bytes) == 1 { values[node] = low } else { low += 1 }
    }
    lows[node] = low
  }
}

/// What earlier packets said of the code-blocks of a precinct: one for each band.
struct PrecinctState {
  struct Band {
    let wide: Int
    let high: Int
    var inclusion: TagTree
    var zeroPlanes: TagTree
    /// Bits of a length, 0 where the block was in no packet yet.
    var lengthBits: [UInt8]
    /// Passes of the segment being filled, and how many it takes at most.
    var passes: [UInt8]
    var mostPasses: [UInt8]
  }
  var bands: [Band]

  init(_ component: TileComponent, resolution: Int, precinctX: Int, precinctY: Int) {
    bands = component.bands(resolution).map { band in
      let (wide, high) = component.blocks(
        resolution, band, precinctX: precinctX, precinctY: precinctY)
      return Band(
        wide: wide, high: high, inclusion: TagTree(wide: wide, high: high),
        zeroPlanes: TagTree(wide: wide, high: high),
        lengthBits: Array(repeating: 0, count: wide * high),
        passes: Array(repeating: 0, count: wide * high),
        mostPasses: Array(repeating: 0, count: wide * high))
    }
  }

  /// Reads the header of the precinct's packet of a layer, behind SOP.
  ///
  /// - Returns: the bytes of code that follow the header.
  mutating func read(
    layer: Int, blockStyle: Int, _ bits: inout PacketBits, _ bytes: Span<UInt8>
  ) throws(PacketBits.End) -> Int {
    guard try bits.bit(bytes) == 1 else { return 0 }
    var total = 0
    for number in bands.indices {
      for block in 0..<bands[number].lengthBits.count {
        total += try bands[number].read(
          block, layer: Int32(layer), blockStyle, &bits, bytes)
      }
    }
    return total
  }
}

extension PrecinctState.Band {
  fileprivate mutating func read(
    _ block: Int, layer: Int32, _ blockStyle: Int, _ bits: inout PacketBits, _ bytes: Span<UInt8>
  ) throws(PacketBits.End) -> Int {
    if lengthBits[block] == 0 {
      guard try inclusion.isBelow(layer + 1, leaf: block, &bits, bytes) else { return 0 }
      var planes: Int32 = 1
      while try !zeroPlanes.isBelow(planes, leaf: block, &bits, bytes) {
        planes += 1
        if planes > 100 { throw PacketBits.End() }
      }
      lengthBits[block] = 3
    } else {
      guard try bits.bit(bytes) == 1 else { return 0 }
    }
    var passesLeft = try Self.passCount(&bits, bytes)
    while try bits.bit(bytes) == 1 {
      lengthBits[block] += 1
      if lengthBits[block] > 40 { throw PacketBits.End() }
    }
    var total = 0
    while passesLeft > 0 {
      if passes[block] == mostPasses[block] {
        mostPasses[block] = Self.mostPasses(after: mostPasses[block], blockStyle)
        passes[block] = 0
      }
      let taken = min(passesLeft, Int(mostPasses[block] - passes[block]))
      let widthOfPasses = Int.bitWidth - 1 - taken.leadingZeroBitCount
      total += try bits.bits(Int(lengthBits[block]) + widthOfPasses, bytes)
      // A length beyond the file ends the reading; the sum of a packet's must not overflow before.
      if total > 1 << 48 { throw PacketBits.End() }
      passes[block] += UInt8(taken)
      passesLeft -= taken
    }
    return total
  }

  /// Passes of the next segment of code: one where each ends it, ten and then two and one by turns with raw
  /// passes, otherwise all (B.10.7.2, table D.9).
  private static func mostPasses(after last: UInt8, _ blockStyle: Int) -> UInt8 {
    if blockStyle & 4 != 0 { return 1 }
    if blockStyle & 1 != 0 { return last == 0 ? 10 : last == 2 ? 1 : 2 }
    return 164
  }

  /// The number of new passes, 1 to 164 (table B.4).
  private static func passCount(
    _ bits: inout PacketBits, _ bytes: Span<UInt8>
  ) throws(PacketBits.End) -> Int {
    guard try bits.bit(bytes) == 1 else { return 1 }
    guard try bits.bit(bytes) == 1 else { return 2 }
    let two = try bits.bits(2, bytes)
    if two < 3 { return 3 + two }
    let five = try bits.bits(5, bytes)
    if five < 31 { return 6 + five }
    return try 37 + bits.bits(7, bytes)
  }
}
