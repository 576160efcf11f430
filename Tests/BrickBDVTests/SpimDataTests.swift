import BrickBDV
import BrickCore
import BrickFiles
import BrickTestSupport
import Testing

@Suite struct SpimDataTests {
  static func document(transforms: String, extra: String = "") -> String {
    """
    <?xml version="1.0" encoding="UTF-8"?>
    <SpimData version="0.2"><BasePath type="relative">.</BasePath><SequenceDescription>
    <ImageLoader format="bdv.hdf5"><hdf5 type="relative"> a.h5
    </hdf5></ImageLoader>
    <ViewSetups><ViewSetup><id>0</id><name>tile &amp; 0</name><size>100 80 60</size>
    <voxelSize><unit>µm</unit><size>0.16 0.16 0.4</size></voxelSize>
    <attributes><channel>1</channel></attributes></ViewSetup>\(extra)
    <Attributes name="channel"><Channel><id>1</id><name>DAPI</name></Channel></Attributes></ViewSetups>
    <Timepoints type="pattern"><integerpattern>0-4:2, 7</integerpattern></Timepoints>
    <MissingViews><MissingView timepoint="2" setup="0"/></MissingViews></SequenceDescription>
    <ViewRegistrations><ViewRegistration timepoint="0" setup="0">\(transforms)</ViewRegistration>
    </ViewRegistrations></SpimData>
    """
  }

  static func transform(_ numbers: String) -> String {
    "<ViewTransform type=\"affine\"><affine>\(numbers)</affine></ViewTransform>"
  }

  private func read(_ text: String) throws -> BDVProject {
    let folder = try TemporaryFolder()
    try Files.replace(folder("a.xml"), with: Array(text.utf8))
    return try BDVProject(reading: folder("a.xml"))
  }

  @Test(
    .enabled(if: BDVEnvironment.hasSharedData, "needs the shared data (BRICKWORK_SHARED)"))
  func totalAffinesEqualThoseOfOtherPrograms() throws {
    let expected = try BDVEnvironment.expectedProjects()
    #expect(expected.count == 13)
    for (name, wanted) in expected {
      let project = try BDVProject(reading: BDVEnvironment.data(name))
      #expect(project.loader.format == (wanted.loader ?? ""), "\(name)")
      #expect(project.setups.count == wanted.setups.count, "\(name)")
      for setup in project.setups {
        let other = try #require(wanted.setups[String(setup.id)])
        if let size = other.size, !size.isEmpty, let ours = setup.size {
          #expect([ours.x, ours.y, ours.z] == size)
        }
        if let voxel = other.voxel, !voxel.isEmpty, let ours = setup.storedVoxelSize {
          #expect([ours.x, ours.y, ours.z] == voxel)
        }
        #expect(setup.unit == other.unit ?? "")
      }
      #expect(project.registrations.count == wanted.registrations.count, "\(name)")
      for registration in wanted.registrations {
        let view = BDVProject.View(timepoint: registration.timepoint, setup: registration.setup)
        let affine = try #require(project.affine(of: view))
        for (a, b) in zip(affine.rows, registration.affine_3x4_rowmajor) {
          #expect(abs(a - b) <= 1e-9 * max(1, abs(b)), "\(name) \(view)")
        }
      }
    }
  }

