import Brickwork

/// What a preview made, for people and for programs.
struct PreviewReport {
  let path: String
  let scene: PreviewScene
  let windows: [ContrastWindow]
  /// Bricks decoded; nil where sources have none.
  let bricksRead: Int?

  private var geometry: PictureGeometry { scene.geometry }

  /// One sentence.
  var text: String {
    let section = scene.fullSection
    let planes = section.planes
    let what =
      section.projection.map {
        "\($0.rawValue) of the planes \(section.axis.name) = \(planes.lowerBound) to "
          + "\(planes.upperBound - 1)"
      } ?? "plane \(section.axis.name) = \(planes.lowerBound)"
    var text = "\(path): \(what), \(geometry.width)×\(geometry.height) pixels"
    if scene.level > 0 { text += ", of level \(scene.level)" }
    if windows.count == 1 {
      text +=
        ", \(Text.rounded(windows[0].low)) is black and \(Text.rounded(windows[0].high)) white"
    }
    if let bricksRead { text += ", \(Text.count(bricksRead, "brick")) read" }
    return text
  }

  /// The same as JSON: sizes of voxels z, y, x, pixels x, y.
  var document: JSON {
    let section = scene.fullSection
    let (rows, columns) = (section.axis.rows, section.axis.columns)
    var document: JSON = [
      "path": .string(path), "width": JSON(geometry.width), "height": JSON(geometry.height),
      "axis": .string(section.axis.name),
      "origin_zyx": JSON(section.box.origin), "size_zyx": JSON(section.box.size),
      "projection": section.projection.map { .string($0.rawValue) } ?? nil,
      "level": JSON(scene.level), "level_factor_zyx": JSON(scene.factor),
      "voxels_per_pixel_xy": [
        .number(geometry.columns.voxelsPerPixel * Double(scene.factor[columns])),
        .number(geometry.rows.voxelsPerPixel * Double(scene.factor[rows])),
      ],
      "um_per_pixel": scene.micrometersPerPixel.map { .number($0) } ?? nil,
      "channels": .array(scene.channels.map { JSON($0.number) }),
      "labels": .bool(scene.areLabels),
      "bricks_read": bricksRead.map { JSON($0) } ?? nil,
      "bricks_shown": scene.bricksShown.map { JSON($0) } ?? nil,
    ]
    if section.projection == nil {
      document[section.axis.name] = JSON(section.planes.lowerBound)
    }
    if windows.count == 1 {
      document["contrast"] = [.number(windows[0].low), .number(windows[0].high)]
    } else if !windows.isEmpty {
      document["contrasts"] = .array(windows.map { [.number($0.low), .number($0.high)] })
    }
    return document
  }
}
