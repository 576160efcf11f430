internal import BrickCore
internal import CHDF5
internal import Synchronization

/// The one door to libhdf5.
///
/// The library has one lock for the whole process where it is thread-safe at all, so every call is made
/// under a lock of ours. It is not recursive: what runs inside never lets go of a file or dataset object.
enum HDF5Library {
  private static let lock = Mutex(())

  /// Keeps the library from closing at the end of the process what could not be written: it crashes there.
  private static let staysAtExit: Bool = H5dont_atexit() >= 0

  /// Runs `body` while no other thread is in the library.
  @discardableResult
  static func locked<Result: Sendable & ~Copyable, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try lock.withLock { (_) throws(Failure) -> Result in
      _ = staysAtExit
      chdf5_silence()
      return try body()
    }
  }

  /// The innermost message of the call that just failed, in the library's words.
  static func words() -> String {
    var text = [CChar](repeating: 0, count: 512)
    unsafe text.withUnsafeMutableBufferPointer {
      if let start = $0.baseAddress { unsafe chdf5_innermost(start, $0.count) }
    }
    let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    let words = String(decoding: bytes, as: UTF8.self)
    // A system call's message stands among times, addresses and numbers.
    if let start = words.firstRange(of: "error message = '")?.upperBound,
      let end = words[start...].firstIndex(of: "'"), let colon = words.firstIndex(of: ":")
    {
      return "\(words[..<colon]): \(words[start..<end])"
    }
    return words.isEmpty ? "HDF5 gave no reason" : words
  }
}

/// Where an HDF5 call is made: what its errors name.
struct HDF5Place: Sendable {
  var path: String
  var object: String?
  /// What a failed call means: damaged input while reading, a failed write otherwise.
  var code: BrickworkError.Code

  func error(_ action: String, remedy: String? = nil) -> BrickworkError {
    BrickworkError(
      code, path: path, place: object, reason: "could not \(action): \(HDF5Library.words())",
      remedy: remedy
        ?? (code == .damagedInput ? "Restore the file from a copy, or export it again" : nil))
  }

  /// Passes on a result that is not negative.
  @discardableResult
  func check<Number: SignedInteger>(_ result: Number, _ action: String) throws(BrickworkError)
    -> Number
  {
    guard result >= 0 else { throw error(action) }
    return result
  }

  /// Owns the identifier a call returned.
  func own(
    _ id: hid_t, _ action: String, closer: @escaping @convention(c) (hid_t) -> herr_t
  ) throws(BrickworkError) -> HDF5Handle {
    HDF5Handle(try check(id, action), closer: closer)
  }
}

/// Owns one HDF5 identifier and closes it exactly once.
///
/// Lives and dies under the library's lock.
struct HDF5Handle: ~Copyable, Sendable {
  private(set) var id: hid_t
  private let closer: @convention(c) (hid_t) -> herr_t

  init(_ id: hid_t, closer: @escaping @convention(c) (hid_t) -> herr_t) {
    self.id = id
    self.closer = closer
  }

  var isOpen: Bool { id >= 0 }

  /// Closes before the end of the value's life, to learn whether that worked.
  mutating func close() -> herr_t {
    guard id >= 0 else { return 0 }
    let result = closer(id)
    id = -1
    return result
  }

  /// Leaves it open for good.
  mutating func forget() { id = -1 }

  deinit { if id >= 0 { _ = closer(id) } }
}
