import BrickBDV
import BrickCore
import BrickFiles
import BrickTestSupport
import Testing

/// The conventions of registrations, and how offsets are put into them.
@Suite struct PlacingTests {
  private typealias Transform = BDVProject.Transform

  private static func setup(
    _ id: Int, voxel: VoxelSize? = VoxelSize(x: 0.16, y: 0.16, z: 0.4),
    size: Index3? = Index3(repeating: 50)
  ) -> BDVProject.Setup {
    .init(
      id: id, name: "tile \(id)", size: size, storedVoxelSize: voxel, unit: "micrometer",
      attributes: ["tile": id, "channel": 0, "angle": 0, "illumination": 0])
  }

  private static func scale(_ name: String, _ x: Double, _ y: Double, _ z: Double) -> Transform {
    .init(name: name, affine: AffineTransform(scaleX: x, y: y, z: z))
  }

  private static func move(_ name: String, _ x: Double, _ y: Double, _ z: Double) -> Transform {
    .init(name: name, affine: AffineTransform(scaleX: 1, y: 1, z: 1, translation: (x, y, z)))
  }

  private static func project(
    _ setups: [BDVProject.Setup], _ transforms: [Int: [Transform]], timepoints: [Int] = [0],
    missing: Set<BDVProject.View> = []
  ) -> BDVProject {
    var registrations: [BDVProject.View: [Transform]] = [:]
    for timepoint in timepoints {
      for (setup, list) in transforms {
        registrations[.init(timepoint: timepoint, setup: setup)] = list
      }
    }
    return BDVProject(
      loader: .init(format: "bdv.hdf5", path: "a.h5"), setups: setups, timepoints: timepoints,
      missingViews: missing, registrations: registrations)
  }

  /// The project after its registrations are changed by way of its XML.
  private func placed(
    _ project: BDVProject, _ offsets: [Int: Point3], timepoints: [Int]? = nil
  ) throws -> BDVProject {
    let folder = try TemporaryFolder()
    try Files.replace(folder("a.xml"), with: Array(project.xml().utf8))
    var document = try SpimDataDocument(reading: folder("a.xml"))
    try document.edit(project.placing(offsets, timepoints: timepoints).edits)
    try document.save()
    return try BDVProject(reading: folder("a.xml"))
  }

  private let goal = Point3(x: 120, y: -7.25, z: 4)

