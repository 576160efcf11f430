import Synchronization

/// Decoded pieces of compressed sources (strips, tiles, chunks), shared by all of them and bounded in bytes.
///
/// It is the only cache: a piece that several blocks need is decoded once while it stays. Two threads that
/// ask for the same missing piece at once both wait for one decoding. Pieces are dropped, least recently
/// used first, when their bytes exceed the capacity; one larger than the capacity is lent and not kept.
public final class PieceCache: Sendable {
  /// The voxels of one piece, shared by readers.
  public final class Piece: Sendable {
    /// The decoded voxels; the block's box is up to the source.
    public let block: VoxelBlock
    /// A piece that owns `block`.
    public init(_ block: consuming VoxelBlock) { self.block = block }
  }

  /// A piece's identity: a number drawn by `newSource` and the piece's own number in that source.
  public struct Key: Hashable, Sendable {
    /// The source's number, from `newSource`.
    public var source: Int
    /// The piece's number in its source.
    public var piece: Int
    /// The key of a piece of a source.
    public init(source: Int, piece: Int) {
      self.source = source
      self.piece = piece
    }
  }

  private final class Entry: Sendable {
    let loading = Mutex<Piece?>(nil)
    let lastUse = Atomic<Int>(0)
    let isKept = Atomic<Bool>(false)
  }

  /// A kept piece in the order of its use when it was queued.
  private struct Kept {
    let key: Key
    let entry: Entry
    let use: Int
    let bytes: Int
  }

  private struct State {
    var entries: [Key: Entry] = [:]
    var order: [Kept] = []
    var bytes = 0
    var capacity: Int
    var nextSource = 0
    var dropsAtRandom = false
    var random: UInt64 = 1

    mutating func dropAtRandom(toFit added: Int) {
      while bytes + added > capacity, !order.isEmpty {
        random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        order.swapAt(Int((random >> 33) % UInt64(order.count)), order.count - 1)
        drop(order.removeLast())
      }
    }

    mutating func dropOldest(toFit added: Int) {
      while bytes + added > capacity, !order.isEmpty {
        let oldest = order.removeFirst()
        // One that was used since it was queued goes back to where that use belongs.
        let lastUse = oldest.entry.lastUse.load(ordering: .relaxed)
        if lastUse > oldest.use {
          queue(Kept(key: oldest.key, entry: oldest.entry, use: lastUse, bytes: oldest.bytes))
        } else {
          drop(oldest)
        }
      }
    }

    /// Queues a piece by its use: nearly always at the end.
    mutating func queue(_ piece: Kept) {
      var low = 0
      var high = order.count
      while low < high {
        let middle = (low + high) / 2
        if order[middle].use <= piece.use { low = middle + 1 } else { high = middle }
      }
      order.insert(piece, at: low)
    }

    private mutating func drop(_ piece: Kept) {
      bytes -= piece.bytes
      if entries[piece.key] === piece.entry { entries[piece.key] = nil }
    }
  }

  /// What was decoded: how many pieces, how many bytes of voxels, and how many bytes the different ones among them have.
  public struct Count: Sendable, Hashable {
    /// Pieces, each as often as it was decoded.
    public var pieces = 0
    /// Bytes of these pieces' voxels.
    public var bytes = 0
    /// Bytes of the different pieces: each counted once, however often it was decoded.
    public var distinctBytes = 0

    /// Nothing.
    public init() {}

    /// How often a byte was decoded on average; nil where nothing was decoded.
    public var amplification: Double? {
      distinctBytes > 0 ? Double(bytes) / Double(distinctBytes) : nil
    }

    /// What was decoded since `earlier`.
    public static func - (later: Count, earlier: Count) -> Count {
      var since = later
      since.pieces -= earlier.pieces
      since.bytes -= earlier.bytes
      since.distinctBytes -= earlier.distinctBytes
      return since
    }

    /// What was decoded in both, of different sources.
    public static func + (a: Count, b: Count) -> Count {
      var sum = a
      sum.pieces += b.pieces
      sum.bytes += b.bytes
      sum.distinctBytes += b.distinctBytes
      return sum
    }
  }

  /// Which pieces were decoded before: one bit each, so that a million take 128 KiB.
  private struct Tally {
    var count = Count()
    private var seen: [Int: [UInt64]] = [:]
    /// Numbers beyond this are not remembered: their pieces count as new ones.
    private static let highest = 1 << 24

