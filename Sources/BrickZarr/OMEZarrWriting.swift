public import BrickCore
internal import BrickFiles

/// Writes the group of an OME-Zarr 0.5 image: call it last, when arrays and shards are complete.
public enum OMEZarrWriting {
  /// Replaces the group's zarr.json, in one step: a reader sees no unfinished image.
  ///
  /// - Parameters:
  ///   - path: the group's folder.
  ///   - name: the image's name.
  ///   - type: how levels were reduced, in a word: "mean".
  ///   - method: the same in a sentence.
  ///   - levels: finest first. The first one's translation is not written, whatever it is, since
  ///     napari would mistake it: say in `extra` where the image lies, if that is to be kept.
  ///   - window: the range of values and the displayed range, for napari and Neuroglancer.
  ///   - color: six hexadecimal digits without #.
  ///   - extra: goes under `attributes.brickwork`, unless it is null.
  /// - Throws: `BrickworkError` if the folder can't be written.
  public static func writeImage(
    path: String, name: String, type: String, method: String, levels: [OMEZarrLevel],
    window: (min: Double, max: Double, start: Double, end: Double)?, channelName: String,
    color: String, extra: JSON
  ) throws {
    let document = group(
      name: name, type: type, method: method, levels: levels, window: window,
      channelName: channelName, color: color, extra: extra)
    try Files.makeFolder(path)
    try Files.replace(
      Files.join(path, "zarr.json"), with: Array((document.text(pretty: true) + "\n").utf8))
  }

  /// The document `writeImage` writes.
  public static func group(
    name: String, type: String, method: String, levels: [OMEZarrLevel],
    window: (min: Double, max: Double, start: Double, end: Double)?, channelName: String,
    color: String, extra: JSON
  ) -> JSON {
    let axes = ["z", "y", "x"].map { name -> JSON in
      ["name": .string(name), "type": "space", "unit": "micrometer"]
    }
    // Viewers show the label after the image's name, with nothing behind the colon where it is empty.
    let label = channelName.isEmpty ? "channel 0" : channelName
    var channel: JSON = ["label": .string(label), "color": .string(color), "active": true]
    if let window {
      channel["window"] = [
        "min": .number(window.min), "max": .number(window.max), "start": .number(window.start),
        "end": .number(window.end),
      ]
    }
    var attributes: JSON = [
      "ome": [
        "version": "0.5",
        "multiscales": [
          [
            "name": .string(name),
            "axes": .array(axes),
            "datasets": .array(levels.enumerated().map { dataset($1, isFirst: $0 == 0) }),
            "type": .string(type),
            "metadata": ["method": .string(method)],
          ]
        ],
        "omero": ["channels": [channel], "rdefs": ["model": "color"]],
      ]
    ]
    if !extra.isNull { attributes["brickwork"] = extra }
    return ["zarr_format": 3, "node_type": "group", "attributes": attributes]
  }

  private static func dataset(_ level: OMEZarrLevel, isFirst: Bool) -> JSON {
    let (scale, move) = (level.voxelSize, level.translation)
    var transformations: [JSON] = [
      ["type": "scale", "scale": [.number(scale.z), .number(scale.y), .number(scale.x)]]
    ]
    // BigStitcher refuses a coarser level whose translation is zero or missing.
    if !isFirst {
      transformations.append([
        "type": "translation", "translation": [.number(move.z), .number(move.y), .number(move.x)],
      ])
    }
    return ["path": .string(level.path), "coordinateTransformations": .array(transformations)]
  }
}
