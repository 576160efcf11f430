#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The process's standard output and error.
public enum Terminal {
  /// A standard stream.
  public enum Stream: Int32, Sendable {
    case output = 1
    case error = 2
  }

  /// Whether a person reads the stream, rather than a file or a program.
  public static func isInteractive(_ stream: Stream) -> Bool { isatty(stream.rawValue) == 1 }

  /// The columns of the terminal behind the stream, 80 where there is none.
  public static func columns(_ stream: Stream) -> Int {
    var size = winsize()
    guard unsafe ioctl(stream.rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
      return 80
    }
    return Int(size.ws_col)
  }

  /// Writes text at once.
  ///
  /// Errors are left alone: there is nobody to tell.
  public static func write(_ text: String, to stream: Stream) {
    let bytes = Array(text.utf8)
    unsafe bytes.withUnsafeBytes { buffer in
      var done = 0
      while done < buffer.count {
        let count = unsafe systemWrite(
          stream.rawValue, buffer.baseAddress.unsafelyUnwrapped + done, buffer.count - done)
        if count < 0 && errno != EINTR && errno != EAGAIN { return }
        done += max(0, count)
      }
    }
  }
}

/// The variables the process was started with.
public enum ProcessEnvironment {
  /// The value of a variable, or nil where it is not set.
  public static func value(of name: String) -> String? {
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe String(cString: value)
  }
}

/// The C function whose name the method above shadows.
private func systemWrite(_ file: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
  unsafe write(file, bytes, count)
}
