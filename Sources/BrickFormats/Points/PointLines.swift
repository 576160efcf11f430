internal import BrickCore
internal import BrickFiles

/// The lines of a text file of any length, one after the other at bounded memory.
struct PointLines {
  private let file: MappedFile
  /// Bytes read at once, and the longest line.
  private static let piece = 4 << 20

  init(_ path: String) throws { file = try MappedFile(path) }

  /// Calls `body` with each line that holds something, without its end; comments (`#`) and a byte order mark are left out.
  ///
  /// - Throws: `BrickworkError` for a line of more than 4 MiB, or if the file can't be read; what `body` throws.
  func forEach(_ body: (_ number: Int, _ line: ArraySlice<UInt8>) throws -> Void) throws {
    var buffer = [UInt8](repeating: 0, count: 2 * Self.piece)
    // Bytes of the buffer that are not yet used, and the place in the file behind them.
    var (filled, next, number) = (0, 0, 0)
    func take(_ line: ArraySlice<UInt8>) throws {
      number += 1
      var line = line
      if number == 1, line.starts(with: [0xEF, 0xBB, 0xBF]) { line = line.dropFirst(3) }
      if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
      guard let first = line.first(where: { $0 > 32 }), first != UInt8(ascii: "#") else { return }
      try body(number, line)
    }
    while next < file.count || filled > 0 {
      let end = min(file.count, next + Self.piece)
      do {
        var span = buffer.mutableSpan
        var bytes = unsafe span.mutableBytes
        file.copy(next..<end, to: &bytes, at: filled)
      }
      file.doneWith(next..<end)
      filled += end - next
      next = end
      var start = 0
      while let feed = buffer[start..<filled].firstIndex(of: UInt8(ascii: "\n")) {
        try take(buffer[start..<feed])
        start = feed + 1
      }
      if next == file.count {
        if start < filled { try take(buffer[start..<filled]) }
        filled = 0
        break
      }
      guard filled - start <= Self.piece else {
        throw BrickworkError(
          .damagedInput, path: file.path, place: "line \(number + 1)",
          reason: "has more than \(Self.piece) bytes", remedy: "Give a table of points as CSV")
      }
      buffer.replaceSubrange(0..<filled - start, with: buffer[start..<filled])
      filled -= start
      buffer.append(contentsOf: repeatElement(0, count: max(0, 2 * Self.piece - buffer.count)))
    }
    try file.checkIntact()
  }
}
