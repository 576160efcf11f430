internal import BrickCore

extension JPEG2000File {
  /// Opens a file and reads a few boxes of it, whatever it is: for fuzzing, where only `BrickworkError` may be thrown.
  @_spi(Fuzzing) public static func exercise(_ path: String) throws {
    let cache = PieceCache(capacity: 1 << 20)
    let image = try image(in: path, rows: .x, cache: cache)
    let volumes =
      [try image.volume(channel: 0, timepoint: 0)]
      + (try image.reduced(by: Index3(repeating: 4), channel: 0, timepoint: 0).map { [$0.volume] }
        ?? [])
    for volume in volumes {
      let size = volume.size
      // What is stated to take more than this is not tried: an engine with a small budget refuses it too.
      guard volume.scratchBytes(reading: .one) < 256 << 20 else { continue }
      let last = size - .one
      for place in [.zero, size.dividedRoundingDown(by: Index3(repeating: 2)), last] {
        let end = (place + Index3(repeating: 8)).minimum(size)
        _ = try volume.block(of: Box3(from: place, to: end))
      }
    }
  }
}
