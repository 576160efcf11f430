public import BrickCore

extension DeduplicationReport {
  /// The whole report as JSON; examples are limited in number, counts are complete.
  public var json: JSON {
    var document: JSON = [
      "tiles": JSON(tileNames.count), "tile_pairs": JSON(pairs.count), "labels": JSON(labels),
      "new_labels": JSON(groups), "groups_of_several": JSON(groupsOfSeveral),
      "largest_group": JSON(largestGroup), "joins": JSON(unions),
      "minimum_voxels": JSON(options.minimumVoxels),
      "minimum_fraction": .number(options.minimumFraction),
      "agreement": agreement.map { .number($0) } ?? nil,
      "same_tile_joins": JSON(sameTileJoins), "turned_down": JSON(turnedDown),
      "turned_down_voxels": JSON(turnedDownVoxels), "below_limits": JSON(belowLimits),
      "cut_without_partner": JSON(cut),
    ]
    let width = 1 / Double(Self.classes)
    document["agreement_histogram"] = .array(
      histogram.enumerated().map { place, count in
        [
          "from": .number(Double(place) * width), "to": .number(Double(place + 1) * width),
          "tile_pairs": JSON(count),
        ] as JSON
      })
    document["same_tile_examples"] = .array(
      sameTileExamples.map {
        [
          "tile": JSON($0.tile), "label1": JSON($0.firstLabel), "label2": JSON($0.secondLabel),
          "new_label": JSON($0.newLabel),
        ] as JSON
      })
    document["turned_down_examples"] = .array(
      turnedDownExamples.map {
        [
          "tile1": JSON($0.firstTile), "label1": JSON($0.candidate.overlap.labels.first),
          "tile2": JSON($0.secondTile), "label2": JSON($0.candidate.overlap.labels.second),
          "voxels": JSON($0.candidate.overlap.voxels), "lacking": JSON($0.candidate.lacking),
        ] as JSON
      })
    document["cut_examples"] = .array(
      cutExamples.map {
        ["tile": JSON($0.tile), "label": JSON($0.label), "other_tile": JSON($0.otherTile)] as JSON
      })
    document["tile_names"] = .array(tileNames.map { .string($0) })
    document["pairs"] = .array(pairs.map(Self.document))
    return document
  }

  private static func document(_ pair: PairSummary) -> JSON {
    [
      "tile1": JSON(pair.tiles.first), "tile2": JSON(pair.tiles.second),
      "box_origin_zyx": JSON(pair.tiles.box.origin), "box_size_zyx": JSON(pair.tiles.box.size),
      "agreement": pair.agreement.map { .number($0) } ?? nil,
      "shared_voxels": JSON(pair.sharedVoxels), "labeled_in_both": JSON(pair.labeledInBoth),
      "labeled_in_either": JSON(pair.labeledInEither), "candidates": JSON(pair.candidates),
      "joined": JSON(pair.joined), "turned_down": JSON(pair.turnedDown),
      "below_limits": JSON(pair.belowLimits), "cut_without_partner": JSON(pair.cut),
    ]
  }
}
