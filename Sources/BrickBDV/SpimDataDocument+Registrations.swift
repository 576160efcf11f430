internal import BrickCore
internal import BrickXML

extension BDVProject {
  /// What changes in a view's registration.
  public struct RegistrationEdit: Sendable, Hashable {
    /// The places of the transforms that go, counted from 0 in the order of the file.
    public var removed: Set<Int>
    /// Transforms that come before those that stay, in the order of the file: the last one of all is applied first.
    public var added: [Transform]

    /// A change of a registration, or a new one with the `added` transforms.
    public init(removed: Set<Int> = [], added: [Transform] = []) {
      self.removed = removed
      self.added = added
    }
  }
}

extension SpimDataDocument {
  /// Changes the registrations of views, and makes those that aren't there.
  ///
  /// Bytes outside the transforms that go and come stay as they are; new elements are indented like those around.
  /// - Throws: `BrickworkError` with code `.badRequest` if a transform is to go that isn't there.
  public mutating func edit(_ edits: [BDVProject.View: BDVProject.RegistrationEdit]) throws {
    let sites = try RegistrationSites(bytes, path: path)
    var splices: [Splice] = []
    var new: [(view: BDVProject.View, edit: BDVProject.RegistrationEdit)] = []
    for (view, edit) in edits where edit != .init() {
      guard let site = sites.registrations[view] else {
        new.append((view, edit))
        continue
      }
      guard edit.removed.allSatisfy(site.transforms.indices.contains) else {
        throw BrickworkError(
          .badRequest, path: path,
          place: "registration of time point \(view.timepoint), setup \(view.setup)",
          reason: "has \(site.transforms.count) transforms, and others are to be removed")
      }
      splices += self.splices(edit, site, sites)
    }
    if !new.isEmpty {
      new.sort { ($0.view.timepoint, $0.view.setup) < ($1.view.timepoint, $1.view.setup) }
      splices.append(adding(new, sites))
    }
    splices.sort {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }
    replace(splices)
  }

  /// Bytes that take the place of others.
  private struct Splice {
    var range: Range<Int>
    var text: String
  }

