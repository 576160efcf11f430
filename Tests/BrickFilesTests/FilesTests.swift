import BrickCore
import BrickFiles
import BrickTestSupport
import Testing

private func code(_ body: () throws -> Void) -> BrickworkError.Code? {
  do {
    try body()
    return nil
  } catch {
    return (error as? BrickworkError)?.code
  }
}

@Suite struct ReplacingFileTests {
  @Test func nothingIsVisibleBeforeTheRename() throws {
    let folder = try TemporaryFolder()
    try Files.replace(folder("a"), with: [1])
    let file = try ReplacingFile(temporaryPath: folder("a.partial"))
    try unsafe file.append([UInt8]([2, 3]).span.bytes)
    try unsafe file.append([UInt8]([4]).span.bytes)
    #expect(file.count == 3)
    #expect(try Files.read(folder("a")) == [1])
    try file.seal()
    #expect(try Files.read(folder("a")) == [1])
    #expect(try Files.read(folder("a.partial")) == [2, 3, 4])
    try Files.rename(file.temporaryPath, to: folder("a"))
    try Files.flushFolder(folder.path)
    #expect(try Files.read(folder("a")) == [2, 3, 4])
    #expect(try Files.names(in: folder.path) == ["a"])
  }

  @Test func discardingLeavesNothing() throws {
    let folder = try TemporaryFolder()
    let file = try ReplacingFile(temporaryPath: folder("a.partial"))
    try unsafe file.append([UInt8]([2, 3]).span.bytes)
    file.discard()
    #expect(try Files.names(in: folder.path).isEmpty)
    let sealed = try ReplacingFile(temporaryPath: folder("b.partial"))
    try sealed.seal()
    sealed.discard()
    #expect(try Files.names(in: folder.path).isEmpty)
  }

  @Test func whatAKilledRunLeftIsEmptied() throws {
    let folder = try TemporaryFolder()
    try Files.replace(folder("a.partial"), with: [1, 2, 3, 4, 5])
    let file = try ReplacingFile(temporaryPath: folder("a.partial"))
    try unsafe file.append([UInt8]([9]).span.bytes)
    try file.seal()
    #expect(try Files.read(folder("a.partial")) == [9])
  }

  @Test func moreThanAWindowIsWrittenWhole() throws {
    let folder = try TemporaryFolder()
    let file = try ReplacingFile(temporaryPath: folder("a"))
    var expected: [UInt8] = []
    for piece in 0..<20 {
      let bytes = [UInt8](repeating: UInt8(piece), count: 1 << 20)
      try unsafe file.append(bytes.span.bytes)
      expected += bytes
    }
    try file.seal()
    #expect(try Files.read(folder("a")) == expected)
  }
}

@Suite struct FilesTests {
  @Test func aFileIsReplacedWithoutATrace() throws {
    let folder = try TemporaryFolder()
    try Files.replace(folder("a"), with: [1, 2])
    try Files.replace(folder("a"), with: [])
    #expect(try Files.read(folder("a")) == [] && Files.size(folder("a")) == 0)
    #expect(try Files.names(in: folder.path) == ["a"])
    #expect(code { try Files.replace(folder("no/a"), with: []) } == .missingInput)
  }

  @Test func readingStopsAtTheLimit() throws {
    let folder = try TemporaryFolder()
    try Files.replace(folder("a"), with: [1, 2, 3])
    #expect(try Files.read(folder("a"), limit: 3) == [1, 2, 3])
    #expect(code { _ = try Files.read(folder("a"), limit: 2) } == .damagedInput)
    #expect(code { _ = try Files.read(folder("b")) } == .missingInput)
  }

  @Test func namesAreSortedAndOfThisFolderAlone() throws {
    let folder = try TemporaryFolder()
    for name in ["b", "a10", "a9", ".hidden", "µ"] { try Files.replace(folder(name), with: []) }
    try Files.makeFolder(folder("z/inner"))
    #expect(try Files.names(in: folder.path) == [".hidden", "a10", "a9", "b", "z", "µ"])
    #expect(code { _ = try Files.names(in: folder("none")) } == .missingInput)
    #expect(code { _ = try Files.names(in: folder("b")) } == .inputOutput)
  }

