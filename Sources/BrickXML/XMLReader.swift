internal import BrickCore
internal import CXML2

/// Reads an XML document node by node: memory stays small however large the document is.
///
/// Uses libxml2's reader without network access and without expanding entities from other files.
@safe
public final class XMLReader {
  /// What `next` met.
  public enum Node: Sendable, Hashable {
    /// An element's start tag, with its name as written and its attributes.
    case start(name: String, attributes: [String: String])
    /// Text or CDATA, white space included.
    case text(String)
    /// An element's end tag; an empty element `<a/>` has one too.
    case end(name: String)
  }

  private let reader: xmlTextReaderPtr
  /// What the reader reads from; a reader made from a buffer leaves it to its maker.
  private let input: xmlParserInputBufferPtr
  private let source: String
  private var tags: XMLTagScanner?
  private var pendingEnd: String?
  /// How deep the last node lies; the root element is at 1.
  public private(set) var depth = 0
  /// Where the last start or end tag lies in the bytes, where tags are located; that of an empty element for its end too.
  public private(set) var tag: XMLTag?

  /// Opens the document in `bytes`; `name` stands in error messages.
  ///
  /// - Parameter locatesTags: says for each tag where it lies, for those who change a document.
  public init(bytes: [UInt8], name: String, locatesTags: Bool = false) throws {
    guard bytes.count <= Int(Int32.max) else {
      throw BrickworkError(
        .unsupportedInput, path: name,
        reason: "an XML document of \(bytes.count) bytes is too large")
    }
    source = name
    tags = locatesTags ? XMLTagScanner(bytes) : nil
    let options = Int32(
      bitPattern: XML_PARSE_NONET.rawValue | XML_PARSE_NOERROR.rawValue
        | XML_PARSE_NOWARNING.rawValue)
    // A reader would keep the address, so libxml2's own input buffer copies the bytes first.
    let buffer = unsafe bytes.withUnsafeBufferPointer { bytes in
      unsafe bytes.withMemoryRebound(to: CChar.self) {
        unsafe xmlParserInputBufferCreateMem(
          $0.baseAddress, Int32($0.count), XML_CHAR_ENCODING_NONE)
      }
    }
    guard let buffer = unsafe buffer else {
      throw BrickworkError(.inputOutput, path: name, reason: "libxml2 could not take the document")
    }
    guard let reader = unsafe xmlNewTextReader(buffer, nil) else {
      unsafe xmlFreeParserInputBuffer(buffer)
      throw BrickworkError(.inputOutput, path: name, reason: "libxml2 could not start reading")
    }
    unsafe input = buffer
    unsafe xmlTextReaderSetup(reader, nil, nil, nil, options)
    unsafe self.reader = reader
  }

  deinit {
    unsafe xmlFreeTextReader(reader)
    unsafe xmlFreeParserInputBuffer(input)
  }

  /// The next start tag, text or end tag; nil at the end of the document.
  ///
  /// - Throws: `BrickworkError` with code `.damagedInput` and the line where the document is not well formed.
  public func next() throws -> Node? {
    if let name = pendingEnd {
      pendingEnd = nil
      depth -= 1
      return .end(name: name)
    }
    while true {
      let result = unsafe xmlTextReaderRead(reader)
      if result == 0 { return nil }
      guard result == 1 else { throw malformed() }
      switch unsafe xmlTextReaderNodeType(reader) {
      case Int32(XML_READER_TYPE_ELEMENT.rawValue):
        let name = elementName()
        let isEmpty = unsafe xmlTextReaderIsEmptyElement(reader) == 1
        try locate(name, isEnd: false, isEmpty: isEmpty)
        depth += 1
        let attributes = attributes()
        if isEmpty { pendingEnd = name }
        return .start(name: name, attributes: attributes)
      case Int32(XML_READER_TYPE_END_ELEMENT.rawValue):
        depth -= 1
        let name = elementName()
        try locate(name, isEnd: true, isEmpty: false)
        return .end(name: name)
      case Int32(XML_READER_TYPE_TEXT.rawValue), Int32(XML_READER_TYPE_CDATA.rawValue),
        Int32(XML_READER_TYPE_SIGNIFICANT_WHITESPACE.rawValue),
        Int32(XML_READER_TYPE_WHITESPACE.rawValue):
        return unsafe .text(text(xmlTextReaderConstValue(reader)))
      default: continue  // comments, processing instructions, declarations
      }
    }
  }

  /// Takes the next tag of the bytes, which has to be the one the parser sees.
  private func locate(_ name: String, isEnd: Bool, isEmpty: Bool) throws {
    guard tags != nil else { return }
    tag = tags?.next()
    guard tag?.localName == name, tag?.isEnd == isEnd, tag?.isEmpty == isEmpty else {
      throw BrickworkError(
        .unsupportedInput, path: source,
        reason: "can't be changed in place: the tag of <\(name)> is not found in its bytes",
        remedy: "Save the document as UTF-8, without a document type, and try again")
    }
  }

  private func elementName() -> String { unsafe text(xmlTextReaderConstLocalName(reader)) }

  private func attributes() -> [String: String] {
    var result: [String: String] = [:]
    while unsafe xmlTextReaderMoveToNextAttribute(reader) == 1 {
      result[elementName()] = unsafe text(xmlTextReaderConstValue(reader))
    }
    unsafe xmlTextReaderMoveToElement(reader)
    return result
  }

  private func text(_ bytes: UnsafePointer<xmlChar>?) -> String {
    guard let bytes = unsafe bytes else { return "" }
    return unsafe String(cString: bytes)
  }

  private func malformed() -> BrickworkError {
    let error = unsafe xmlGetLastError()
    let words = unsafe String(cString: cxml2_message(error)).split(separator: "\n").joined(
      separator: " ")
    return unsafe BrickworkError(
      .damagedInput, path: source, place: "line \(cxml2_line(error))",
      reason: "is not well-formed XML: \(words)", remedy: "Restore the file from a copy")
  }
}
