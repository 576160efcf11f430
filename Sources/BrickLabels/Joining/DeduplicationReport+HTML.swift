internal import BrickCore

extension DeduplicationReport {
  /// Tables list at most this many rows; the JSON has all pairs of tiles.
  private static let rowLimit = 50
  /// The picture leaves out what there is more of.
  private static let drawnLimit = 20_000

  /// The report as one page that needs nothing else: figures, histogram, picture of the tiles, tables.
  public var html: String {
    var page = """
      <!doctype html><html lang="en"><head><meta charset="utf-8"><title>Labels joined across tiles</title><style>
      body{font:15px/1.45 system-ui,sans-serif;color:#222;max-width:60em;margin:2em auto;padding:0 1em}
      table{border-collapse:collapse;margin:.5em 0}td,th{padding:.15em .8em .15em 0;text-align:right;border-bottom:1px solid #ddd}
      td:first-child,th:first-child{text-align:left}svg{max-width:100%;height:auto}h2{margin-top:1.6em}small{color:#666}
      </style></head><body><h1>Labels joined across tiles</h1>

      """
    page += figures()
    page += "<h2>Agreement of tile pairs</h2>\n"
    page +=
      "<p>Voxels in which both tiles hold labels that were joined with each other, by voxels in which "
    page +=
      "at least one tile has a label. 1 means that both tiles say the same everywhere they overlap.</p>\n"
    page += histogramPicture()
    page += "<h2>The tiles</h2>\n"
    page +=
      "<p>Tiles from above (x to the right, y down), their overlaps coloured by agreement.</p>\n"
    page += tilePicture()
    page += tables()
    return page + "</body></html>\n"
  }

  private func figures() -> String {
    var text = "<table>\n"
    func row(_ name: String, _ value: String) {
      text += "<tr><td>\(name)</td><td>\(value)</td></tr>\n"
    }
    row("Tiles", "\(tileNames.count)")
    row("Pairs of tiles that overlap", "\(pairs.count)")
    row("Labels in all tiles", "\(labels)")
    row("Labels after joining", "\(groups)")
    row("Objects seen by several tiles", "\(groupsOfSeveral)")
    row("Labels of the largest object", "\(largestGroup)")
    row("Agreement over all overlaps", agreement.map(Self.rounded) ?? "no label in any overlap")
    row("Labels joined with another of their own tile", "\(sameTileJoins)")
    row("Candidates turned down for a better one", "\(turnedDown) (\(turnedDownVoxels) voxels)")
    row(
      "Pairs below the limits (\(options.minimumVoxels) voxels, fraction \(options.minimumFraction))",
      "\(belowLimits)")
    row("Labels cut at the end of a tile, without partner", "\(cut)")
    return text + "</table>\n"
  }

  private func histogramPicture() -> String {
    let counts = histogram
    let most = max(1, counts.max() ?? 0)
    let (width, height) = (28, 140)
    var text =
      "<svg width=\"\(width * counts.count + 50)\" height=\"\(height + 45)\" role=\"img\" "
      + "aria-label=\"Histogram of agreement\" font-size=\"11\">\n"
    for (place, count) in counts.enumerated() {
      let bar = (count * height + most - 1) / most
      let x = 25 + place * width
      let colour = Self.colour((Double(place) + 0.5) / Double(counts.count))
      text +=
        "<rect x=\"\(x)\" y=\"\(15 + height - bar)\" width=\"\(width - 2)\" height=\"\(bar)\" "
      text += "fill=\"\(colour)\"/>"
      if count > 0 {
        text +=
          "<text x=\"\(x + width / 2 - 1)\" y=\"\(11 + height - bar)\" text-anchor=\"middle\">"
        text += "\(count)</text>"
      }
      text += "\n"
    }
    for tick in 0...4 {
      text += "<text x=\"\(25 + tick * width * counts.count / 4)\" y=\"\(height + 32)\" "
      text += "text-anchor=\"middle\">\(Double(tick) / 4)</text>\n"
    }
    return text + "</svg>\n"
  }