  @Test func foldersAreMadeWithThoseAboveThem() throws {
    let folder = try TemporaryFolder()
    try Files.makeFolder(folder("a/b/c"))
    try Files.makeFolder(folder("a/b/c"))
    #expect(Files.isFolder(folder("a/b/c")) && Files.size(folder("a/b/c")) == nil)
    try Files.makeFolder("")
  }

  @Test func aFolderCanNotBeMadeWhereAFileIs() throws {
    let folder = try TemporaryFolder()
    try Files.replace(folder("file"), with: [1])
    for path in [folder("file"), folder("file/inner"), folder("file/a/b")] {
      let error = #expect(throws: BrickworkError.self) { try Files.makeFolder(path) }
      #expect(error?.code == .outputExists && error?.path == folder("file"))
    }
    #expect(try Files.read(folder("file")) == [1])
  }

  @Test func removingTakesAFolderWithWhatIsInIt() throws {
    let folder = try TemporaryFolder()
    try Files.makeFolder(folder("a/b"))
    try Files.replace(folder("a/b/file"), with: [1])
    try Files.replace(folder("c"), with: [1])
    try Files.remove(folder("a"))
    #expect(try Files.names(in: folder.path) == ["c"])
    try Files.remove(folder("c"))
    try Files.remove(folder("c"))
    #expect(!Files.exists(folder("c")))
  }

  @Test func pathsAreTakenApartAndPutTogether() {
    #expect(Files.folder(of: "/a/b") == "/a" && Files.name(of: "/a/b") == "b")
    #expect(Files.folder(of: "/a") == "/" && Files.name(of: "/a") == "a")
    #expect(Files.folder(of: "a") == "." && Files.name(of: "a") == "a")
    #expect(Files.join("/a", "b") == "/a/b" && Files.join("a", "/b") == "/b")
    #expect(Files.join(".", "b") == "b" && Files.join("", "b") == "b")
  }
}

@Suite struct FolderLockTests {
  @Test func aSecondLockIsRefusedUntilTheFirstIsGone() throws {
    let folder = try TemporaryFolder()
    var first: FolderLock? = try FolderLock(folder("lock"))
    #expect(first != nil)
    let error = #expect(throws: BrickworkError.self) { try FolderLock(folder("lock")) }
    #expect(error?.code == .outputExists && error?.path == folder.path)
    first = nil
    _ = try FolderLock(folder("lock"))
  }

  @Test func aLockWhoseFileWasDeletedHoldsNobodyUp() throws {
    let folder = try TemporaryFolder()
    let first = try FolderLock(folder("lock"))
    try Files.remove(folder("lock"))
    let second = try FolderLock(folder("lock"))
    #expect(throws: BrickworkError.self) { try FolderLock(folder("lock")) }
    withExtendedLifetime((first, second)) {}
  }

  @Test func aLockNeedsItsFolder() throws {
    let folder = try TemporaryFolder()
    #expect(code { _ = try FolderLock(folder("none/lock")) } == .missingInput)
  }
}

@Suite struct ChecksumTests {
  @Test func theChecksumIsThatOfTheStandard() {
    let text = Array("123456789".utf8)
    #expect(unsafe CRC32C.checksum(text.span.bytes) == 0xE306_9283)
    #expect(unsafe CRC32C.checksum([UInt8]().span.bytes) == 0)
    // RFC 3720, section B.4.
    #expect(unsafe CRC32C.checksum([UInt8](repeating: 0, count: 32).span.bytes) == 0x8A91_36AA)
    #expect(unsafe CRC32C.checksum([UInt8](repeating: 255, count: 32).span.bytes) == 0x62A8_AB43)
  }

  @Test func aChecksumContinuesAtAnyPlace() {
    var random = SplitMix64(seed: 4)
    let bytes = (0..<300).map { _ in UInt8.random(in: 0...255, using: &random) }
    let whole = unsafe CRC32C.checksum(bytes.span.bytes)
    for cut in 0...bytes.count {
      let start = unsafe CRC32C.checksum(bytes.span.bytes.extracting(0..<cut))
      let all = unsafe CRC32C.checksum(
        bytes.span.bytes.extracting(cut..<bytes.count), continuing: start)
      #expect(all == whole)
    }
  }
}