    mutating func add(_ key: Key, bytes: Int) {
      count.pieces += 1
      count.bytes += bytes
      guard (0..<Self.highest).contains(key.piece) else {
        count.distinctBytes += bytes
        return
      }
      let (word, bit) = key.piece.quotientAndRemainder(dividingBy: 64)
      var bits = seen.removeValue(forKey: key.source) ?? []
      if bits.count <= word {
        bits.append(contentsOf: repeatElement(0, count: word + 1 - bits.count))
      }
      if bits[word] >> UInt64(bit) & 1 == 0 { count.distinctBytes += bytes }
      bits[word] |= 1 << UInt64(bit)
      seen[key.source] = bits
    }
  }

  private let state: Mutex<State>
  private let tally = Mutex(Tally())
  private let clock = Atomic<Int>(0)

  /// An empty cache for at most `capacity` bytes of voxels; 0 keeps nothing.
  public init(capacity: Int) { state = Mutex(State(capacity: max(0, capacity))) }

  /// Bytes of voxels that may be kept.
  ///
  /// Lowering it drops pieces when the next one is decoded.
  public var capacity: Int {
    get { state.withLock { $0.capacity } }
    set { state.withLock { $0.capacity = max(0, newValue) } }
  }

  /// Whether pieces are dropped at random instead of the least recently used first.
  ///
  /// Blocks go through the same pieces again and again. Where those don't all fit, dropping the oldest drops each just
  /// before it is wanted, and nothing is ever found; at random most of what fits is.
  public var dropsAtRandom: Bool {
    get { state.withLock { $0.dropsAtRandom } }
    set { state.withLock { $0.dropsAtRandom = newValue } }
  }

  /// How many pieces were decoded.
  public var decodedPieces: Int { count.pieces }

  /// What was decoded so far: for tests and the report of a run.
  public var count: Count { tally.withLock { $0.count } }

  /// A number for a new source's pieces.
  public func newSource() -> Int {
    state.withLock {
      $0.nextSource += 1
      return $0.nextSource
    }
  }

  /// The piece of `key`, made by `decode` if it is not there.
  public func piece(_ key: Key, decode: () throws -> Piece) throws -> Piece {
    let (entry, use) = entry(key)
    var made: Piece?
    let piece = try failing(key, entry) {
      try entry.loading.withLock { try Self.load(&$0, &made, decode) }
    }
    if let made { keep(key, entry, made, use) }
    return piece
  }

  /// The piece of `key`, or nil while another thread is making it: the caller can do something else meanwhile.
  public func pieceUnlessBusy(_ key: Key, decode: () throws -> Piece) throws -> Piece? {
    let (entry, use) = entry(key)
    var made: Piece?
    let piece = try failing(key, entry) {
      try entry.loading.withLockIfAvailable { try Self.load(&$0, &made, decode) }
    }
    if let made { keep(key, entry, made, use) }
    return piece
  }

  private static func load(
    _ loaded: inout Piece?, _ made: inout Piece?, _ decode: () throws -> Piece
  ) throws -> Piece {
    if let loaded { return loaded }
    let new = try decode()
    loaded = new
    made = new
    return new
  }

  private func entry(_ key: Key) -> (Entry, use: Int) {
    let use = clock.wrappingAdd(1, ordering: .relaxed).newValue
    let entry = state.withLock { state in
      if let entry = state.entries[key] { return entry }
      let entry = Entry()
      state.entries[key] = entry
      return entry
    }
    entry.lastUse.store(use, ordering: .relaxed)
    return (entry, use)
  }

  private func failing<Result>(_ key: Key, _ entry: Entry, _ body: () throws -> Result) throws
    -> Result
  {
    do { return try body() } catch {
      // Unless another reader, who waited for this one, had more luck.
      state.withLock {
        if $0.entries[key] === entry, !entry.isKept.load(ordering: .relaxed) {
          $0.entries[key] = nil
        }
      }
      throw error
    }
  }

  private func keep(_ key: Key, _ entry: Entry, _ piece: Piece, _ use: Int) {
    tally.withLock { $0.add(key, bytes: piece.block.byteCount) }
    let bytes = BlockStorage.footprint(of: piece.block.byteCount)
    state.withLock { state in
      // Another reader's failure may have taken the entry out meanwhile: then nobody will find the piece.
      guard state.entries[key] === entry else { return }
      guard bytes <= state.capacity else {
        state.entries[key] = nil
        return
      }
      entry.isKept.store(true, ordering: .relaxed)
      if state.dropsAtRandom {
        state.dropAtRandom(toFit: bytes)
      } else {
        state.dropOldest(toFit: bytes)
      }
      state.bytes += bytes
      state.queue(Kept(key: key, entry: entry, use: use, bytes: bytes))
    }
  }
}
