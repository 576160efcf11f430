/// What went wrong, where, why, and what to do now.
///
/// Callers branch on `code`; people read `description`, which names the file, the place in it, both
/// numbers where two disagree, and the remedy.
public struct BrickworkError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kinds of failure that callers tell apart.
  public enum Code: String, Sendable, Hashable, CaseIterable {
    /// A request that can't be met as it was made.
    case badRequest
    /// A file contradicts itself or its format.
    case damagedInput
    /// A file is whole, but holds something this program does not read.
    case unsupportedInput
    /// A file or folder is not there.
    case missingInput
    /// The output exists already, or can't be made.
    case outputExists
    /// The operating system refused to read or write.
    case inputOutput
    /// A memory budget too small for the job.
    case outOfBudget
    /// The run was stopped and can be continued.
    case interrupted
    /// A check found something wrong.
    case verificationFailed
  }

  /// The kind of failure, for callers that tell them apart; it decides the command's exit code.
  public var code: Code
  /// The file or folder, or nil where none is at fault.
  public var path: String?
  /// The place in the file: "page 3, strip 7", "brick (z 0, y 1, x 2)".
  public var place: String?
  /// What is wrong, with both numbers where two disagree; continues a sentence about `path`.
  public var reason: String
  /// What the user can do about it, as a sentence without its full stop; nil where nothing is known.
  public var remedy: String?

  /// An error; the parts that are nil are left out of its text.
  public init(
    _ code: Code, path: String? = nil, place: String? = nil, reason: String, remedy: String? = nil
  ) {
    self.code = code
    self.path = path
    self.place = place
    self.reason = reason
    self.remedy = remedy
  }

  /// One sentence for people: path, place, reason, and then the remedy.
  public var description: String {
    let location = [path, place].compactMap { $0 }.joined(separator: ", ")
    let sentence = location.isEmpty ? reason : "\(location): \(reason)"
    return sentence + (remedy.map { ". \($0)" } ?? "")
  }
}
