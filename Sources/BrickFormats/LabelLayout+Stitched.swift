public import BrickCore
public import BrickLabels
public import BrickStitch

/// The label volume of all tiles, with what decides its voxels.
public struct StitchedLabels: Sendable {
  /// The tiles with new labels, those of a later tile over those of an earlier one.
  public let volume: StitchedVolume
  /// Bytes of the map and of the tables of new labels, held as long as the volume.
  public let heldBytes: Int
  /// All that decides the voxels besides the tiles' own: kept with a store, to notice when a run is
  /// continued with other settings.
  public let settings: JSON
}

extension LabelLayout {
  /// The tiles with the new labels of `map` as one lazy volume.
  ///
  /// Where tiles overlap the last one that has a label counts: background hides nothing, and labels are never blended.
  /// Tables of new labels are made when the volume is first read: what they will take can be refused before.
  ///
  /// - Parameter minimum: a type that is taken, or a wider one where a new label needs it; viewers of stores take uint32 and
  ///   uint64 for segmentations.
  /// - Throws: `BrickworkError` with code `.badRequest` if the map has no such tiles. A label that the map doesn't have is
  ///   an error when it is read.
  public func stitched(with map: LabelMap, atLeast minimum: VoxelType = .uint32) throws
    -> StitchedLabels
  {
    let volumes = try tiles.map { try $0.relabeled(with: map, atLeast: minimum) }
    let volume = try StitchedVolume(volumes, placement: placement, fusion: .overwrite)
    let places = tiles.map { tile -> JSON in
      [
        "name": .string(tile.name), "origin_zyx": JSON(tile.box.origin),
        "size_zyx": JSON(tile.box.size),
      ]
    }
    let digits = String(map.digest, radix: 16)
    return StitchedLabels(
      volume: volume,
      heldBytes: volumes.reduce(map.byteCount) { $0 + $1.tableByteCount },
      settings: [
        "tiles": .array(places), "fusion": ["method": "overwrite"],
        "map": [
          "labels": JSON(map.count),
          "digest": .string(String(repeating: "0", count: 16 - digits.count) + digits),
        ],
      ])
  }
}
