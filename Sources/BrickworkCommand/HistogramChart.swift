import Brickwork

/// A drawn histogram: equal bins along x, the logarithm of counts along y, a line at each percentile.
struct HistogramChart {
  let title: String
  let bins: BinCounts
  /// What a bar is wide at least: 1 for integers, of which a narrow bin may hold none.
  private let unit: Double
  /// Percentiles whose value is finite, with their values.
  let marks: [(percentile: Double, value: Double)]

  static let width = 800.0
  static let height = 320.0
  private static let plot = (left: 60.0, top: 44.0, right: 780.0, bottom: 280.0)

  /// A chart, unless no bins were counted.
  init?(_ statistics: IntensityStatistics, percentiles: [Double], title: String) {
    guard let bins = statistics.bins else { return nil }
    self.bins = bins
    self.title = title
    unit = statistics.type.isFloat ? 0 : 1
    marks = zip(percentiles, statistics.percentiles).filter { $1.isFinite }
      .map { (percentile: $0, value: $1) }
  }

  /// What a chart is drawn of, in pixels from the upper left corner.
  enum Element {
    case bar(x: Double, y: Double, width: Double, height: Double)
    case line(x1: Double, y1: Double, x2: Double, y2: Double, isMark: Bool)
    case text(x: Double, y: Double, anchor: String, words: String)
  }

  private var first: Double { bins.edges[0] }
  private var last: Double { bins.edges[bins.edges.count - 1] }
  /// Powers of ten up to the highest bar.
  private var decades: Int {
    let most = bins.counts.max() ?? 0
    return max(1, "\(max(1, most))".count)
  }

  private func x(_ value: Double) -> Double {
    let plot = Self.plot
    let range = last / 2 - first / 2
    let share = range > 0 ? (value / 2 - first / 2) / range : 0.5
    return plot.left + share * (plot.right - plot.left)
  }

  /// A count of 1 stands out from none.
  private func y(_ count: Int) -> Double {
    let plot = Self.plot
    guard count > 0 else { return plot.bottom }
    let share = (Self.log10(Double(count)) + 0.15) / (Double(decades) + 0.15)
    return plot.bottom - share * (plot.bottom - plot.top)
  }

  /// The decimal logarithm, which the standard library has not without Foundation: exact enough for pixels.
  static func log10(_ number: Double) -> Double {
    // Powers of two apart, the rest by the series of the area hyperbolic tangent.
    let (exponent, rest) = (Double(number.exponent), number.significand)
    let t = (rest - 1) / (rest + 1)
    var (sum, power) = (0.0, t)
    for n in stride(from: 1.0, through: 25, by: 2) {
      sum += power / n
      power *= t * t
    }
    return (exponent * 0.6931471805599453 + 2 * sum) / 2.302585092994046
  }

  var elements: [Element] {
    let plot = Self.plot
    var elements: [Element] = []
    for (place, count) in bins.counts.enumerated() where count > 0 {
      let from = x(bins.edges[place])
      let to = x(min(last, max(bins.edges[place + 1], bins.edges[place] + unit)))
      elements.append(
        .bar(x: from, y: y(count), width: max(0.5, to - from), height: plot.bottom - y(count)))
    }
    func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) {
      elements.append(.line(x1: x1, y1: y1, x2: x2, y2: y2, isMark: false))
    }
    line(plot.left, plot.top, plot.left, plot.bottom)
    line(plot.left, plot.bottom, plot.right, plot.bottom)
    var power = 1
    for decade in 0...decades {
      let height = y(power)
      guard height >= plot.top - 0.5 else { break }
      line(plot.left - 5, height, plot.left, height)
      let words = decade < 4 ? "\(power)" : "10^\(decade)"
      elements.append(.text(x: plot.left - 8, y: height + 4, anchor: "end", words: words))
      let (next, overflow) = power.multipliedReportingOverflow(by: 10)
      if overflow { break }
      power = next
    }
    for tick in 0...4 {
      let value = first * (1 - Double(tick) / 4) + last * (Double(tick) / 4)
      line(x(value), plot.bottom, x(value), plot.bottom + 5)
      let anchor = tick == 0 ? "start" : tick == 4 ? "end" : "middle"
      elements.append(
        .text(x: x(value), y: plot.bottom + 20, anchor: anchor, words: Text.rounded(value)))
    }
    for (number, mark) in marks.enumerated() where mark.value >= first && mark.value <= last {
      let place = x(mark.value)
      elements.append(
        .line(x1: place, y1: plot.top - 4, x2: place, y2: plot.bottom, isMark: true))
      elements.append(
        .text(
          x: place, y: plot.top - 8 - Double(number % 2) * 13,
          anchor: place < 200 ? "start" : place > 640 ? "end" : "middle",
          words: "\(Text.short(mark.percentile)) %: \(Text.rounded(mark.value))"))
    }
    if !title.isEmpty {
      elements.append(.text(x: plot.left, y: 14, anchor: "start", words: title))
    }
    elements.append(
      .text(
        x: plot.right, y: plot.bottom + 36, anchor: "end", words: "intensity; voxels, log scale"))
    return elements
  }

  /// Bars of characters, a line for each of some 16 ranges.
  var text: String {
    let group = (bins.counts.count + 15) / 16
    var lines = title.isEmpty ? [] : [title]
    var rows: [(label: String, count: Int)] = []
    for start in stride(from: 0, to: bins.counts.count, by: group) {
      let end = min(start + group, bins.counts.count)
      rows.append((Text.rounded(bins.edges[start]), bins.counts[start..<end].reduce(0, +)))
    }
    let most = rows.map(\.count).max() ?? 0
    let width = rows.map(\.label.count).max() ?? 0
    let full = Self.log10(Double(max(1, most))) + 0.15
    for row in rows {
      let share = row.count == 0 ? 0 : (Self.log10(Double(row.count)) + 0.15) / full
      let bar = String(repeating: "█", count: Int((share * 40).rounded()))
      let label = String(repeating: " ", count: width - row.label.count) + row.label
      lines.append("\(label) │\(bar) \(row.count)")
    }
    for mark in marks {
      lines.append("\(Text.short(mark.percentile)) % of the voxels: \(Text.rounded(mark.value))")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
