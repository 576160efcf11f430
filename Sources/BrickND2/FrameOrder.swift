internal import BrickCore

/// Which frame shows a plane: frames are numbered along the loops, the innermost fastest.
///
/// Several loops of one kind are one axis, in the order of their nesting; custom loops count as time.
struct FrameOrder: Sendable {
  private struct Axis: Sendable {
    var count: Int
    var stride: Int
  }
  private var time: [Axis] = []
  private var z: [Axis] = []
  private var position = Axis(count: 1, stride: 0)

  /// The order of loops whose product was checked to fit.
  init(_ loops: [ND2Metadata.Loop]) {
    var stride = 1
    for loop in loops.reversed() {
      let axis = Axis(count: loop.count, stride: stride)
      switch loop.kind {
      case .time, .custom: time.insert(axis, at: 0)
      case .z: z.insert(axis, at: 0)
      case .position: position = axis
      }
      stride *= loop.count
    }
  }

  var timepoints: Int { time.reduce(1) { $0 * $1.count } }
  var planes: Int { z.reduce(1) { $0 * $1.count } }
  var positions: Int { position.count }

  /// The frame of a plane.
  func frame(position index: Int, timepoint: Int, z plane: Int) -> Int {
    index * position.stride + Self.sum(timepoint, time) + Self.sum(plane, z)
  }

  /// The position that a frame shows.
  func position(ofFrame frame: Int) -> Int {
    position.stride == 0 ? 0 : frame / position.stride % position.count
  }

  private static func sum(_ index: Int, _ axes: [Axis]) -> Int {
    var rest = index
    var frame = 0
    for axis in axes.reversed() {
      let (outer, inner) = rest.quotientAndRemainder(dividingBy: axis.count)
      frame += inner * axis.stride
      rest = outer
    }
    return frame
  }
}
