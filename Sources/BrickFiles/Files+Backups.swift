internal import BrickCore

extension Files {
  /// Copies a small file to `path~1`, after `path~1` became `path~2` and so on: BigStitcher's way.
  ///
  /// The file itself is not touched, so that there is no moment without it; of `count` backups the oldest goes.
  /// - Throws: `BrickworkError` if the file can't be read or a copy not be made.
  public static func keepBackup(of path: String, count: Int) throws {
    guard count > 0 else { return }
    let bytes = try read(path)
    for number in stride(from: count - 1, through: 1, by: -1) where exists("\(path)~\(number)") {
      try rename("\(path)~\(number)", to: "\(path)~\(number + 1)")
    }
    try replace("\(path)~1", with: bytes)
  }
}
