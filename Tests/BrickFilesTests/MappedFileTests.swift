import BrickCore
import BrickFiles
import BrickTestSupport
import Foundation
import Testing

@Suite struct MappedFileTests {
  private func bytes(of file: MappedFile) -> [UInt8] {
    let bytes = Span<UInt8>(_bytes: file.bytes)
    return (0..<bytes.count).map { bytes[$0] }
  }

  @Test func theBytesAreThoseOfTheFile() throws {
    let folder = try TemporaryFolder()
    var random = SplitMix64(seed: 5)
    let written = (0..<200_000).map { _ in UInt8.random(in: 0...255, using: &random) }
    try Files.replace(folder("a"), with: written)
    let file = try MappedFile(folder("a"))
    #expect(file.count == written.count)
    file.willNeed(0..<written.count)
    #expect(bytes(of: file) == written)
    for range in [0..<10, 100_000..<Int.max, -5..<3, 150_000..<150_000] { file.doneWith(range) }
    #expect(bytes(of: file) == written)
    try file.checkIntact()
  }

  @Test func anEmptyFileIsMapped() throws {
    let folder = try TemporaryFolder()
    try Files.replace(folder("a"), with: [])
    let file = try MappedFile(folder("a"))
    #expect(file.count == 0 && bytes(of: file) == [])
    file.willNeed(0..<10)
    file.doneWith(0..<10)
    try file.checkIntact()
  }

  @Test func aFileCutWhileItIsMappedReadsAsZerosAndIsNoticed() throws {
    let folder = try TemporaryFolder()
    let count = 1 << 18
    try Files.replace(folder("a"), with: [UInt8](repeating: 7, count: count))
    try Files.replace(folder("b"), with: [UInt8](repeating: 8, count: count))
    let file = try MappedFile(folder("a"))
    let other = try MappedFile(folder("b"))
    let handle = try #require(FileHandle(forWritingAtPath: folder("a")))
    try handle.truncate(atOffset: UInt64(count / 2))
    try handle.close()
    let read = bytes(of: file)
    #expect(read[..<(count / 2)].allSatisfy { $0 == 7 })
    #expect(read[(count / 2)...].allSatisfy { $0 == 0 })
    let error = #expect(throws: BrickworkError.self) { try file.checkIntact() }
    #expect(error?.code == .inputOutput && error?.path == folder("a"))
    #expect(error?.reason.contains("\(count) bytes when it was opened") == true)
    // The damage is this file's alone.
    #expect(bytes(of: other).allSatisfy { $0 == 8 })
    try other.checkIntact()
  }

  @Test func aFolderIsNoFile() throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: BrickworkError.self) { try MappedFile(folder.path) }
    #expect(error?.code == .damagedInput)
    #expect(error?.description.hasPrefix("\(folder.path): is not a regular file.") == true)
  }

  @Test func aMissingFileSaysWhatToDo() throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: BrickworkError.self) { try MappedFile(folder("none")) }
    #expect(error?.code == .missingInput)
    #expect(
      error?.description
        == "\(folder("none")): could not open: No such file or directory. Check the path; it is taken "
        + "from the current folder")
  }

  @Test func longCopiesAreTheBytesOfTheMappedFileAlsoWhenAnotherTakesItsName() throws {
    let folder = try TemporaryFolder()
    let old = (0..<(3 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 11) }
    try Files.replace(folder("a"), with: old)
    let file = try MappedFile(folder("a"))
    func check(_ range: Range<Int>) throws {
      var target = [UInt8](repeating: 0xEE, count: range.count + 10)
      unsafe target.withUnsafeMutableBytes { buffer in
        var bytes = unsafe MutableRawSpan(_unsafeBytes: buffer)
        file.copy(range, to: &bytes, at: 7)
      }
      #expect(
        target.prefix(7).allSatisfy { $0 == 0xEE } && target.suffix(3).allSatisfy { $0 == 0xEE })
      #expect(Array(target[7..<7 + range.count]) == Array(old[range]))
    }
    // Below and above the length from which a call reads.
    let ranges = [0..<0, 5..<900, 1..<(1 << 20) + 4, 100..<(3 << 20), 0..<(3 << 20)]
    for range in ranges { try check(range) }
    try Files.replace(folder("a"), with: Array(repeating: 1, count: 3 << 20))
    for range in ranges { try check(range) }
    try file.checkIntact()
  }
}