  private func tilePicture() -> String {
    let whole = tileBoxes.reduce(Box3(size: .zero)) { $0.union($1) }
    guard !whole.isEmpty else { return "" }
    let scale = 900 / Double(max(whole.size.x, whole.size.y))
    func rectangle(_ box: Box3, _ style: String, _ title: String) -> String {
      let x = Self.rounded(Double(box.origin.x - whole.origin.x) * scale)
      let y = Self.rounded(Double(box.origin.y - whole.origin.y) * scale)
      let width = Self.rounded(Double(box.size.x) * scale)
      let height = Self.rounded(Double(box.size.y) * scale)
      return "<rect x=\"\(x)\" y=\"\(y)\" width=\"\(width)\" height=\"\(height)\" \(style)>"
        + "<title>\(title)</title></rect>\n"
    }
    let size = (Double(whole.size.x) * scale, Double(whole.size.y) * scale)
    var text = "<svg viewBox=\"-2 -2 \(Self.rounded(size.0 + 4)) \(Self.rounded(size.1 + 4))\" "
    text +=
      "width=\"\(Self.rounded(size.0 + 4))\" role=\"img\" aria-label=\"Tiles and overlaps\">\n"
    for (tile, box) in tileBoxes.prefix(Self.drawnLimit).enumerated() {
      text += rectangle(
        box, "fill=\"#f4f4f4\" stroke=\"#999\" stroke-width=\".7\"",
        "tile \(tile): \(tileNames[tile].escapedForXML)")
    }
    for pair in pairs.prefix(Self.drawnLimit) {
      let agreement = pair.agreement
      text += rectangle(
        pair.tiles.box,
        "fill=\"\(agreement.map(Self.colour) ?? "#ccc")\" fill-opacity=\".85\"",
        "tiles \(pair.tiles.first) and \(pair.tiles.second): "
          + (agreement.map { "agreement \(Self.rounded($0))" } ?? "no labels"))
    }
    text += "</svg>\n<p><small>"
    for step in 0...4 {
      let value = Double(step) / 4
      text += "<span style=\"color:\(Self.colour(value))\">&#9632;</span> \(value) &nbsp; "
    }
    text += "<span style=\"color:#ccc\">&#9632;</span> no labels"
    if pairs.count > Self.drawnLimit || tileBoxes.count > Self.drawnLimit {
      text += "; only the first \(Self.drawnLimit) tiles and overlaps are drawn"
    }
    return text + "</small></p>\n"
  }

  private func tables() -> String {
    var text = ""
    func table(_ title: String, _ note: String, _ head: [String], _ rows: [[String]], of count: Int)
    {
      guard !rows.isEmpty else { return }
      text += "<h2>\(title)</h2>\n<p>\(note)"
      if count > rows.count { text += " The first \(rows.count) of \(count) are listed." }
      text += "</p>\n<table><tr>" + head.map { "<th>\($0)</th>" }.joined() + "</tr>\n"
      for row in rows {
        text += "<tr>" + row.map { "<td>\($0)</td>" }.joined() + "</tr>\n"
      }
      text += "</table>\n"
    }
    let worst = pairs.filter { $0.agreement != nil }.sorted {
      ($0.agreement ?? 0, $0.tiles.first, $0.tiles.second)
        < ($1.agreement ?? 0, $1.tiles.first, $1.tiles.second)
    }
    table(
      "Tile pairs, least agreement first", "",
      ["tiles", "agreement", "candidates", "joined", "turned down", "cut"],
      worst.prefix(Self.rowLimit).map {
        [
          "\($0.tiles.first), \($0.tiles.second)", Self.rounded($0.agreement ?? 0),
          "\($0.candidates)", "\($0.joined)", "\($0.turnedDown)", "\($0.cut)",
        ]
      }, of: worst.count)
    table(
      "Candidates turned down",
      "Pairs of labels that share voxels, but one of them was taken by a pair that shares more. "
        + "Lacking is how many voxels more the winner shares.",
      ["tile, label", "tile, label", "shared voxels", "lacking"],
      turnedDownExamples.prefix(Self.rowLimit).map {
        let overlap = $0.candidate.overlap
        return [
          "\($0.firstTile), \(overlap.labels.first)", "\($0.secondTile), \(overlap.labels.second)",
          "\(overlap.voxels)", "\($0.candidate.lacking)",
        ]
      }, of: turnedDown)
    table(
      "Labels joined with another of their own tile",
      "Two labels of one tile that became one object through a neighbour.",
      ["tile", "label", "label", "new label"],
      sameTileExamples.prefix(Self.rowLimit).map {
        ["\($0.tile)", "\($0.firstLabel)", "\($0.secondLabel)", "\($0.newLabel)"]
      }, of: sameTileJoins)
    table(
      "Labels cut at the end of a tile, without partner",
      "They reach a face of their tile beyond which the other tile goes on, but nothing there was joined with them.",
      ["tile", "label", "other tile"],
      cutExamples.prefix(Self.rowLimit).map { ["\($0.tile)", "\($0.label)", "\($0.otherTile)"] },
      of: cut)
    return text
  }

  /// From dark violet over green to yellow, in equal steps of brightness: also without colour vision.
  private static func colour(_ value: Double) -> String {
    let stops: [(Double, Double, Double)] = [
      (68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37),
    ]
    let place = min(max(value, 0), 1) * 4
    let low = min(3, Int(place))
    let part = place - Double(low)
    func mix(_ a: Double, _ b: Double) -> Int { Int((a + (b - a) * part).rounded()) }
    let (a, b) = (stops[low], stops[low + 1])
    return "rgb(\(mix(a.0, b.0)),\(mix(a.1, b.1)),\(mix(a.2, b.2)))"
  }

  private static func rounded(_ value: Double) -> String {
    "\((value * 1000).rounded() / 1000)"
  }
}
