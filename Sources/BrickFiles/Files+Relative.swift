extension Files {
  /// An absolute path as seen from an absolute folder: "." for the folder itself, and unchanged where both have
  /// nothing but the root in common.
  ///
  /// Both are taken as they are; `resolved` makes them comparable.
  public static func relative(_ path: String, to folder: String) -> String {
    let (base, parts) = (folder.split(separator: "/"), path.split(separator: "/"))
    let common = zip(base, parts).prefix { $0 == $1 }.count
    guard common > 0 || base.isEmpty else { return path }
    let steps = Array(repeating: Substring(".."), count: base.count - common)
    let seen = (steps + parts[common...]).joined(separator: "/")
    return seen.isEmpty ? "." : seen
  }
}