  @Test func calibrationStaysLastAndTranslationsAreCalibratedPixels() throws {
    let before = Self.project(
      [Self.setup(0)],
      [
        0: [
          Self.move("Stitching Transform", 1, 2, 3),
          Self.move("Translation to Regular Grid", 100, 0, 0),
          Self.scale("calibration", 1, 1, 2.5),
        ]
      ])
    let after = try placed(before, [0: goal])
    // 120 x-pixels are 120, and 4 z-slices are 10: multiples of the smallest voxel size.
    #expect(
      after.registrations[.init(timepoint: 0, setup: 0)] == [
        Self.move(BDVProject.offsetsName, 120, -7.25, 10), Self.scale("calibration", 1, 1, 2.5),
      ])
    #expect(try after.offsets(timepoint: 0).map(\.offset) == [goal])
    // Once more changes nothing.
    #expect(try placed(after, [0: goal]).registrations == after.registrations)
  }

  @Test(
    "The world's unit is that of the bottom matrix",
    arguments: [
      [0.16, 0.16, 0.4],  // Fiji's and pybdv's: µm
      [1.0, 1.0, 2.5],  // BigStitcher's: the smallest voxel
      [1.0, 1.0, 1.0],  // npy2bdv's: raw voxels, whatever the voxel size says
    ])
  func everyConventionGivesTheOffsetsBack(_ scale: [Double]) throws {
    let bottom = Self.scale("", scale[0], scale[1], scale[2])
    let before = Self.project([Self.setup(0)], [0: [bottom]])
    let after = try placed(before, [0: goal])
    let offset = try #require(try after.offsets(timepoint: 0).first)
    #expect(abs(offset.offset.x - 120) < 1e-9 && abs(offset.offset.z - 4) < 1e-9)
    #expect(offset.warning == nil)
    let matrix = try #require(after.affine(of: .init(timepoint: 0, setup: 0)))
    #expect([matrix[0, 0], matrix[1, 1], matrix[2, 2]] == scale)
  }

  @Test func anIdentityNamedCalibrationStays() throws {
    let after = try placed(
      Self.project([Self.setup(0)], [0: [Self.scale("calibration", 1, 1, 1)]]), [0: goal])
    #expect(
      after.registrations[.init(timepoint: 0, setup: 0)]
        == [Self.move(BDVProject.offsetsName, 120, -7.25, 4), Self.scale("calibration", 1, 1, 1)])
  }

  @Test func whatIsNoTranslationStaysAndIsMadeUpFor() throws {
    let turn = Transform(
      name: "ICP",
      affine: AffineTransform(rows: [1, 0.01, 0, 5, -0.01, 1, 0, 6, 0, 0, 1, 7]) ?? .identity)
    let calibration = Self.scale("calibration", 1, 1, 2.5)
    let before = Self.project(
      [Self.setup(0, size: Index3(z: 60, y: 200, x: 200))],
      [0: [turn, Self.move("Translation", 9, 9, 9), calibration]])
    let placing = try before.placing([0: goal])
    #expect(
      placing.notes == [
        "1 views are turned or sheared, which their registrations keep: their offsets are those of the diagonal alone"
      ])
    let after = try placed(before, [0: goal])
    let list = try #require(after.registrations[.init(timepoint: 0, setup: 0)])
    #expect(list.map(\.name) == [BDVProject.offsetsName, "ICP", "calibration"])
    #expect(Array(list[1...]) == [turn, calibration])
    let offset = try #require(try after.offsets(timepoint: 0).first).offset
    #expect(abs(offset.x - 120) < 1e-9 && abs(offset.y + 7.25) < 1e-9 && abs(offset.z - 4) < 1e-9)
  }

  @Test func aMirroredViewTakesItsOffsetToo() throws {
    let after = try placed(
      Self.project([Self.setup(0)], [0: [Self.scale("flip", -1, 1, 1)]]), [0: goal])
    #expect(try after.offsets(timepoint: 0).first?.offset == goal)
  }

  @Test func aViewTurnedByARightAngleIsRefused() throws {
    let turn = Transform(
      name: "turn",
      affine: AffineTransform(rows: [0, -1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0]) ?? .identity)
    let before = Self.project([Self.setup(0)], [0: [turn]])
    #expect { try before.placing([0: goal]) } throws: { error in
      let error = error as? BrickworkError
      return error?.code == .damagedInput && error?.place == "time point 0, setup 0"
    }
  }

  @Test func viewsWithoutARegistrationGetTheCalibrationOfTheOthers() throws {
    // Setup 4 has voxels twice as large, setup 9 says nothing.
    let setups = [
      Self.setup(2), Self.setup(4, voxel: VoxelSize(x: 0.32, y: 0.32, z: 0.8)),
      Self.setup(9, voxel: nil),
    ]
    let before = Self.project(setups, [2: [Self.scale("", 0.16, 0.16, 0.4)]])
    let after = try placed(before, [2: goal, 4: goal, 9: goal])
    #expect(try after.offsets(timepoint: 0).map(\.setup) == [2, 4, 9])
    for offset in try after.offsets(timepoint: 0) {
      #expect(abs(offset.offset.x - 120) < 1e-9 && abs(offset.offset.z - 4) < 1e-9)
    }
    let second = try #require(after.registrations[.init(timepoint: 0, setup: 4)])
    #expect(second.map(\.name) == [BDVProject.offsetsName, "calibration"])
    #expect(second[1].affine == AffineTransform(scaleX: 0.32, y: 0.32, z: 0.8))
    #expect(
      after.registrations[.init(timepoint: 0, setup: 9)]?[1].affine
        == AffineTransform(scaleX: 0.16, y: 0.16, z: 0.4))
  }

  @Test func aProjectWithoutAnyRegistrationGetsBigStitchersConvention() throws {
    let setups = [Self.setup(0), Self.setup(1, voxel: VoxelSize(x: 0.32, y: 0.32, z: 0.4))]
    let after = try placed(Self.project(setups, [:]), [0: goal, 1: goal])
    #expect(
      after.registrations[.init(timepoint: 0, setup: 0)]
        == [
          Self.move(BDVProject.offsetsName, 120, -7.25, 10), Self.scale("calibration", 1, 1, 2.5),
        ])
    #expect(
      after.registrations[.init(timepoint: 0, setup: 1)]
        == [
          Self.move(BDVProject.offsetsName, 240, -14.5, 10), Self.scale("calibration", 2, 2, 2.5),
        ])
  }

  @Test func timePointsAreChosenAndMissingViewsLeftAlone() throws {
    let calibration = Self.scale("calibration", 1, 1, 2.5)
    let before = Self.project(
      [Self.setup(3), Self.setup(50)], [3: [calibration], 50: [calibration]],
      timepoints: [0, 2, 7],
      missing: [.init(timepoint: 2, setup: 50)])
    let all = try before.placing([3: goal, 50: goal])
    #expect(
      all.edits.count == 5 && all.notes == ["1 missing views were left without a registration"])
    #expect(all.edits[.init(timepoint: 2, setup: 50)] == nil)
    let after = try placed(before, [50: goal], timepoints: [7])
    #expect(try after.offsets(timepoint: 7).map(\.offset) == [.zero, goal])
    #expect(try after.offsets(timepoint: 0).map(\.offset) == [.zero, .zero])
    #expect(throws: BrickworkError.self) { try before.placing([3: goal], timepoints: [1]) }
    #expect(throws: BrickworkError.self) { try before.placing([4: goal]) }
    #expect(throws: BrickworkError.self) { try before.placing([3: Point3(x: .nan, y: 0, z: 0)]) }
    #expect([0, 2, 7, 1, 9].map(before.timepointID) == [0, 2, 7, 2, 9])
  }

  /// BigStitcher keeps a pairwise result only while this number is that of the two views.
  private func hash(_ a: AffineTransform, _ b: AffineTransform) -> Double {
    zip(a.rows, b.rows).reduce(0) { $0 + $1.0 + 13 * $1.1 }
  }

  @Test func sectionsOfBigStitcherAreKeptAndStaleResultsHaveAnotherHash() throws {
    let calibration = Self.scale("calibration", 1, 1, 2.5)
    let before = Self.project(
      [Self.setup(0), Self.setup(1)], [0: [calibration], 1: [calibration]])
    let old = hash(calibration.affine, calibration.affine)
    let sections = """
      <BoundingBoxes><BoundingBoxDefinition name="all"><min>0 0 0</min><max>999 799 249</max>
      </BoundingBoxDefinition></BoundingBoxes>
      <StitchingResults><PairwiseResult view_setup_a="0" view_setup_b="1" tp_a="0" tp_b="0"><shift>1 0 0</shift>
      <correlation>0.9</correlation><hash>\(old)</hash></PairwiseResult></StitchingResults>
      <IntensityAdjustments><IntensityAdjustments timepoint="0" setup="0"><model>1.5 -3</model></IntensityAdjustments>
      </IntensityAdjustments>
      """
    let folder = try TemporaryFolder()
    let xml = before.xml().replacing("  <BoundingBoxes />\n", with: "")
      .replacing("  <StitchingResults />\n", with: sections).replacing(
        "  <IntensityAdjustments />\n", with: "")
    try Files.replace(folder("a.xml"), with: Array(xml.utf8))
    var document = try SpimDataDocument(reading: folder("a.xml"))
    try document.edit(before.placing([1: goal]).edits)
    try document.save()
    #expect(String(decoding: document.bytes, as: UTF8.self).contains(sections))
    let after = try document.project()
    let now = hash(
      try #require(after.affine(of: .init(timepoint: 0, setup: 0))),
      try #require(after.affine(of: .init(timepoint: 0, setup: 1))))
    #expect(now != old)
  }
}
