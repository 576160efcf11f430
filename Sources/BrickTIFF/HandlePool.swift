internal import BrickFiles
internal import Synchronization

/// Open handles nobody uses just now, of all files together: the least recently used one goes first.
///
/// A handle serves one thread, so a file has as many as threads read it at once. Decoder states take up to
/// some hundred KiB each: a job on thousands of tiles must not keep one for every tile.
enum HandlePool {
  private static let limit = 32
  /// Idle handles with the mapping they read: it is theirs as long as they live, so its identity is unique.
  private static let idle = Mutex<[(file: ObjectIdentifier, handle: TIFFHandle)]>([])

  /// Lends a handle of a file to `body`: one that stands in the right strip before the row, if there is one.
  static func withHandle<Result>(
    of map: MappedFile, directory: UInt64, strip: Int = -1, row: Int = 0,
    _ body: (TIFFHandle) throws -> Result
  ) throws -> Result {
    let file = ObjectIdentifier(map)
    let kept = idle.withLock { idle -> TIFFHandle? in
      var best: (place: Int, score: Int)?
      for (place, item) in idle.enumerated().reversed() where item.file == file {
        var score = item.handle.directory == directory ? 1 : 0
        if score == 1 && item.handle.openStrip == strip && item.handle.nextRow <= row {
          score = 2 + item.handle.nextRow
        }
        if best.map({ score > $0.score }) ?? true { best = (place, score) }
      }
      return best.map { idle.remove(at: $0.place).handle }
    }
    let handle = try kept ?? TIFFHandle(map)
    defer {
      let surplus = idle.withLock { idle -> TIFFHandle? in
        idle.append((file, handle))
        return idle.count > limit ? idle.removeFirst().handle : nil
      }
      // Closing it takes place here, outside the lock.
      withExtendedLifetime(surplus) {}
    }
    return try body(handle)
  }

  /// Closes the idle handles of a file.
  static func closeAll(of map: MappedFile) {
    let file = ObjectIdentifier(map)
    let closed = idle.withLock { idle -> [TIFFHandle] in
      let mine = idle.filter { $0.file == file }.map(\.handle)
      idle.removeAll { $0.file == file }
      return mine
    }
    withExtendedLifetime(closed) {}
  }
}
