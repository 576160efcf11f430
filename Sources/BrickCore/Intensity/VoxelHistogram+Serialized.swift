// A histogram as bytes, for the records of a run: what a finished shard counted need not be read again.
//
// version 1 · place of the type in `VoxelType.allCases` · NaN count · number of non-empty bins ·
// for each: distance from the bin before (from −1 for the first), count · for wide types that counted
// anything: smallest and largest key. Numbers are unsigned LEB128, as in Protocol Buffers.

extension VoxelHistogram {
  private static let version: UInt64 = 1

  /// The histogram as bytes: a few for each value that occurs.
  public func serialized() -> [UInt8] {
    var writer = NumberWriter()
    writer.append(Self.version)
    writer.append(UInt64(VoxelType.allCases.firstIndex(of: type) ?? 0))
    writer.append(UInt64(nanCount))
    writer.append(UInt64(bins.count { $0 > 0 }))
    var last = -1
    for (bin, count) in bins.enumerated() where count > 0 {
      writer.append(UInt64(bin - last))
      writer.append(UInt64(count))
      last = bin
    }
    if !isExact && count > 0 {
      writer.append(smallestKey)
      writer.append(largestKey)
    }
    return writer.bytes
  }

  /// Reads what `serialized` made; nil if the bytes are anything else.
  public init?(serialized bytes: [UInt8]) {
    var reader = NumberReader(bytes)
    guard reader.next() == Self.version,
      let place = reader.nextInt(below: VoxelType.allCases.count),
      let nanCount = reader.nextInt(), let filled = reader.nextInt()
    else { return nil }
    self.init(type: VoxelType.allCases[place])
    self.nanCount = nanCount
    guard type.isFloat || nanCount == 0, filled <= bins.count else { return nil }
    var last = -1
    for _ in 0..<filled {
      guard let distance = reader.nextInt(below: bins.count - last), distance > 0,
        let counted = reader.nextInt(), counted > 0
      else { return nil }
      last += distance
      bins[last] = counted
      let (sum, overflow) = count.addingReportingOverflow(counted)
      if overflow { return nil }
      count = sum
    }
    if !isExact && count > 0 {
      guard let smallest = reader.next(), let largest = reader.next(), smallest <= largest,
        isEnd(smallest, of: bins.firstIndex { $0 > 0 }), isEnd(largest, of: last)
      else { return nil }
      (smallestKey, largestKey) = (smallest, largest)
    }
    guard reader.isAtEnd, !count.addingReportingOverflow(nanCount).overflow else { return nil }
  }

  /// Whether a key of the type falls into a bin.
  private func isEnd(_ key: UInt64, of bin: Int?) -> Bool {
    // A key beyond the type's bits gives a number beyond every bin.
    bin.map { key >> UInt64(type.keyBits - 16) == UInt64($0) } ?? false
  }
}

private struct NumberWriter {
  var bytes: [UInt8] = []

  mutating func append(_ number: UInt64) {
    var rest = number
    while rest >= 128 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 128)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}

private struct NumberReader {
  private let bytes: [UInt8]
  private var place = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { place == bytes.count }

  /// The next number; nil at the end, or where it exceeds 64 bits or is longer than it need be.
  mutating func next() -> UInt64? {
    var number: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard place < bytes.count else { return nil }
      let byte = bytes[place]
      place += 1
      if shift == 63 && byte > 1 { return nil }
      number |= UInt64(byte & 127) << shift
      if byte < 128 { return byte == 0 && shift > 0 ? nil : number }
    }
    return nil
  }

  mutating func nextInt(below limit: Int = .max) -> Int? {
    next().flatMap { Int(exactly: $0) }.flatMap { $0 < limit ? $0 : nil }
  }
}
