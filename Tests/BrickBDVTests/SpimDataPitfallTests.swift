import BrickBDV
import BrickCore
import BrickFiles
import BrickTestSupport
import Testing

/// What programs of the field write differently, and what their readers do not forgive.
@Suite struct SpimDataPitfallTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func read(
    timepoints: String = "<Timepoints type='range'><first>0</first><last>0</last></Timepoints>",
    loader: String =
      "<ImageLoader format='bdv.hdf5'><hdf5 type='relative'>a.h5</hdf5></ImageLoader>",
    base: String = "<BasePath type='relative'>.</BasePath>", registrations: String = ""
  ) throws -> BDVProject {
    let text = """
      <SpimData version="0.2"><ViewRegistrations>\(registrations)</ViewRegistrations>\(base)
      <SequenceDescription>\(timepoints)<ViewSetups><Attributes name="tile"><Tile><id>4</id><name>four</name>
      <location>0 0 0</location></Tile></Attributes><ViewSetup><id>4</id><attributes><tile>4</tile></attributes>
      <size>9 8 7</size></ViewSetup><ViewSetup><id>1234</id></ViewSetup></ViewSetups>\(loader)</SequenceDescription>
      </SpimData>
      """
    try Files.replace(folder("a.xml"), with: Array(text.utf8))
    return try BDVProject(reading: folder("a.xml"))
  }

  @Test(
    arguments: [
      ("<Timepoints type='range'><first>3</first><last>5</last></Timepoints>", [3, 4, 5]),
      (
        "<Timepoints type='list'><Timepoint><id>7</id><name>x</name></Timepoint><Timepoint><id>2</id></Timepoint></Timepoints>",
        [2, 7]
      ),
      ("<Timepoints type='pattern'><integerpattern /></Timepoints>", [0]),
      (
        "<Timepoints type='pattern'><integerpattern>1,3,7-9</integerpattern></Timepoints>",
        [1, 3, 7, 8, 9]
      ),
      (
        "<Timepoints type='pattern'><integerpattern>0-20:5</integerpattern></Timepoints>",
        [0, 5, 10, 15, 20]
      ),
    ] as [(String, [Int])])
  func timePointsAreRangesListsAndPatterns(_ text: String, _ ids: [Int]) throws {
    let project = try read(timepoints: text)
    #expect(project.timepoints == ids)
    // Written and read again they are the same.
    try Files.replace(folder("b.xml"), with: Array(project.xml().utf8))
    #expect(try BDVProject(reading: folder("b.xml")).timepoints == ids)
  }

  @Test func namesOfTransformsMayBeLowerCaseOrMissing() throws {
    func transform(_ name: String) -> String {
      "<ViewTransform type='affine'>\(name)<affine>1 0 0 5\n0 1 0 0\r\n\t0 0 1 0\n</affine></ViewTransform>"
    }
    let project = try read(
      registrations: "<ViewRegistration timepoint='0' setup='4'>"
        + transform("<name>pybdv</name>") + transform("<Name>BDV</Name>") + transform("")
        + "</ViewRegistration>")
    let view = BDVProject.View(timepoint: 0, setup: 4)
    #expect(project.registrations[view]?.map(\.name) == ["pybdv", "BDV", ""])
    #expect(project.affine(of: view)?[0, 3] == 15)
    // Setup 1234 has none: it is left out, not put at zero.
    #expect(try project.offsets(timepoint: 0).map(\.setup) == [4])
  }

  @Test func aViewRegisteredTwiceIsWhereTheLastOneSays() throws {
    func registration(_ x: Int) -> String {
      "<ViewRegistration timepoint='0' setup='4'><ViewTransform type='affine'><affine>1 0 0 \(x) 0 1 0 0 0 0 1 0</affine>"
        + "</ViewTransform></ViewRegistration>"
    }
    let project = try read(registrations: registration(1) + registration(2))
    #expect(try project.offsets(timepoint: 0).map(\.offset.x) == [2])
    // And it is the one that changes.
    var document = try SpimDataDocument(reading: folder("a.xml"))
    try document.edit(project.placing([4: Point3(x: 30, y: 0, z: 0)]).edits)
    #expect(try document.project().offsets(timepoint: 0).map(\.offset.x) == [30])
    #expect(String(decoding: document.bytes, as: UTF8.self).contains(registration(1)))
  }

  @Test func imagesAreFoundBesideTheXMLAndBelowItsBase() throws {
    #expect(try read(base: "").loader.path == folder("a.h5"))
    #expect(
      try read(base: "<BasePath type='relative'>sub</BasePath>").loader.path == folder("sub/a.h5"))
    try Files.replace(folder("a.h5"), with: [0])
    let moved =
      "<ImageLoader format='bdv.hdf5'><hdf5 type='absolute'>C:\\data\\a.h5</hdf5></ImageLoader>"
    #expect(try read(loader: moved).loader.path == folder("a.h5"))
  }

  @Test func partitionsAreReadAndWritten() throws {
    let loader = """
      <ImageLoader format="bdv.hdf5"><hdf5 type="relative">a.h5</hdf5><partition><path type="relative">a-00-00.h5</path>
      <timepoints>0 3</timepoints><setups>4 1234</setups></partition><partition><timepointOffset>0</timepointOffset>
      </partition></ImageLoader>
      """
    var project = try read(loader: loader)
    #expect(
      project.loader.partitions == [
        .init(path: "a-00-00.h5", timepoints: [0, 3], setups: [4, 1234])
      ])
    project.loader.path = "a.h5"
    try Files.replace(folder("b.xml"), with: Array(project.xml().utf8))
    #expect(try BDVProject(reading: folder("b.xml")).loader.partitions == project.loader.partitions)
  }

  /// BigDataViewer splits lists at blanks without trimming first, and takes no blanks around whole numbers.
  @Test func nothingWrittenHasBlanksAroundIt() throws {
    let setups = [0, 7].map {
      BDVSetup(
        id: $0, name: "tile", channelName: "c", tile: $0,
        voxelSize: VoxelSize(x: 0.16, y: 0.16, z: 0.4),
        offset: Point3(x: 1e-7, y: -3, z: 1e17),
        levels: [BDVLevel(factor: .one, size: Index3(repeating: 5), chunk: .one)])
    }
    let project = BDVProject(
      setups: setups, timepoints: [0, 4], loader: .init(format: "bdv.hdf5", path: "a.h5"))
    for line in project.xml().split(separator: "\n") {
      guard let open = line.firstIndex(of: ">"), let close = line.lastIndex(of: "<"), open < close
      else { continue }
      let text = line[line.index(after: open)..<close]
      #expect(
        !text.isEmpty && text.first?.isWhitespace == false && text.last?.isWhitespace == false,
        "\(line)")
      #expect(!text.contains("  "), "\(line)")
    }
    // All four attributes have their block, and every id is in it.
    for (name, element) in [
      ("illumination", "Illumination"), ("channel", "Channel"), ("tile", "Tile"),
      ("angle", "Angle"),
    ] {
      #expect(project.xml().contains("<Attributes name=\"\(name)\">\n        <\(element)>"))
    }
  }
}
