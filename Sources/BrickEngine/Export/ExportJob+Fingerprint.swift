internal import BrickBDV
internal import BrickCore

extension ExportJob {
  /// Everything that decides the file's content, the sources' writing times among it: what a run that continues another
  /// one's file must have in common with it.
  var fingerprint: String {
    let images = images.map { image -> JSON in
      [
        "name": .string(image.name), "type": .string(image.type.rawValue),
        "size_zyx": JSON(image.size),
        "channels": .array(image.channelNames.map { .string($0) }),
        "timepoints": JSON(image.timepoints),
        "voxel_size_xyz_um": [
          .number(image.voxelSize.x), .number(image.voxelSize.y), .number(image.voxelSize.z),
        ],
        "offset_xyz": [.number(image.offset.x), .number(image.offset.y), .number(image.offset.z)],
        "reduction": .string(image.reduction.name),
        "levels": .array(
          image.levels.map {
            [
              "factor_zyx": JSON($0.factor), "chunk_zyx": JSON($0.fileChunk),
              "is_made": .bool($0.volumes == nil),
            ]
          }),
      ]
    }
    let document: JSON = [
      "format": 1, "images": .array(images), "legacy": .bool(options.legacyInt16),
      "deflate": options.deflateLevel.map { JSON($0) } ?? nil, "shuffle": .bool(options.shuffle),
      "source": source, "stamps": .array(stamps.map { .string($0) }),
    ]
    return document.text(pretty: false)
  }
}
