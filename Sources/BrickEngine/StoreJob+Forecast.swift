internal import BrickCore

extension StoreJob {
  /// What a run will take.
  public struct Forecast: Sendable, Hashable {
    /// Workers that the budget allows.
    public var workers: Int
    /// Bytes that the plan needs without caches.
    public var plannedBytes: Int
    /// Bytes left for decoded strips and tiles of compressed sources.
    public var cacheBytes: Int
    /// Bytes of decoded strips and tiles that a group of work items shares; 0 for sources that are not compressed.
    ///
    /// With a smaller cache some are decoded again and again.
    public var sharedPieceBytes: Int
    /// How often a compressed piece of a source will be decoded on average, about; 1 where nothing is compressed.
    public var expectedDecodings: Double
    /// The smallest budget, in bytes and about, with which pieces are decoded once instead; nil where they are, or where
    /// no budget helps because work items that are done one after the other share them.
    public var advisedMemory: Int?
  }

  /// More decodings than this are worth a word.
  static let acceptedDecodings = 1.1

  /// What a run will take of memory, and how often it decodes.
  ///
  /// - Throws: `BrickworkError` with code `.outOfBudget` if the budget is too small.
  public func forecast() throws -> Forecast {
    let runner = try runner(0, RunFolder(store: path))
    let width = try runner.width()
    let decoding = DecodingForecast(runner, neighbours: width.together.neighbours)
    let expected = decoding.decodings(room: width.room)
    var advised: Int?
    if expected > Self.acceptedDecodings { advised = try Self.advice(runner, width) }
    return Forecast(
      workers: width.workers, plannedBytes: width.planned, cacheBytes: width.room,
      sharedPieceBytes: width.demand, expectedDecodings: expected, advisedMemory: advised)
  }

  /// The budget with which decoded pieces are kept as long as they are wanted, if there is one.
  private static func advice(_ runner: PassRunner, _ width: PassRunner.Width) throws -> Int? {
    var larger = runner
    var missing = max(1 << 20, width.demand - width.room)
    // More memory lets more items go together, which then share more: a few rounds settle it.
    for _ in 0..<24 {
      let (bytes, overflow) = larger.budget.byteCount.addingReportingOverflow(missing)
      guard !overflow else { return nil }
      larger.budget = MemoryBudget(byteCount: bytes)
      let width = try larger.width()
      let decoding = DecodingForecast(larger, neighbours: width.together.neighbours)
      if decoding.decodings(room: width.room) <= acceptedDecodings { return bytes }
      missing = max(missing, width.demand - width.room)
    }
    return nil
  }
}
