internal import BrickCore

/// What each dimension of a dataset is.
struct HDF5Axes: Sendable, Hashable {
  /// One dimension.
  enum Axis: Sendable, Hashable {
    case z, y, x, channel, time
    case fixed(Int)
  }

  /// Slowest first.
  var axes: [Axis]

  /// Reads "tczyx", "[0]zyx": one letter per dimension, or an index in brackets.
  ///
  /// - Throws: `BrickworkError` with code `.badRequest` that says what is wrong with it.
  init(_ text: String) throws {
    func wrong(_ reason: String) -> BrickworkError {
      BrickworkError(
        .badRequest, reason: "the axes \"\(text)\" \(reason)",
        remedy:
          "Name one letter of z, y, x, c, t per dimension, slowest first, or an index in brackets: [0]zyx"
      )
    }
    axes = []
    var rest = text.lowercased()[...]
    while let letter = rest.popFirst() {
      switch letter {
      case "z": axes.append(.z)
      case "y": axes.append(.y)
      case "x": axes.append(.x)
      case "c": axes.append(.channel)
      case "t": axes.append(.time)
      case "[":
        guard let end = rest.firstIndex(of: "]"), let index = Int(rest[..<end]), index >= 0 else {
          throw wrong("have a bracket without an index")
        }
        axes.append(.fixed(index))
        rest = rest[rest.index(after: end)...]
      default: throw wrong("have the letter \(letter)")
      }
    }
    for axis in [Axis.z, .y, .x, .channel, .time] where axes.count(where: { $0 == axis }) > 1 {
      throw wrong("name one axis twice")
    }
    guard axes.contains(.y), axes.contains(.x) else { throw wrong("lack y or x") }
  }

  /// The last three dimensions are z, y, x (two: y, x), and those before have one element each.
  ///
  /// Nil where that leaves out something, so that the user has to say.
  init?(usualFor dimensions: [Int]) {
    guard dimensions.count >= 2 else { return nil }
    let spatial: [Axis] = dimensions.count == 2 ? [.y, .x] : [.z, .y, .x]
    let leading = dimensions.dropLast(spatial.count)
    guard leading.allSatisfy({ $0 == 1 }) else { return nil }
    axes = leading.map { _ in .fixed(0) } + spatial
  }

  /// The dimension of an axis.
  func dimension(_ axis: Axis) -> Int? { axes.firstIndex(of: axis) }
}