  @Test(
    .enabled(if: BDVEnvironment.hasSharedData, "needs the shared data (BRICKWORK_SHARED)"))
  func realProjectsGiveOffsetsOrSayWhyNot() throws {
    let mesoSPIM = try BDVProject(reading: BDVEnvironment.data("spimdata_xml/bigstitcher_6.xml"))
    let offsets = try mesoSPIM.offsets(timepoint: 0)
    #expect(
      offsets.count == 16 && offsets.allSatisfy { $0.warning == nil && $0.shearDistance == 0 })
    #expect(mesoSPIM.setups[0].voxelSize == VoxelSize(x: 3.26, y: 3.26, z: 10))
    let partly = try BDVProject(reading: BDVEnvironment.data("spimdata_xml/bigstitcher_0.xml"))
    #expect(try partly.offsets(timepoint: 0).count == 1)
    let nanometres = try BDVProject(reading: BDVEnvironment.data("spimdata_xml/mobie_n5_image.xml"))
    #expect(abs((nanometres.setups[0].voxelSize?.x ?? 0) - 0.005) < 1e-12)
    #expect(nanometres.loader.path == BDVEnvironment.data("spimdata_xml/image.n5"))
  }

  @Test func transformsAreMultipliedInDocumentOrder() throws {
    let project = try read(
      Self.document(
        transforms: Self.transform("1 0 0 2.5 0 1 0 -1.25 0 0 1 5")
          + Self.transform("1 0 0 130\n 0 1 0 0\n 0 0 1 0\n")
          + Self.transform("1.0 0 0 0 0 1 0 0 0 0 25e-1 0")))
    let offset = try #require(try project.offsets(timepoint: 0).first)
    #expect(offset.offset == Point3(x: 132.5, y: -1.25, z: 2))
    #expect(offset.name == "tile & 0" && offset.warning == nil && offset.shearDistance == 0)
    #expect(offset.size == Index3(z: 60, y: 80, x: 100))
    #expect(project.timepoints == [0, 2, 4, 7])
    #expect(project.missingViews == [.init(timepoint: 2, setup: 0)])
    #expect(project.attributeNames["channel"] == [1: "DAPI"])
    #expect(project.loader.path?.hasSuffix("/a.h5") == true)
    #expect(try project.offsets(timepoint: 2).isEmpty)
    #expect(throws: BrickworkError.self) { try project.offsets(timepoint: 1) }
  }

  @Test func aTurnedViewIsMeasuredAndWarnedOf() throws {
    // The nearest translation leaves x displaced by 0.02 · y: ±0.02 · 40 voxels at the corners.
    let project = try read(Self.document(transforms: Self.transform("1 .02 0 0 0 1 0 0 0 0 1 0")))
    let offset = try #require(try project.offsets(timepoint: 0).first)
    #expect(abs(offset.shearDistance - 0.8) < 1e-12)
    #expect(offset.warning?.contains("a corner lies 0.8 voxels") == true)
    let slight = try read(Self.document(transforms: Self.transform("1 .01 0 0 0 1 0 0 0 0 1 0")))
    #expect(try slight.offsets(timepoint: 0).first?.warning == nil)
    let mirrored = try read(Self.document(transforms: Self.transform("-1 0 0 9 0 1 0 0 0 0 1 0")))
    #expect(try mirrored.offsets(timepoint: 0).first?.warning?.contains("mirrored along x") == true)
  }

  @Test func aTurnedViewWithoutASizeIsWarnedOf() throws {
    func warning(_ transform: String) throws -> String? {
      let text = Self.document(transforms: Self.transform(transform))
        .replacing("<size>100 80 60</size>", with: "")
      let offset = try #require(try read(text).offsets(timepoint: 0).first)
      #expect(offset.size == nil)
      return offset.warning
    }
    let turned = try warning("1 .001 0 0 -.001 1 0 0 0 0 1 0")
    #expect(turned?.hasPrefix("is turned or sheared, and without its size") == true)
    #expect(try warning("0.16 0 0 5 0 0.16 0 6 0 0 0.4 7") == nil)
    #expect(try warning("1 1e-12 0 5 0 1 0 6 0 0 1 7") == nil)
    #expect(try warning("-1 0 0 9 0 1 0 0 0 0 1 0")?.contains("mirrored along x") == true)
  }

  @Test func aViewTurnedByARightAngleHasNoOffset() throws {
    let project = try read(Self.document(transforms: Self.transform("0 -1 0 0 1 0 0 0 0 0 1 0")))
    #expect { try project.offsets(timepoint: 0) } throws: { error in
      (error as? BrickworkError)?.description.contains("time point 0, setup 0") == true
    }
  }

  @Test func whatIsWrittenIsReadBack() throws {
    let names = ["", "a < b & \"c\"", "λ 488\u{1}"]
    var project = BDVProject(
      loader: .init(format: "bdv.hdf5", path: "odd & name.h5"),
      setups: names.enumerated().map { id, name in
        .init(
          id: id * 50, name: name, size: Index3(z: 3, y: 4, x: 5),
          storedVoxelSize: VoxelSize(x: 0.1, y: 0.1, z: 1.0 / 3), unit: "micrometer",
          attributes: ["channel": id, "tile": 0, "angle": 0, "illumination": 0])
      },
      attributeNames: ["channel": [0: "GFP", 1: "<x>", 2: "2"]], timepoints: [0, 3, 9],
      missingViews: [.init(timepoint: 3, setup: 50)])
    project.registrations[.init(timepoint: 0, setup: 0)] = [
      .init(
        name: "Stitching Transform",
        affine: AffineTransform(scaleX: 1, y: 1, z: 1, translation: (1e-9, -2.5, 1e17))),
      .init(name: "calibration", affine: AffineTransform(scaleX: 1, y: 1, z: 10.0 / 3)),
    ]
    var back = try read(project.xml())
    #expect(back.loader.path?.hasSuffix("/odd & name.h5") == true)
    back.loader.path = project.loader.path
    back.path = nil
    #expect(back.setups.map(\.name) == ["", "a < b & \"c\"", "λ 488\u{FFFD}"])
    for index in names.indices { project.setups[index].name = back.setups[index].name }
    for attribute in ["tile", "angle", "illumination"] {
      project.attributeNames[attribute] = [0: "0"]
    }
    #expect(back == project)
  }

  @Test func damagedDocumentsThrowAndNeverTrap() throws {
    let whole = Self.document(transforms: Self.transform("1 0 0 0 0 1 0 0 0 0 1 0"))
    let bytes = Array(whole.utf8)
    let folder = try TemporaryFolder()
    func reading(_ bytes: [UInt8]) throws -> BDVProject {
      try Files.replace(folder("a.xml"), with: bytes)
      return try BDVProject(reading: folder("a.xml"))
    }
    for end in stride(from: 0, to: bytes.count, by: 29) {
      #expect(throws: BrickworkError.self) { try reading(Array(bytes[..<end])) }
    }
    var random = SplitMix64(seed: 5)
    for _ in 0..<100 {
      var damaged = bytes
      damaged[Int.random(in: bytes.indices, using: &random)] = UInt8.random(
        in: 32...126, using: &random)
      if let project = try? reading(damaged) { _ = try? project.offsets(timepoint: 0) }
    }
  }

  @Test(
    arguments: [
      ("<id>0</id>", "<id>x</id>"), ("100 80 60", "100 80"), ("100 80 60", "1e18 1e18 1e18"),
      ("100 80 60", "-1 80 60"), ("0.16 0.16 0.4", "a b c"), ("1 0 0 0 0", "1 0 0 nan 0"),
      ("1 0 0 0 0", "1 0"), ("0-4:2, 7", "0-2000000000"), ("0-4:2, 7", "4-0"),
      ("0-4:2, 7", "1:0"), ("type=\"affine\"", "type=\"generic\""), ("SpimData", "Other"),
      ("timepoint=\"0\" setup", "timepoint=\"99999999999999999999\" setup"),
      (
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
        "<!DOCTYPE SpimData [<!ENTITY e SYSTEM \"/etc/passwd\">]>&e;"
      ),
    ])
  func impossibleNumbersAreNamed(old: String, new: String) throws {
    let whole = Self.document(transforms: Self.transform("1 0 0 0 0 1 0 0 0 0 1 0"))
    let changed = whole.split(separator: old, omittingEmptySubsequences: false).joined(
      separator: new)
    #expect(changed != whole)
    #expect { try read(changed) } throws: { error in
      (error as? BrickworkError)?.path?.hasSuffix("a.xml") == true
    }
  }

  @Test func aSetupThatIsThereTwiceIsDamage() throws {
    let twice = Self.document(transforms: "", extra: "<ViewSetup><id>0</id></ViewSetup>")
    #expect(throws: BrickworkError.self) { try read(twice) }
  }

  #if os(Linux)
    @Test func readingLeavesNoMemoryBehind() throws {
      // libxml2's input buffer of 8 KiB once stayed behind with each document.
      let folder = try TemporaryFolder()
      let path = folder("a.xml")
      try Files.replace(path, with: Array("<SpimData><a/></SpimData>".utf8))
      func read(_ times: Int) { for _ in 0..<times { _ = try? BDVProject(reading: path) } }
      func residentBytes() throws -> Int {
        let words = String(decoding: try Files.read("/proc/self/statm"), as: UTF8.self)
          .split(separator: " ")
        return try #require(Int(words[1])) * 4096
      }
      read(200)
      let before = try residentBytes()
      read(4000)
      #expect(try residentBytes() - before < 12 << 20)
    }
  #endif
}
