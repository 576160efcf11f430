internal import BrickCore

/// The compression of h5py's lzf filter: runs of literals, and copies from at most 8 KiB back.
///
/// Format: http://software.schmorp.de/pkg/liblzf.html
enum LZF {
  /// Decompresses into the front of `target` and returns the number of its bytes.
  ///
  /// - Throws: `BrickworkError` with code `.damagedInput`, without a path, if the stream is cut, refers to
  ///   what is not there, or holds more than `target` has room for.
  static func decompress(_ source: RawSpan, into target: inout MutableRawSpan) throws -> Int {
    let (count, room) = (source.byteCount, target.byteCount)
    let damaged = BrickworkError(
      .damagedInput,
      reason: "the lzf stream of \(count) bytes is damaged, or holds more than \(room)")
    return try unsafe source.withUnsafeBytes { from in
      try unsafe target.withUnsafeMutableBytes { to in
        var (read, written) = (0, 0)
        while read < count {
          let control = unsafe Int(from[read])
          read += 1
          if control < 32 {
            let length = control + 1
            guard length <= count - read, length <= room - written else { throw damaged }
            for i in 0..<length { unsafe to[written + i] = from[read + i] }
            read += length
            written += length
          } else {
            var length = control >> 5
            if length == 7 {
              guard read < count else { throw damaged }
              length += unsafe Int(from[read])
              read += 1
            }
            guard read < count else { throw damaged }
            let distance = unsafe (control & 31) << 8 + Int(from[read]) + 1
            read += 1
            length += 2
            guard distance <= written, length <= room - written else { throw damaged }
            // Byte by byte: a copy may reach into what it writes.
            for i in written..<written + length { unsafe to[i] = to[i - distance] }
            written += length
          }
        }
        return written
      }
    }
  }
}
