import Brickwork

/// The adjustments of one channel.
struct HarmonisedChannel: Sendable {
  /// The channel's number in the first tile.
  var number: Int
  var gains: TileGains
}

/// Finds the adjustments that a stitch asks for, each channel for itself, at the first of its time points; none in a dry
/// run, which reads no voxel.
func harmonise(
  _ tiles: TileSet, offsets table: OffsetTable?, _ request: StitchRequest, budget: MemoryBudget,
  cache: PieceCache, progress: TerminalProgress?
) async throws -> [HarmonisedChannel] {
  guard let kind = request.harmonisation, !request.dryRun, let info = tiles.tiles.first?.info else {
    return []
  }
  if let gains = request.gains {
    // It is written when the store is whole, so that an interrupted run finds none and continues.
    try Output.check(gains, overwrite: request.store.overwrite)
    try Output.check(gains, sparing: tiles)
  }
  var channels: [HarmonisedChannel] = []
  for number in try request.channels.numbers(in: info) {
    var options = request.options
    options.timepoint = firstTimepoint(request.timepoints)
    if case .one(let choice) = request.channels {
      options.channel = choice
    } else {
      options.channel = .number(number)
    }
    let composition = try tiles.composition(offsets: table, options)
    let job = HarmoniseJob(
      composition.tiles, boxes: composition.placement.boxes, kind, budget: budget,
      threads: request.threads ?? SystemMemory.cores, cache: cache, listener: progress)
    channels.append(HarmonisedChannel(number: number, gains: try await job.run()))
  }
  return channels
}

/// Writes the gains as a table: `tile,name,channel,gain,offset`.
func write(_ channels: [HarmonisedChannel], _ tiles: TileSet, to path: String) throws {
  var text = "tile,name,channel,gain,offset\n"
  for channel in channels {
    for (tile, adjustment) in channel.gains.adjustments.enumerated() {
      let name = tiles.tiles[tile].info.name.replacing("\"", with: "\"\"")
      text +=
        "\(tile),\"\(name)\",\(channel.number),\(adjustment.gain),\(adjustment.offset)\n"
    }
  }
  try Files.replace(path, with: Array(text.utf8))
}

/// Adds the adjustments, and the step at each seam before and after, to what a stitch says.
func describe(_ channels: [HarmonisedChannel], in summary: inout JobSummary) {
  guard !channels.isEmpty else { return }
  summary.json["harmonisation"] = .array(
    channels.map { channel in
      let gains = channel.gains
      func residual(_ seam: SeamStatistics, adjusted: Bool) -> JSON {
        gains.residual(of: seam, adjusted: adjusted).map { .number($0) } ?? nil
      }
      return [
        "channel": JSON(channel.number),
        "gains": .array(gains.adjustments.map { .number($0.gain) }),
        "offsets": .array(gains.adjustments.map { .number($0.offset) }),
        "seams": .array(
          gains.seams.map { seam in
            [
              "tile1": JSON(seam.first), "tile2": JSON(seam.second), "voxels": JSON(seam.voxels),
              "residual_before": residual(seam, adjusted: false),
              "residual_after": residual(seam, adjusted: true),
            ]
          }),
      ]
    })
  for channel in channels {
    func worst(adjusted: Bool) -> String {
      let all = channel.gains.seams.compactMap {
        channel.gains.residual(of: $0, adjusted: adjusted).map(abs)
      }
      return Text.fixed((all.max() ?? 0) * 100, 2) + " %"
    }
    summary.text +=
      "\nchannel \(channel.number): the largest step at a seam was \(worst(adjusted: false)) of the intensity "
      + "and is \(worst(adjusted: true))"
  }
}
