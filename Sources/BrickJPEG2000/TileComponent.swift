/// The resolutions, bands, precincts and code-blocks of one component in one tile (ISO/IEC 15444-1 B.5–B.7).
struct TileComponent: Sendable {
  struct Area: Sendable {
    var x: Range<Int>
    var y: Range<Int>
    var isEmpty: Bool { x.isEmpty || y.isEmpty }
  }

  let x: Range<Int>
  let y: Range<Int>
  let style: CodingStyle

  init(x: Range<Int>, y: Range<Int>, style: CodingStyle) {
    (self.x, self.y, self.style) = (x, y, style)
  }

  func resolution(_ number: Int) -> Area {
    let bits = style.levels - number
    return Area(
      x: shiftedUp(x.lowerBound, bits)..<shiftedUp(x.upperBound, bits),
      y: shiftedUp(y.lowerBound, bits)..<shiftedUp(y.upperBound, bits))
  }

  /// The precincts that touch a resolution: ranges of their numbers along x and y.
  func precincts(_ number: Int) -> Area {
    let area = resolution(number)
    guard !area.isEmpty else { return Area(x: 0..<0, y: 0..<0) }
    let (px, py) = (style.precinctX(number), style.precinctY(number))
    return Area(
      x: area.x.lowerBound >> px..<shiftedUp(area.x.upperBound, px),
      y: area.y.lowerBound >> py..<shiftedUp(area.y.upperBound, py))
  }

  /// The bands of a resolution: LL alone at 0, else HL, LH, HH.
  func bands(_ number: Int) -> [Area] {
    guard number > 0 else { return [resolution(0)] }
    let bits = style.levels - number + 1
    let half = 1 << (bits - 1)
    return [(1, 0), (0, 1), (1, 1)].map { right, down in
      func range(_ range: Range<Int>, _ isHigh: Int) -> Range<Int> {
        let start = shiftedUp(range.lowerBound - isHigh * half, bits)
        return start..<max(start, shiftedUp(range.upperBound - isHigh * half, bits))
      }
      return Area(x: range(x, right), y: range(y, down))
    }
  }

  /// The numbers of code-blocks along x and y of a band in a precinct (`x`, `y` its numbers).
  func blocks(_ number: Int, _ band: Area, precinctX: Int, precinctY: Int) -> (wide: Int, high: Int)
  {
    guard !band.isEmpty else { return (0, 0) }
    let smaller = number > 0 ? 1 : 0
    func count(_ range: Range<Int>, _ precinct: Int, _ precinctBits: Int, _ blockBits: Int) -> Int {
      let start = max(range.lowerBound, precinct << precinctBits)
      let end = min(range.upperBound, (precinct + 1) << precinctBits)
      guard start < end else { return 0 }
      let bits = min(blockBits, precinctBits)
      return shiftedUp(end, bits) - (start >> bits)
    }
    let wide = count(band.x, precinctX, style.precinctX(number) - smaller, style.blockX)
    let high = count(band.y, precinctY, style.precinctY(number) - smaller, style.blockY)
    return wide > 0 && high > 0 ? (wide, high) : (0, 0)
  }

  /// At most how many precincts and code-blocks a component of this size has, wherever its tile lies.
  static func most(width: Int, height: Int, _ style: CodingStyle) -> (precincts: Int, blocks: Int) {
    var total = (precincts: 0, blocks: 0)
    for number in 0...style.levels {
      let smaller = number > 0 ? 1 : 0
      func along(_ size: Int, _ precinctBits: Int, _ blockBits: Int) -> (Int, Int) {
        let whole = (size >> (style.levels - number)) + 2
        let band = number > 0 ? (size >> (style.levels - number + 1)) + 2 : whole
        let bits = min(blockBits, precinctBits - smaller)
        return ((whole >> precinctBits) + 2, (band >> bits) + 2)
      }
      let (precinctsX, blocksX) = along(width, style.precinctX(number), style.blockX)
      let (precinctsY, blocksY) = along(height, style.precinctY(number), style.blockY)
      // Sizes are at most 2^31, so products stay below 2^63.
      total.precincts += precinctsX * precinctsY
      total.blocks += (number > 0 ? 3 : 1) * blocksX * blocksY
    }
    return total
  }
}
