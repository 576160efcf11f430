import Brickwork

/// Opens the sources, composes them and lets the engine write the store.
func runStitch(
  _ request: StitchRequest, source: SourceOptions, progress: TerminalProgress?, _ log: Log
) async throws -> JobSummary {
  let cache = PieceCache(capacity: 64 << 20)
  let tiles = try source.tileSet(log, cache: cache)
  let table = try source.offsetTable(timepoint: request.options.timepoint, log)
  let composition = try tiles.composition(offsets: table, request.options)
  let box = try request.region?.box(in: composition.volume.size) ?? composition.volume.bounds
  _ = box
  throw BrickworkError(.unsupportedInput, reason: "the engine is not connected yet")
}
