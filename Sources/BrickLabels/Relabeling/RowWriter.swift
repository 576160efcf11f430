internal import BrickCore
internal import BrickFiles

/// Writes rows of whole numbers as text, a piece at a time, and puts the file in place when it is whole.
struct RowWriter: ~Copyable {
  private let path: String
  private let file: ReplacingFile
  private var buffer: [UInt8] = []
  private static let piece = 1 << 20

  init(_ path: String, header: String) throws {
    self.path = path
    file = try ReplacingFile(temporaryPath: path + ".partial")
    buffer.reserveCapacity(Self.piece + 256)
    buffer += header.utf8
    buffer.append(UInt8(ascii: "\n"))
  }

  /// Writes text as it is.
  mutating func text(_ text: String) throws {
    buffer += text.utf8
    try flushIfFull()
  }

  /// Writes a row of numbers.
  mutating func row(_ numbers: UInt64...) throws {
    for (place, number) in numbers.enumerated() {
      if place > 0 { buffer.append(UInt8(ascii: ",")) }
      append(number)
    }
    buffer.append(UInt8(ascii: "\n"))
    try flushIfFull()
  }

  private mutating func append(_ number: UInt64) {
    let start = buffer.count
    var left = number
    repeat {
      let (quotient, digit) = left.quotientAndRemainder(dividingBy: 10)
      buffer.append(UInt8(ascii: "0") + UInt8(digit))
      left = quotient
    } while left > 0
    buffer[start...].reverse()
  }

  private mutating func flushIfFull() throws {
    if buffer.count >= Self.piece { try flush() }
  }

  private mutating func flush() throws {
    try unsafe file.append(buffer.span.bytes)
    buffer.removeAll(keepingCapacity: true)
  }

  /// Makes the file durable under its name.
  consuming func finish() throws {
    do {
      try flush()
      try file.seal()
      try Files.rename(file.temporaryPath, to: path)
    } catch {
      file.discard()
      throw error
    }
    try Files.flushFolder(Files.folder(of: path))
  }

  /// Deletes what was written.
  consuming func discard() { file.discard() }
}
