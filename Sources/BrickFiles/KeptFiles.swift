internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Mapped files that were lately read by calls, kept open: whoever reads a file from end to end through one
/// descriptor has the kernel read ahead, in larger pieces than it is asked for.
///
/// There are a few of them, however many files are mapped.
enum KeptFiles {
  /// A descriptor that is closed when nobody reads through it any more.
  final class File: Sendable {
    let descriptor: Int32
    init(_ descriptor: Int32) { self.descriptor = descriptor }
    deinit { close(descriptor) }
  }

  private static let most = 8
  /// The one used last comes last.
  private static let kept = Mutex<[(owner: ObjectIdentifier, file: File)]>([])

  /// The file kept for an owner, or the one that `open` opens.
  static func file(of owner: AnyObject, open: () -> File?) -> File? {
    let owner = ObjectIdentifier(owner)
    let found: File? = kept.withLock { kept in
      guard let place = kept.firstIndex(where: { $0.owner == owner }) else { return nil }
      let entry = kept.remove(at: place)
      kept.append(entry)
      return entry.file
    }
    if let found { return found }
    guard let file = open() else { return nil }
    let dropped: File? = kept.withLock { kept in
      // Another thread may have been faster; then this one's is closed after its read.
      guard !kept.contains(where: { $0.owner == owner }) else { return nil }
      kept.append((owner, file))
      return kept.count > most ? kept.removeFirst().file : nil
    }
    // Closed here, outside the lock, unless somebody still reads through it.
    withExtendedLifetime(dropped) {}
    return file
  }

  /// Closes what is kept for an owner that goes away.
  static func forget(_ owner: AnyObject) {
    let owner = ObjectIdentifier(owner)
    let dropped: File? = kept.withLock { kept in
      kept.firstIndex { $0.owner == owner }.map { kept.remove(at: $0).file }
    }
    withExtendedLifetime(dropped) {}
  }
}
