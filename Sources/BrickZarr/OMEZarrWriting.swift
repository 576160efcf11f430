public import BrickCore
internal import BrickFiles

/// Writes the groups of OME-Zarr 0.5: call it last, when arrays and shards are complete.
public enum OMEZarrWriting {
  /// Replaces the zarr.json of an image's group, in one step: a reader sees no unfinished image.
  ///
  /// - Parameters:
  ///   - path: the group's folder.
  ///   - name: the image's name.
  ///   - type: how levels were reduced, in a word: "mean", "mode".
  ///   - method: the same in a sentence.
  ///   - leading: the axes before z, y, x.
  ///   - levels: finest first, with their translations as if the image lay at zero.
  ///   - position: where the image lies in µm, x, y, z: moves all levels. Without one the first level
  ///     has no translation, since napari would mistake it.
  ///   - channels: one per channel; none leaves out how they are shown: for labels.
  ///   - imageLabel: what a label image says of its labels, `image-label`; nil for an image of intensities.
  ///   - extra: goes under `attributes.brickwork`, unless it is null.
  /// - Throws: `BrickworkError` if the folder can't be written.
  public static func writeImage(
    path: String, name: String, type: String, method: String, leading: LeadingAxes = .none,
    levels: [OMEZarrLevel], position: Point3? = nil, channels: [OMEChannel],
    imageLabel: JSON? = nil, extra: JSON
  ) throws {
    try write(
      group(
        name: name, type: type, method: method, leading: leading, levels: levels,
        position: position, channels: channels, imageLabel: imageLabel, extra: extra), to: path)
  }

  /// The same for an image of one channel without a position.
  public static func writeImage(
    path: String, name: String, type: String, method: String, levels: [OMEZarrLevel],
    window: (min: Double, max: Double, start: Double, end: Double)?, channelName: String,
    color: String, extra: JSON
  ) throws {
    let shown = window.map {
      OMEChannel.Window(min: $0.min, max: $0.max, start: $0.start, end: $0.end)
    }
    try writeImage(
      path: path, name: name, type: type, method: method, levels: levels,
      channels: [OMEChannel(name: channelName, color: color, window: shown)], extra: extra)
  }

  /// The document `writeImage` writes.
  public static func group(
    name: String, type: String, method: String, leading: LeadingAxes, levels: [OMEZarrLevel],
    position: Point3?, channels: [OMEChannel], imageLabel: JSON? = nil, extra: JSON
  ) -> JSON {
    let kinds = ["t": "time", "c": "channel"]
    let before = leading.names.map { name -> JSON in
      ["name": .string(name), "type": .string(kinds[name] ?? name)]
    }
    let axes = ["z", "y", "x"].map { name -> JSON in
      ["name": .string(name), "type": "space", "unit": "micrometer"]
    }
    let datasets = levels.enumerated().map { number, level in
      dataset(level, leading, position, isFirst: number == 0)
    }
    var ome: JSON = [
      "version": "0.5",
      "multiscales": [
        [
          "name": .string(name),
          "axes": .array(before + axes),
          "datasets": .array(datasets),
          "type": .string(type),
          "metadata": ["method": .string(method)],
        ]
      ],
    ]
    if !channels.isEmpty {
      ome["omero"] = [
        "channels": .array(channels.enumerated().map { describe($1, number: $0) }),
        "rdefs": ["model": "color"],
      ]
    }
    if let imageLabel { ome["image-label"] = imageLabel }
    var attributes: JSON = ["ome": ome]
    if !extra.isNull { attributes["brickwork"] = extra }
    return ["zarr_format": 3, "node_type": "group", "attributes": attributes]
  }

  private static func describe(_ channel: OMEChannel, number: Int) -> JSON {
    // Viewers show the label after the image's name, with nothing behind the colon where it is empty.
    let label = channel.name.isEmpty ? "channel \(number)" : channel.name
    var json: JSON = ["label": .string(label), "color": .string(channel.color), "active": true]
    if let window = channel.window {
      json["window"] = [
        "min": .number(window.min), "max": .number(window.max), "start": .number(window.start),
        "end": .number(window.end),
      ]
    }
    return json
  }

  private static func dataset(
    _ level: OMEZarrLevel, _ leading: LeadingAxes, _ position: Point3?, isFirst: Bool
  ) -> JSON {
    let scale = level.voxelSize
    let move = position.map { level.translation + $0 } ?? level.translation
    func values(_ other: Double, _ z: Double, _ y: Double, _ x: Double) -> JSON {
      .array((leading.sizes.map { _ in other } + [z, y, x]).map { .number($0) })
    }
    var transformations: [JSON] = [
      ["type": "scale", "scale": values(1, scale.z, scale.y, scale.x)]
    ]
    // BigStitcher refuses a coarser level whose translation is zero or missing.
    if !isFirst || position != nil {
      transformations.append(
        ["type": "translation", "translation": values(0, move.z, move.y, move.x)])
    }
    return ["path": .string(level.path), "coordinateTransformations": .array(transformations)]
  }

  // MARK: Collections

  /// Writes the groups of a collection of images in the layout of bioformats2raw: `path` itself, and in
  /// it `OME`, which lists the images' groups.
  ///
  /// The images are there already. The collection's own document is written last, in one step.
  /// - Parameters:
  ///   - series: the images' folders as seen from `path`, in order: "0", "1", …
  ///   - extra: goes under `attributes.brickwork`, unless it is null.
  /// - Throws: `BrickworkError` if a folder can't be written.
  public static func writeCollection(path: String, series: [String], extra: JSON) throws {
    let list: JSON = ["version": "0.5", "series": .array(series.map { .string($0) })]
    try write(
      ["zarr_format": 3, "node_type": "group", "attributes": ["ome": list]],
      to: Files.join(path, "OME"))
    try Files.flushFolder(Files.join(path, "OME"))
    var attributes: JSON = ["ome": ["version": "0.5", "bioformats2raw.layout": 3]]
    if !extra.isNull { attributes["brickwork"] = extra }
    try write(["zarr_format": 3, "node_type": "group", "attributes": attributes], to: path)
  }

  private static func write(_ document: JSON, to path: String) throws {
    try Files.makeFolder(path)
    try Files.replace(
      Files.join(path, "zarr.json"), with: Array((document.text(pretty: true) + "\n").utf8))
  }
}
