internal import BrickCore
internal import BrickXML

/// Where the registrations of a project lie in its XML.
struct RegistrationSites {
  /// An element with what is in it.
  struct Element {
    let start: XMLTag
    let end: XMLTag
    /// The tags and everything between them.
    var range: Range<Int> { start.range.lowerBound..<end.range.upperBound }
  }

  /// One view's registration.
  struct Registration {
    let element: Element
    /// The transforms in the order of the file.
    let transforms: [Element]
  }

  /// By view; of one that is there twice the last, which is the one programs see.
  let registrations: [BDVProject.View: Registration]
  /// The element around them; nil where the document has none.
  let section: Element?
  /// The root element.
  let root: Element

  /// Parses the document, which `path` names in messages.
  init(_ bytes: [UInt8], path: String) throws {
    let reader = try XMLReader(bytes: bytes, name: path, locatesTags: true)
    guard let first = try reader.next(), case .start("SpimData", _) = first, let tag = reader.tag
    else {
      throw BrickworkError(
        .unsupportedInput, path: path, reason: "is an XML file, but not one of <SpimData>",
        remedy: "Name the dataset.xml of BigDataViewer or BigStitcher")
    }
    var (found, section): ([BDVProject.View: Registration], Element?) = ([:], nil)
    while let node = try reader.next() {
      guard case .start(let name, _) = node, let start = reader.tag else { continue }
      if name == "ViewRegistrations" {
        try Self.takeSection(reader, into: &found)
        section = Element(start: start, end: reader.tag ?? start)
      } else {
        try XMLElement.skip(reader)
      }
    }
    root = Element(start: tag, end: reader.tag ?? tag)
    registrations = found
    self.section = section
  }

  private static func takeSection(
    _ reader: XMLReader, into found: inout [BDVProject.View: Registration]
  ) throws {
    while let node = try reader.next() {
      switch node {
      case .text: continue
      case .end: return
      case .start(let name, let attributes):
        guard let start = reader.tag else { return }
        let transforms = try Self.children("ViewTransform", reader)
        guard name == "ViewRegistration",
          let timepoint = attributes["timepoint"].flatMap({ Int($0) }),
          let setup = attributes["setup"].flatMap({ Int($0) })
        else { continue }
        found[.init(timepoint: timepoint, setup: setup)] = Registration(
          element: Element(start: start, end: reader.tag ?? start), transforms: transforms)
      }
    }
  }

  /// The children of this name; reads to the element's end.
  private static func children(_ wanted: String, _ reader: XMLReader) throws -> [Element] {
    var found: [Element] = []
    while let node = try reader.next() {
      switch node {
      case .text: continue
      case .end: return found
      case .start(let name, _):
        guard let start = reader.tag else { return found }
        try XMLElement.skip(reader)
        if name == wanted { found.append(Element(start: start, end: reader.tag ?? start)) }
      }
    }
    return found
  }
}
