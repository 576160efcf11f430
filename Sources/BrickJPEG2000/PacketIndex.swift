internal import BrickCore
internal import BrickFiles

/// Where the packets of each component lie in a tile: found by reading the packets' headers alone.
///
/// OpenJPEG copies and parses all of a tile for each component it decodes. With this a component's packets can be
/// handed to it as a codestream of their own.
struct PacketIndex: Sendable {
  /// For each component its byte ranges in the file, in the order of the codestream.
  let ranges: [[Range<Int>]]

  /// Bytes this takes.
  var byteCount: Int { ranges.reduce(0) { $0 + 32 + 16 * $1.count } }

  /// More packets of a tile than are indexed.
  static let mostPackets = 4 << 20

  /// A precinct of a component's resolution, in the order packets follow each other.
  private struct Slot {
    var component: Int32
    var resolution: Int32
    /// Numbers of the precinct along x and y.
    var precinctX: Int32
    var precinctY: Int32
    /// Where it begins on the reference grid.
    var x: Int
    var y: Int
  }

  init(_ codestream: Codestream, tile: Int, _ map: MappedFile) throws {
    let complaints = Complaints(path: map.path)
    let parameters = try codestream.parameters(ofTile: tile, map)
    let area = codestream.grid.area(ofTile: tile)
    let parts = codestream.tiles[tile]
    let dataBytes = parts.reduce(0) { $0 + $1.data.count }
    var geometry: [TileComponent] = []
    for component in 0..<codestream.components {
      guard let style = parameters.style(of: component) else { break }
      geometry.append(TileComponent(x: area.x, y: area.y, style: style))
    }
    var slots: [Slot] = []
    for (number, component) in geometry.enumerated() {
      for resolution in 0...component.style.levels {
        let precincts = component.precincts(resolution)
        // Every packet has a byte at least.
        guard precincts.x.count <= dataBytes, precincts.y.count <= dataBytes,
          slots.count + precincts.x.count * precincts.y.count
            <= min(dataBytes, Self.mostPackets)
        else {
          throw complaints.damaged(
            "tile \(tile)",
            "has more precincts than the \(dataBytes) bytes of its data, or than 2^22")
        }
        Self.append(to: &slots, number, component, resolution, precincts)
      }
    }
    var walk = Walk(parts.map(\.data), components: codestream.components)
    let bytes = Span<UInt8>(_bytes: map.bytes)
    do {
      try walk.run(&slots, geometry, parameters, bytes)
    } catch {
      throw complaints.damaged(
        "tile \(tile), byte \(walk.place)",
        "its \(dataBytes) bytes of data end before the last packet, or their headers are wrong")
    }
    ranges = walk.ranges
    try map.checkIntact()
  }

  private static func append(
    to slots: inout [Slot], _ number: Int, _ component: TileComponent, _ resolution: Int,
    _ precincts: TileComponent.Area
  ) {
    let bits = component.style.levels - resolution
    for y in precincts.y {
      for x in precincts.x {
        slots.append(
          Slot(
            component: Int32(number), resolution: Int32(resolution), precinctX: Int32(x),
            precinctY: Int32(y),
            x: max(component.x.lowerBound, x << (component.style.precinctX(resolution) + bits)),
            y: max(component.y.lowerBound, y << (component.style.precinctY(resolution) + bits))))
      }
    }
  }

  /// The state of going through a tile's data.
  private struct Walk {
    let data: [Range<Int>]
    var part = 0
    var place: Int
    var ranges: [[Range<Int>]]

    init(_ data: [Range<Int>], components: Int) {
      self.data = data
      place = data.first?.lowerBound ?? 0
      ranges = Array(repeating: [], count: components)
    }

    mutating func run(
      _ slots: inout [Slot], _ geometry: [TileComponent], _ parameters: CodingParameters,
      _ bytes: Span<UInt8>
    ) throws(PacketBits.End) {
      // Layers are outermost, within a resolution, or innermost.
      switch parameters.progression {
      case 0, 1:
        slots.sort {
          ($0.resolution, $0.component, $0.precinctY, $0.precinctX)
            < ($1.resolution, $1.component, $1.precinctY, $1.precinctX)
        }
      case 2:
        slots.sort {
          ($0.resolution, $0.y, $0.x, $0.component) < ($1.resolution, $1.y, $1.x, $1.component)
        }
      case 3:
        slots.sort {
          ($0.y, $0.x, $0.component, $0.resolution) < ($1.y, $1.x, $1.component, $1.resolution)
        }
      default:
        slots.sort {
          ($0.component, $0.y, $0.x, $0.resolution) < ($1.component, $1.y, $1.x, $1.resolution)
        }
      }
      var groups = [0..<slots.count]
      if parameters.progression == 1 {
        groups = []
        var start = 0
        for end in 1...slots.count
        where end == slots.count || slots[end].resolution != slots[start].resolution {
          groups.append(start..<end)
          start = end
        }
      } else if parameters.progression > 1 {
        groups = slots.indices.map { $0..<$0 + 1 }
      }
      for group in groups {
        // The state of a precinct is needed as long as further layers of it come.
        var states: [PrecinctState] = []
        for layer in 0..<parameters.layers {
          for number in group {
            let slot = slots[number]
            let component = geometry[Int(slot.component)]
            let index = parameters.layers > 1 ? number - group.lowerBound : 0
            if layer == 0 {
              let state = PrecinctState(
                component, resolution: Int(slot.resolution), precinctX: Int(slot.precinctX),
                precinctY: Int(slot.precinctY))
              if index == states.count { states.append(state) } else { states[index] = state }
            }
            try packet(
              &states[index], Int(slot.component), layer, component.style.blockStyle, parameters,
              bytes)
          }
        }
      }
    }

    private mutating func packet(
      _ state: inout PrecinctState, _ component: Int, _ layer: Int, _ blockStyle: Int,
      _ parameters: CodingParameters, _ bytes: Span<UInt8>
    ) throws(PacketBits.End) {
      while place == data[part].upperBound, part + 1 < data.count {
        part += 1
        place = data[part].lowerBound
      }
      let (start, end) = (place, data[part].upperBound)
      if parameters.mayHaveSOP, place <= end - 6, bytes.half(place) == 0xFF91 { place += 6 }
      var bits = PacketBits(at: place, end: end)
      let code = try state.read(layer: layer, blockStyle: blockStyle, &bits, bytes)
      try bits.align()
      place = bits.place
      if parameters.hasEPH, place <= end - 2, bytes.half(place) == 0xFF92 { place += 2 }
      guard code <= end - place else { throw PacketBits.End() }
      place += code
      if let last = ranges[component].last, last.upperBound == start {
        ranges[component][ranges[component].count - 1] = last.lowerBound..<place
      } else {
        ranges[component].append(start..<place)
      }
    }
  }
}
