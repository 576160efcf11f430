internal import BrickBDV
internal import BrickCore

extension ExportJob {
  /// Everything that decides the file's content: what a run that continues another one's file must have in common with it.
  ///
  /// A change of the sources shows in the checksums of the record, or in their writing times where there is none.
  func fingerprint(_ record: ExportRecord?) -> String {
    var document = document
    document["source"] = source
    if let record {
      document["checksums"] = .string(record.digest)
    } else {
      document["stamps"] = .array(stamps.map { .string($0) })
    }
    return document.text(pretty: false)
  }

  /// What an update of a file has to have in common with the export before it: the checksums tell whether a store was
  /// made anew, so how that was done is no part of it.
  var settings: String {
    var (document, source) = (document, source)
    source["settings"] = nil
    document["source"] = source
    return document.text(pretty: false)
  }

  private var document: JSON {
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
    return [
      "format": 1, "images": .array(images), "legacy": .bool(options.legacyInt16),
      "deflate": options.deflateLevel.map { JSON($0) } ?? nil, "shuffle": .bool(options.shuffle),
    ]
  }
}