  private mutating func replace(_ splices: [Splice]) {
    guard !splices.isEmpty else { return }
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count + splices.reduce(0) { $0 + $1.text.utf8.count })
    var place = 0
    for splice in splices {
      result += bytes[place..<splice.range.lowerBound]
      result += Array(splice.text.utf8)
      place = splice.range.upperBound
    }
    result += bytes[place...]
    if result != bytes {
      bytes = result
      isChanged = true
    }
  }

  private func splices(
    _ edit: BDVProject.RegistrationEdit, _ site: RegistrationSites.Registration,
    _ sites: RegistrationSites
  ) -> [Splice] {
    var splices = edit.removed.map { place in
      let range = site.transforms[place].range
      // The line goes with its element.
      return Splice(range: startOfBlanks(before: range.lowerBound)..<range.upperBound, text: "")
    }
    guard !edit.added.isEmpty else { return splices }
    let start = site.element.start
    let outer = indent(of: start)
    var style = Style(prefix: start.prefix, newline: newline, outer: outer)
    style.unit = unit(style, of: site.transforms.first?.start)
    let text = edit.added.map { style.text(of: $0) }.joined()
    if start.isEmpty {
      splices.append(opening(start, text + style.closing(start.name)))
    } else {
      let end = start.range.upperBound
      let isBare = site.transforms.isEmpty && end == site.element.end.range.lowerBound
      splices.append(Splice(range: end..<end, text: text + (isBare ? style.line() : "")))
    }
    return splices
  }

  /// The registrations of views that had none.
  private func adding(
    _ new: [(view: BDVProject.View, edit: BDVProject.RegistrationEdit)], _ sites: RegistrationSites
  ) -> Splice {
    let parent = sites.section ?? sites.root
    let sample = sites.registrations.values.first?.element.start
    var style = Style(
      prefix: sample?.prefix ?? parent.start.prefix, newline: newline,
      outer: sites.section.map { indent(of: $0.start) } ?? indent(of: sites.root.start))
    style.unit = unit(style, of: sites.section == nil ? nil : sample)
    if sites.section == nil { style.outer = style.outer.map { $0 + style.unit } }
    let text = new.map { style.text(of: $0.view, $0.edit.added) }.joined()
    let name = style.prefix + "ViewRegistrations"
    if let section = sites.section, section.start.isEmpty {
      return opening(section.start, text + style.closing(section.start.name))
    }
    // Behind the last child, so that the end tag keeps its line.
    let end = startOfBlanks(before: parent.end.range.lowerBound)
    if sites.section == nil {
      return Splice(
        range: end..<end, text: style.line() + "<\(name)>" + text + style.closing(name))
    }
    let isBare = end == parent.end.range.lowerBound
    return Splice(range: end..<end, text: text + (isBare ? style.line() : ""))
  }

  /// An empty element as a pair of tags: what follows its start tag takes the place of its "/>".
  private func opening(_ tag: XMLTag, _ text: String) -> Splice {
    let end = tag.range.upperBound
    return Splice(range: startOfBlanks(before: end - 2)..<end, text: ">" + text)
  }

  // MARK: Looks

  /// How elements of this document are laid out.
  private struct Style {
    /// Of the elements' names, with its colon.
    var prefix: String
    var newline: String
    /// The blanks before the parent; nil where elements aren't on lines of their own.
    var outer: String?
    /// What a level adds.
    var unit = "  "

    /// A line's start, so many levels below the parent.
    func line(_ depth: Int = 0) -> String {
      outer.map { newline + $0 + String(repeating: unit, count: depth) } ?? ""
    }

    func closing(_ name: String) -> String { line() + "</\(name)>" }

    func text(of transform: BDVProject.Transform, depth: Int = 1) -> String {
      let name = XMLText.escapedASCII(transform.name)
      return line(depth) + "<\(prefix)ViewTransform type=\"affine\">"
        + line(depth + 1) + "<\(prefix)Name>\(name)</\(prefix)Name>"
        + line(depth + 1)
        + "<\(prefix)affine>\(XMLText.numbers(transform.affine))</\(prefix)affine>"
        + line(depth) + "</\(prefix)ViewTransform>"
    }

    func text(of view: BDVProject.View, _ transforms: [BDVProject.Transform]) -> String {
      line(1)
        + "<\(prefix)ViewRegistration timepoint=\"\(view.timepoint)\" setup=\"\(view.setup)\">"
        + transforms.map { text(of: $0, depth: 2) }.joined()
        + line(1) + "</\(prefix)ViewRegistration>"
    }
  }

  /// The blanks before a tag that is the first on its line; nil for others.
  private func indent(of tag: XMLTag) -> String? {
    let start = startOfBlanks(before: tag.range.lowerBound)
    let blanks = bytes[start..<tag.range.lowerBound]
    guard let last = blanks.lastIndex(of: 0x0A) else {
      return start == 0 && bytes.contains(0x0A) ? "" : nil
    }
    return String(decoding: blanks[(last + 1)...], as: UTF8.self)
  }

  /// What a child's indentation has more than its parent's.
  private func unit(_ style: Style, of child: XMLTag?) -> String {
    guard let outer = style.outer, let child, let inner = indent(of: child),
      inner.hasPrefix(outer), inner.count > outer.count
    else { return style.outer?.contains("\t") == true ? "\t" : "  " }
    return String(inner.dropFirst(outer.count))
  }

  private func startOfBlanks(before place: Int) -> Int {
    var start = place
    while start > 0, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[start - 1]) { start -= 1 }
    return start
  }

  /// The document's line end.
  private var newline: String {
    guard let first = bytes.firstIndex(of: 0x0A), first > 0 else { return "\n" }
    return bytes[first - 1] == 0x0D ? "\r\n" : "\n"
  }
}
