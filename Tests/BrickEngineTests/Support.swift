import BrickCore
import BrickTestSupport
import Synchronization

/// Volumes that fail together after a number of reads, like a disk that is pulled out.
final class FailingReads: Sendable {
  private let left: Atomic<Int>

  init(after reads: Int) { left = Atomic(reads) }

  func volume(_ base: any Volume) -> any Volume { View(base: base, reads: self) }

  private func count() throws {
    guard left.wrappingSubtract(1, ordering: .relaxed).newValue >= 0 else {
      throw BrickworkError(.inputOutput, path: "tile", reason: "the disk is gone")
    }
  }

  private struct View: Volume {
    let base: any Volume
    let reads: FailingReads
    var type: VoxelType { base.type }
    var size: Index3 { base.size }

    func read(into block: inout VoxelBlock) throws {
      try reads.count()
      try base.read(into: &block)
    }

    func scratchBytes(reading size: Index3) -> Int { base.scratchBytes(reading: size) }
    func decodedBytes(reading box: Box3) -> Int { base.decodedBytes(reading: box) }
  }
}

/// A volume whose planes are compressed as a whole, as far as the engine can tell: each is "decoded" through the cache.
struct PagedVolume: Volume {
  let base: any Volume
  let cache: PieceCache
  let source: Int
  /// Where the volume's planes begin in the file's, for files whose pages hold several channels.
  var type: VoxelType { base.type }
  var size: Index3 { base.size }

  init(_ base: any Volume, cache: PieceCache, source: Int? = nil) {
    self.base = base
    self.cache = cache
    self.source = source ?? cache.newSource()
  }

  func read(into block: inout VoxelBlock) throws {
    let box = block.box
    for z in box.origin.z..<box.end.z {
      let page = Box3(origin: Index3(z: z, y: 0, x: 0), size: Index3(z: 1, y: size.y, x: size.x))
      // What is lent is thrown away: only the accounts of the cache matter here.
      _ = try cache.piece(.init(source: source, piece: z)) { .init(try base.block(of: page)) }
    }
    try base.read(into: &block)
  }

  func scratchBytes(reading size: Index3) -> Int { base.scratchBytes(reading: size) }

  func decodedBytes(reading box: Box3) -> Int {
    guard !box.isEmpty else { return 0 }
    return box.size.z * BlockStorage.footprint(of: size.y * size.x * type.byteCount)
  }
}

extension VoxelBlock {
  /// Whether another block holds the same bytes.
  borrowing func hasSameBytes(as other: borrowing VoxelBlock) -> Bool {
    let (mine, theirs) = (bytes, other.bytes)
    guard mine.byteCount == theirs.byteCount else { return false }
    return unsafe mine.withUnsafeBytes { a in
      unsafe theirs.withUnsafeBytes { b in unsafe a.elementsEqual(b) }
    }
  }
}
