import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// The memory of this process that no file stands for, looked at every 10 ms by a thread of its own.
///
/// Only Linux tells it apart from the pages of mapped files.
final class OwnMemory: Sendable {
  private let largest = Atomic<Int>(0)
  private let isOver = Atomic<Bool>(false)

  /// Whether the system tells it.
  static var isKnown: Bool { bytes != nil }

  /// Bytes now; nil where the system does not tell them.
  static var bytes: Int? {
    #if canImport(Glibc)
      guard let file = unsafe fopen("/proc/self/status", "r") else { return nil }
      defer { unsafe fclose(file) }
      var line = [CChar](repeating: 0, count: 256)
      while unsafe fgets(&line, Int32(line.count), file) != nil {
        let text = String(
          decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard text.hasPrefix("RssAnon:") else { continue }
        return text.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
          .map { $0 << 10 }
      }
    #endif
    return nil
  }

  /// The largest number of bytes that was seen while `work` ran, of everything the process holds.
  static func peak(of work: () async throws -> Void) async throws -> Int {
    let watch = OwnMemory()
    // The pool's threads may all be busy with the work.
    let thread = try watch.start()
    do {
      try await work()
    } catch {
      watch.stop(thread)
      throw error
    }
    watch.stop(thread)
    return watch.largest.load(ordering: .relaxed)
  }
}

#if canImport(Glibc)
  extension OwnMemory {
    private func start() throws -> pthread_t {
      var thread = pthread_t()
      let code = unsafe pthread_create(
        &thread, nil,
        { argument in
          guard let argument = unsafe argument else { return nil }
          let watch = unsafe Unmanaged<OwnMemory>.fromOpaque(argument).takeRetainedValue()
          while !watch.isOver.load(ordering: .relaxed) {
            watch.largest.max(OwnMemory.bytes ?? 0, ordering: .relaxed)
            usleep(10_000)
          }
          return nil
        }, Unmanaged.passRetained(self).toOpaque())
      precondition(code == 0, "No thread could be started: \(code)")
      return thread
    }

    private func stop(_ thread: pthread_t) {
      isOver.store(true, ordering: .relaxed)
      pthread_join(thread, nil)
    }
  }
#else
  extension OwnMemory {
    private func start() throws {}
    private func stop(_: Void) {}
  }
#endif
