import Brickwork

/// What `brickwork intensity` prints.
struct IntensityReport {
  /// A channel that was looked at.
  struct Channel {
    var number: Int
    var name: String
    /// Whether one channel was chosen, rather than all.
    var isOnly: Bool

    /// "channel 1 (DAPI)"; empty where there was nothing to choose.
    var title: String {
      isOnly && name.isEmpty ? "" : "channel \(number)" + (name.isEmpty ? "" : " (\(name))")
    }
  }

  let result: IntensityResult
  let percentiles: [Double]
  let channels: [Channel]
  /// Names of the tiles whose own statistics are shown.
  let tileNames: [String]
  let showsBins: Bool

  var document: JSON {
    var document: JSON = ["type": .string(result.channels[0].type.rawValue)]
    add(result.channels, to: &document)
    if !tileNames.isEmpty {
      document["tiles"] = .array(
        zip(tileNames, result.tiles).enumerated().map { number, tile in
          var entry: JSON = ["tile": JSON(number), "name": .string(tile.0)]
          add(tile.1, to: &entry)
          return entry
        })
    }
    document["seconds"] = .number((result.seconds * 1000).rounded() / 1000)
    document["voxel_bytes"] = JSON(result.voxelBytes)
    document["passes"] = JSON(result.passes)
    document["workers"] = JSON(result.workers)
    describe(result.decoding, in: &document)
    return document
  }

  /// One chosen channel stands in the object itself, all of them in a list.
  private func add(_ statistics: [IntensityStatistics], to json: inout JSON) {
    if channels.count == 1 && channels[0].isOnly {
      add(statistics[0], to: &json)
      return
    }
    json["channels"] = .array(
      zip(channels, statistics).map { channel, statistics in
        var entry: JSON = ["channel": JSON(channel.number), "name": .string(channel.name)]
        add(statistics, to: &entry)
        return entry
      })
  }

  private func add(_ statistics: IntensityStatistics, to json: inout JSON) {
    json["voxels"] = JSON(statistics.count)
    if statistics.type.isFloat {
      json["nan"] = JSON(statistics.nanCount)
      json["negative_infinities"] = JSON(statistics.negativeInfinities)
      json["positive_infinities"] = JSON(statistics.positiveInfinities)
    }
    json["minimum"] = statistics.minimum?.json ?? .null
    json["maximum"] = statistics.maximum?.json ?? .null
    json["mean"] = statistics.mean.map { .number($0) } ?? .null
    var values: JSON = [:]
    for (place, percentile) in percentiles.enumerated() {
      let isKnown = place < statistics.percentiles.count
      values[Text.short(percentile)] = isKnown ? .number(statistics.percentiles[place]) : .null
    }
    json["percentiles"] = values
    if showsBins {
      json["bins"] = statistics.bins.map { .array($0.edges.map { .number($0) }) } ?? .null
      json["counts"] = statistics.bins.map { .array($0.counts.map { JSON($0) }) } ?? .null
    }
  }
}
