import Brickwork

/// A picture of histograms, one below the other: SVG with numbers, or PNG of bars and lines alone.
struct HistogramFile {
  private let path: String
  private let isSVG: Bool

  init(_ path: String) throws {
    self.path = path
    isSVG = path.lowercased().hasSuffix(".svg")
    guard isSVG || path.lowercased().hasSuffix(".png") else {
      throw BrickworkError(
        .badRequest, path: path, reason: "the name of the picture ends neither in .svg nor in .png",
        remedy: "Name it OUT.svg or OUT.png")
    }
  }

  func write(_ charts: [HistogramChart]) throws {
    guard !charts.isEmpty else {
      throw BrickworkError(
        .badRequest, path: path, reason: "there is no finite voxel to draw a histogram of",
        remedy: "Choose a part of the data that holds numbers")
    }
    if isSVG {
      try Files.replace(path, with: Array(svg(charts).utf8))
    } else {
      try writePNG(charts)
    }
  }

  private func svg(_ charts: [HistogramChart]) -> String {
    let (width, height) = (Int(HistogramChart.width), Int(HistogramChart.height) * charts.count)
    var lines = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(width)\" height=\"\(height)\" "
        + "viewBox=\"0 0 \(width) \(height)\" font-family=\"sans-serif\" font-size=\"12\">",
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>",
    ]
    func n(_ value: Double) -> String { Text.fixed(value, 1) }
    for (number, chart) in charts.enumerated() {
      lines.append("<g transform=\"translate(0 \(number * Int(HistogramChart.height)))\">")
      for element in chart.elements {
        switch element {
        case .bar(let x, let y, let width, let height):
          lines.append(
            "<rect x=\"\(Text.fixed(x, 2))\" y=\"\(n(y))\" width=\"\(Text.fixed(width, 2))\" "
              + "height=\"\(n(height))\" fill=\"#4477aa\"/>")
        case .line(let x1, let y1, let x2, let y2, let isMark):
          lines.append(
            "<line x1=\"\(n(x1))\" y1=\"\(n(y1))\" x2=\"\(n(x2))\" y2=\"\(n(y2))\" "
              + (isMark ? "stroke=\"#cc3311\" stroke-dasharray=\"4 3\"/>" : "stroke=\"black\"/>"))
        case .text(let x, let y, let anchor, let words):
          lines.append(
            "<text x=\"\(n(x))\" y=\"\(n(y))\" text-anchor=\"\(anchor)\">\(words.escapedForXML)</text>"
          )
        }
      }
      lines.append("</g>")
    }
    return (lines + ["</svg>", ""]).joined(separator: "\n")
  }

  /// Bars are dark, axes black, percentiles dashed.
  private func writePNG(_ charts: [HistogramChart]) throws {
    let (width, height) = (Int(HistogramChart.width), Int(HistogramChart.height))
    var shown = -1
    var canvas: [UInt8] = []
    try PNGWriter.write(path, width: width, height: height * charts.count) { row, pixels in
      if row / height != shown {
        shown = row / height
        canvas = Self.canvas(charts[shown], width, height)
      }
      let start = row % height * width
      for x in 0..<width { pixels[x] = canvas[start + x] }
    }
  }

  private static func canvas(_ chart: HistogramChart, _ width: Int, _ height: Int) -> [UInt8] {
    var canvas = [UInt8](repeating: 255, count: width * height)
    func fill(_ x: ClosedRange<Int>, _ y: ClosedRange<Int>, _ grey: UInt8, dashed: Bool = false) {
      for row in y.clamped(to: 0...height - 1) where !dashed || row % 7 < 4 {
        for column in x.clamped(to: 0...width - 1) { canvas[row * width + column] = grey }
      }
    }
    func pixel(_ place: Double) -> Int { Int(place.rounded(.down)) }
    for element in chart.elements {
      switch element {
      case .bar(let x, let y, let barWidth, let barHeight):
        let (left, top) = (pixel(x), pixel(y))
        fill(
          left...max(left, pixel(x + barWidth) - 1), top...max(top, pixel(y + barHeight) - 1), 96)
      case .line(let x1, let y1, let x2, let y2, let isMark):
        fill(pixel(x1)...pixel(x2), pixel(y1)...pixel(y2), isMark ? 160 : 0, dashed: isMark)
      case .text: break
      }
    }
    return canvas
  }
}
