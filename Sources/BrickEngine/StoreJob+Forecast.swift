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
    /// A budget in bytes, about the smallest for as many workers, with which pieces are decoded once instead.
    ///
    /// Nil where they are, or where no budget helps because work items that are done one after the other share them.
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
    if expected > Self.acceptedDecodings {
      advised = try DecodingForecast.advisedMemory(beyond: budget) { budget in
        var larger = runner
        larger.budget = budget
        let width = try larger.width()
        let decoding = DecodingForecast(larger, neighbours: width.together.neighbours)
        return (decoding.decodings(room: width.room), width.demand - width.room)
      }
    }
    return Forecast(
      workers: width.workers, plannedBytes: width.planned, cacheBytes: width.room,
      sharedPieceBytes: width.demand, expectedDecodings: expected, advisedMemory: advised)
  }
}
