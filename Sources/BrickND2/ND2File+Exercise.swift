internal import BrickCore

extension ND2File {
  /// Opens a file and reads a little of every tile's first and last planes: the entry for fuzzing.
  ///
  /// - Throws: `BrickworkError` where the file can't be read; anything else is a mistake of ours.
  @_spi(Fuzzing) public static func exercise(_ path: String) throws {
    let images = try open(path, cache: PieceCache(capacity: 16 << 20))
    var failure: (any Error)?
    for image in images.prefix(4) {
      let size = image.info.size
      // What a file may claim is more than a fuzzer has.
      guard size.x * size.y <= 1 << 22, size.z > 0 else { continue }
      for channel in Set([0, image.info.channelNames.count - 1]) {
        for timepoint in Set([0, image.info.timepoints - 1]) {
          let volume = try image.volume(channel: channel, timepoint: timepoint)
          for z in Set([0, size.z / 2, size.z - 1]) {
            let box = Box3(
              origin: Index3(z: z, y: 0, x: 0), size: Index3(z: 1, y: size.y, x: size.x))
            do { _ = try volume.block(of: box) } catch { failure = error }
          }
          _ = image.time(timepoint: timepoint, z: size.z - 1)
        }
      }
    }
    if let failure { throw failure }
  }

  /// Reads the bytes of a metadata chunk in both notations: the entry for fuzzing them alone.
  ///
  /// - Throws: `BrickworkError` where neither can be read.
  @_spi(Fuzzing) public static func exercise(metadata bytes: [UInt8]) throws {
    let binary = Result { try LVReader.root(bytes) }
    let xml = Result { try VariantReader.root(bytes, name: "metadata") }
    for node in [try? binary.get(), try? xml.get()].compactMap({ $0 }) {
      _ = try? Experiment(node)
      _ = try? FrameLayout(node)
      _ = Picture(node)
    }
    if case .failure(let error) = binary, case .failure = xml { throw error }
  }
}
