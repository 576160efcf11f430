internal import BrickCore
internal import BrickPicture

extension PreviewStrips {
  /// The values that become black and white in a layer: percentiles are exact, of the covered pixels that are
  /// finite numbers, interpolated as `numpy.percentile` does.
  ///
  /// 8- and 16-bit pixels are counted in one pass; wider ones need one or three passes more, for which a picture of one
  /// strip is not read again.
  func window(_ layer: Int, _ contrast: Contrast, _ coverage: Coverage?) async throws
    -> ContrastWindow
  {
    guard case .percentiles(let low, let high) = contrast else {
      guard case .range(let low, let high) = contrast else { preconditionFailure("Known") }
      return ContrastWindow(low: low, high: high)
    }
    var histogram: VoxelHistogram?
    try await forEachCovered(layer, coverage) { view in
      histogram = histogram ?? VoxelHistogram(type: view.type)
      histogram?.add(view)
    }
    guard let histogram, histogram.count > 0 else { return ContrastWindow(low: 0, high: 1) }
    if let low = histogram.percentile(low), let high = histogram.percentile(high) {
      return ContrastWindow(low: low, high: high)
    }
    var selection = try RadixSelection([low, high], of: histogram)
    while !selection.isComplete {
      var tally = selection.tally()
      try await forEachCovered(layer, coverage) { tally.add($0) }
      try selection.narrow(by: tally)
    }
    return ContrastWindow(low: selection.values[0], high: selection.values[1])
  }

  private func forEachCovered(
    _ layer: Int, _ coverage: Coverage?, _ body: (borrowing VoxelView) -> Void
  ) async throws {
    for rows in rows {
      let strip = try await strip(layer, rows)
      let boxes = coverage?.boxes(in: rows) ?? [strip.block.box]
      guard strip.block.type.isFloat else {
        strip.withView { view in for box in boxes { body(view.cropped(to: box)) } }
        continue
      }
      var finite = VoxelBlock()
      for box in boxes {
        finite.reshape(to: box, type: strip.block.type)
        strip.withView { finite.copy(from: $0.cropped(to: box)) }
        finite.dropInfinities()
        body(VoxelView(finite))
      }
    }
  }
}

extension VoxelBlock {
  /// Makes the infinite voxels of a block of floats NaN.
  fileprivate mutating func dropInfinities() {
    if type == .float32 { dropInfinities(Float.self) } else { dropInfinities(Double.self) }
  }

  private mutating func dropInfinities<V: Voxel & BinaryFloatingPoint>(_: V.Type) {
    var voxels = mutableVoxels(as: V.self)
    for i in 0..<voxels.count where voxels[i].isInfinite { voxels[i] = .nan }
  }
}
