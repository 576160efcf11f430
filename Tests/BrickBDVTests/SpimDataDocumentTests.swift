import BrickBDV
import BrickCore
import BrickFiles
import BrickTestSupport
import Testing

@Suite struct SpimDataDocumentTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private var path: String { folder("dataset.xml") }

  private func write(_ text: String) throws { try Files.replace(path, with: Array(text.utf8)) }

  private func text() throws -> String { String(decoding: try Files.read(path), as: UTF8.self) }

  private static func shift(_ name: String, _ x: Double = 1) -> BDVProject.Transform {
    .init(name: name, affine: AffineTransform(scaleX: 1, y: 1, z: 1, translation: (x, 2, -0.5)))
  }

  /// Adds a transform to each registered view, saves, takes it away again, and saves.
  private func addAndRemove() throws {
    var document = try SpimDataDocument(reading: path)
    let views = try document.project().registrations
    try document.edit(
      views.mapValues { _ in .init(added: [Self.shift("one"), Self.shift("two")]) })
    try document.save()
    var again = try SpimDataDocument(reading: path)
    let changed = try again.project().registrations
    for (view, transforms) in views {
      #expect(changed[view] == [Self.shift("one"), Self.shift("two")] + transforms)
    }
    try again.edit(views.mapValues { _ in .init(removed: [0, 1]) })
    try again.save()
  }

  @Test(
    .enabled(if: BDVEnvironment.hasSharedData, "needs the shared data (BRICKWORK_SHARED)"),
    arguments: [
      "bigstitcher_0", "bigstitcher_4", "bigstitcher_6", "mobie_n5_image", "rhapso_dataset",
      "spimdata_example",
    ])
  func realProjectsComeBackByteForByte(_ name: String) throws {
    let original = try Files.read(BDVEnvironment.data("spimdata_xml/\(name).xml"))
    try Files.replace(path, with: original)
    try addAndRemove()
    #expect(try Files.read(path) == original)
    #expect(try Files.names(in: folder.path) == ["dataset.xml", "dataset.xml~1", "dataset.xml~2"])
    #expect(try Files.read(path + "~2") == original)
  }

  @Test(
    .enabled(
      if: BDVEnvironment.hasSharedData && BDVEnvironment.hasPython, "needs shared data and Python"),
    arguments: ["bigstitcher_4", "bigstitcher_6", "mobie_n5_image", "spimdata_example"])
  func anotherParserSeesNothingButTranslationsChange(_ name: String) throws {
    let original = BDVEnvironment.data("spimdata_xml/\(name).xml")
    try Files.replace(path, with: Files.read(original))
    var document = try SpimDataDocument(reading: path)
    let project = try document.project()
    var random = SplitMix64(seed: 7)
    let offsets = Dictionary(
      uniqueKeysWithValues: project.setups.map { setup in
        func number() -> Double { Double.random(in: -3000...3000, using: &random) }
        return (setup.id, Point3(x: number(), y: number(), z: number()))
      })
    let edits = try project.placing(offsets).edits
    try document.edit(edits)
    try document.save()
    let wanted = edits.keys.map { view -> String in
      let offset = offsets[view.setup] ?? .zero
      return "\"\(view.timepoint) \(view.setup)\": [\(offset.x), \(offset.y), \(offset.z)]"
    }
    try Files.replace(
      folder("offsets.json"), with: Array("{\(wanted.joined(separator: ","))}".utf8))
    let script = SharedData.packageRoot + "/Tests/Python/compare_spimdata.py"
    let result = try BDVEnvironment.run([script, original, path, folder("offsets.json")])
    #expect(result.status == 0, "\(result.output)")
  }

  /// What may stand in a document that this program doesn't know.
  static let odd = """
    <?xml version='1.0' encoding="UTF-8" standalone='yes'?>
    <!DOCTYPE SpimData [ <!ELEMENT x (#PCDATA)> <!-- ]> --> <!ENTITY e "a > b"> ]>
    <?tool a="<b>"?>
    <!-- <SpimData> - this is none - --><!-- > -->
    <SpimData version = '0.2' x:y="a>b" xmlns:x='urn:x' >
    \t<private:thing xmlns:private="urn:p"><![CDATA[<ViewRegistrations>]]]]><![CDATA[>]]></private:thing>
    \t<SequenceDescription><ViewSetups><ViewSetup><id>0</id></ViewSetup><ViewSetup><id>1</id></ViewSetup
    \t></ViewSetups><Timepoints type="list"><Timepoint><id>0</id></Timepoint></Timepoints></SequenceDescription>
    \t<ViewRegistrations note="kept" >
    \t\t<!-- a comment with <ViewRegistration timepoint="0" setup="0"> -->
    \t\t<ViewRegistration setup='0' extra="&lt;&#62;" timepoint="0" ><Unknown/>
    \t\t\t<ViewTransform  type="affine"  ><Name>calibration</Name ><affine>1 0 0 0
    0 1 0 0 0 0 2 0</affine><!-- mine --></ViewTransform>
    \t\t</ViewRegistration>
    \t\t<ViewRegistration timepoint="0" setup="1"/>
    \t</ViewRegistrations  >
    \t<IntensityAdjustments><IntensityAdjustments timepoint="0" setup="0" model="1.5 -3"/></IntensityAdjustments>
    </SpimData >
    <!-- after -->

    """

  @Test func whatIsUnknownStaysInItsPlace() throws {
    try write(Self.odd)
    var document = try SpimDataDocument(reading: path)
    #expect(String(decoding: document.bytes, as: UTF8.self) == Self.odd)
    try document.edit([
      .init(timepoint: 0, setup: 0): .init(added: [Self.shift("a & \"b\" µ", 1.5)])
    ])
    try document.save()
    let added = """
      \t\t\t<ViewTransform type="affine">
      \t\t\t\t<Name>a &amp; &quot;b&quot; &#181;</Name>
      \t\t\t\t<affine>1.0 0.0 0.0 1.5 0.0 1.0 0.0 2.0 0.0 0.0 1.0 -0.5</affine>
      \t\t\t</ViewTransform>
      """
    let start = "timepoint=\"0\" >"
    #expect(
      try text() == Self.odd.replacing(start + "<Unknown/>", with: "\(start)\n\(added)<Unknown/>"))
    let back = try BDVProject(reading: path)
    #expect(
      back.registrations[.init(timepoint: 0, setup: 0)]?.map(\.name) == [
        "a & \"b\" µ", "calibration",
      ])
  }

  @Test func anEmptyRegistrationAndAMissingOneAreFilled() throws {
    try write(Self.odd)
    var document = try SpimDataDocument(reading: path)
    try document.edit([
      .init(timepoint: 0, setup: 1): .init(added: [Self.shift("a")]),
      .init(timepoint: 5, setup: 7): .init(added: [Self.shift("b")]),
      .init(timepoint: 5, setup: 2): .init(added: [Self.shift("c")]),
    ])
    try document.save()
    let result = try text()
    let numbers = "1.0 0.0 0.0 1.0 0.0 1.0 0.0 2.0 0.0 0.0 1.0 -0.5"
    #expect(
      result.contains(
        """
        \t\t<ViewRegistration timepoint="0" setup="1">
        \t\t\t<ViewTransform type="affine">
        \t\t\t\t<Name>a</Name>
        \t\t\t\t<affine>\(numbers)</affine>
        \t\t\t</ViewTransform>
        \t\t</ViewRegistration>
        \t\t<ViewRegistration timepoint="5" setup="2">
        """))
    #expect(
      result.contains("\t\t</ViewRegistration>\n\t</ViewRegistrations  >\n\t<IntensityAdjustments>")
    )
    let project = try BDVProject(reading: path)
    #expect(project.registrations.count == 4)
    #expect(project.registrations[.init(timepoint: 5, setup: 7)] == [Self.shift("b")])
    // Everything else is there, in its order.
    var rest = result[...]
    for line in Self.odd.split(separator: "\n") where !line.contains("setup=\"1\"/>") {
      let range = try #require(rest.firstRange(of: line))
      rest = rest[range.upperBound...]
    }
  }

  @Test(arguments: [
    "<SpimData><ViewRegistrations/></SpimData>", "<SpimData></SpimData>",
    "<SpimData>\r\n  <ViewRegistrations />\r\n</SpimData>\r\n",
    "<SpimData>\n    <Other/>\n</SpimData>",
    "<b:SpimData xmlns:b='urn:b'>\n <b:ViewRegistrations></b:ViewRegistrations></b:SpimData>",
  ])
  func projectsWithoutRegistrationsGetThem(_ text: String) throws {
    try write(text)
    var document = try SpimDataDocument(reading: path)
    let wanted = [Self.shift("one"), Self.shift("two")]
    try document.edit([.init(timepoint: 3, setup: 4): .init(added: wanted)])
    #expect(try document.project().registrations == [.init(timepoint: 3, setup: 4): wanted])
    try document.save()
    let result = try self.text()
    if text.contains("\r\n") {
      #expect(!result.replacing("\r\n", with: "").contains { $0 == "\n" || $0 == "\r" })
    }
    #expect(result.contains("b:ViewTransform") == text.contains("b:SpimData"))
    // On one line where it was on one line.
    if !text.contains("\n") && !text.contains("\r\n") { #expect(!result.contains("\n")) }
    var again = try SpimDataDocument(reading: path)
    try again.edit([.init(timepoint: 3, setup: 4): .init(removed: [0, 1])])
    #expect(try again.project().registrations == [.init(timepoint: 3, setup: 4): []])
  }

  @Test func otherEncodingsAreKeptOrRefused() throws {
    let latin =
      Array("<?xml version='1.0' encoding='ISO-8859-1'?><SpimData><unit>".utf8) + [0xB5]
      + Array("m</unit><ViewRegistrations/></SpimData>".utf8)
    try Files.replace(path, with: latin)
    var document = try SpimDataDocument(reading: path)
    try document.edit([.init(timepoint: 0, setup: 0): .init(added: [Self.shift("µ")])])
    #expect(document.bytes.contains(0xB5) && !document.bytes.contains(0xC2))
    let project = try document.project()
    #expect(project.registrations[.init(timepoint: 0, setup: 0)]?.first?.name == "µ")
    var wide: [UInt8] = [0xFF, 0xFE]
    for byte in "<SpimData><ViewRegistrations/></SpimData>".utf8 { wide += [byte, 0] }
    try Files.replace(path, with: wide)
    #expect { try SpimDataDocument(reading: path) } throws: {
      ($0 as? BrickworkError)?.code == .unsupportedInput
    }
  }

  @Test func fiveBackupsAreKept() throws {
    try write("<SpimData><ViewRegistrations/></SpimData>")
    var saved = [try text()]
    for number in 0..<8 {
      var document = try SpimDataDocument(reading: path)
      try document.save()
      try document.edit([.init(timepoint: 0, setup: number): .init(added: [Self.shift("a")])])
      #expect(document.isChanged)
      try document.save()
      #expect(!document.isChanged)
      saved.append(try text())
    }
    #expect(
      try Files.names(in: folder.path) == ["dataset.xml"] + (1...5).map { "dataset.xml~\($0)" })
    for number in 1...5 {
      #expect(
        try String(decoding: Files.read("\(path)~\(number)"), as: UTF8.self)
          == saved[saved.count - 1 - number])
    }
  }

  @Test func whatAnotherProgramSavedIsNotOverwritten() throws {
    try write(Self.odd)
    var document = try SpimDataDocument(reading: path)
    try document.edit([.init(timepoint: 0, setup: 1): .init(added: [Self.shift("a")])])
    try write(Self.odd + "<!-- by another program -->")
    #expect { try document.save() } throws: { ($0 as? BrickworkError)?.code == .outputExists }
    #expect(try text().hasSuffix("<!-- by another program -->"))
    #expect(try Files.names(in: folder.path) == ["dataset.xml"])
  }

  @Test func damagedDocumentsThrowAndNeverTrap() throws {
    let bytes = Array(Self.odd.utf8)
    var random = SplitMix64(seed: 12)
    for round in 0..<400 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: damaged.indices, using: &random)
        switch round % 3 {
        case 0:
          damaged[place] = UInt8(
            ascii: "<>&\"'/!-[]? a".unicodeScalars.randomElement(using: &random) ?? " ")
        case 1: damaged.remove(at: place)
        default: damaged = Array(damaged[..<place])
        }
        if damaged.isEmpty { damaged = [0x3C] }
      }
      try Files.replace(path, with: damaged)
      guard var document = try? SpimDataDocument(reading: path) else { continue }
      // What it takes for well formed stays so.
      try? document.edit([
        .init(timepoint: 0, setup: 0): .init(removed: [0], added: [Self.shift("a")]),
        .init(timepoint: 0, setup: 9): .init(added: [Self.shift("b")]),
      ])
      if document.isChanged { _ = try? document.project() }
    }
    try write("<Other/>")
    #expect { try SpimDataDocument(reading: path) } throws: {
      ($0 as? BrickworkError)?.code == .unsupportedInput
    }
    #expect { try SpimDataDocument(reading: folder("none.xml")) } throws: {
      ($0 as? BrickworkError)?.code == .missingInput
    }
  }
}
