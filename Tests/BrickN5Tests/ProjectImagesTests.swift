import BrickBDV
import BrickCore
import BrickFiles
import BrickFormats
import BrickN5
import BrickTestSupport
import Testing

/// A project of two tiles in two channels at two time points, 0.5 × 0.5 × 2 µm voxels, loader to be put in.
private func project(_ loader: String, missing: String = "") -> String {
  var xml = """
    <SpimData version="0.2"><BasePath type="relative">.</BasePath><SequenceDescription>\(loader)
    <ViewSetups>
    """
  for setup in 0..<4 {
    xml += """
      <ViewSetup><id>\(setup)</id><name>setup \(setup)</name><size>4 3 2</size>
      <voxelSize><unit>micrometer</unit><size>0.5 0.5 2.0</size></voxelSize>
      <attributes><illumination>0</illumination><channel>\(setup / 2)</channel><tile>\(setup % 2)</tile>
      <angle>0</angle></attributes></ViewSetup>
      """
  }
  xml += """
    <Attributes name="channel"><Channel><id>0</id><name>DAPI</name></Channel>
    <Channel><id>1</id><name>GFP</name></Channel></Attributes></ViewSetups>
    <Timepoints type="pattern"><integerpattern>3, 7</integerpattern></Timepoints>
    <MissingViews>\(missing)</MissingViews></SequenceDescription><ViewRegistrations>
    """
  for timepoint in [3, 7] {
    for setup in 0..<4 {
      xml += """
        <ViewRegistration timepoint="\(timepoint)" setup="\(setup)"><ViewTransform type="affine">
        <affine>1 0 0 \(setup % 2 * 6) 0 1 0 0 0 0 1 8</affine></ViewTransform>
        <ViewTransform type="affine"><Name>calibration</Name><affine>1 0 0 0 0 1 0 0 0 0 4 0</affine>
        </ViewTransform></ViewRegistration>
        """
    }
  }
  return xml + "</ViewRegistrations></SpimData>"
}

private func tiles(_ xml: String, _ folder: TemporaryFolder) throws -> [any TileImage] {
  try overwrite(folder("dataset.xml"), Array(xml.utf8))
  return try ProjectImages.images(
    of: BDVProject(reading: folder("dataset.xml")), cache: PieceCache(capacity: 1 << 20))
}

private func failure(_ xml: String, _ folder: TemporaryFolder) throws -> BrickworkError? {
  do {
    _ = try tiles(xml, folder)
    return nil
  } catch let error as BrickworkError { return error }
}

private let n5 = """
  <ImageLoader format="bdv.n5" version="1.0"><n5 type="relative">
  dataset.n5
  </n5></ImageLoader>
  """

private func writeN5(_ folder: TemporaryFolder) throws {
  for setup in 0..<4 {
    for timepoint in [3, 7] {
      try writeDataset(
        folder("dataset.n5/setup\(setup)/timepoint\(timepoint)/s0"),
        first: UInt8(50 * setup + timepoint))
    }
  }
}

/// First voxels by tile, channel and time point.
private func firsts(_ tiles: [any TileImage]) throws -> [[[UInt8]]] {
  try tiles.map { tile in
    try tile.info.channelNames.indices.map { channel in
      try (0..<tile.info.timepoints).map { timepoint in
        try bytes(of: tile.volume(channel: channel, timepoint: timepoint))[0]
      }
    }
  }
}

@Test func aProjectOverN5OpensWithChannelsTimePointsAndPositions() throws {
  let folder = try TemporaryFolder()
  try writeN5(folder)
  let tiles = try tiles(project(n5), folder)
  #expect(tiles.map(\.info.name) == ["setup 0", "setup 1"])
  #expect(tiles.map(\.info.format) == ["N5, bdv.n5", "N5, bdv.n5"])
  #expect(tiles[0].info.channelNames == ["DAPI", "GFP"] && tiles[0].info.timepoints == 2)
  #expect(tiles[0].info.voxelSize == VoxelSize(x: 0.5, y: 0.5, z: 2))
  // Six and eight calibrated pixels are six voxels along x and two along z.
  #expect(tiles.map(\.info.position) == [Point3(x: 0, y: 0, z: 4), Point3(x: 3, y: 0, z: 4)])
  #expect(try firsts(tiles) == [[[3, 7], [103, 107]], [[53, 57], [153, 157]]])
  #expect(tiles.allSatisfy { $0.info.notes.isEmpty })
  var random = SplitMix64(seed: 4)
  try checkVolumeLaws(of: tiles[1].volume(channel: 1, timepoint: 1), using: &random)
}

@Test func missingViewsReadAsZerosAndAreCounted() throws {
  let folder = try TemporaryFolder()
  try writeN5(folder)
  try Files.remove(folder("dataset.n5/setup2/timepoint7"))
  let missing =
    "<MissingView timepoint=\"3\" setup=\"1\" /><MissingView timepoint=\"7\" setup=\"3\"/>"
  let tiles = try tiles(project(n5, missing: missing), folder)
  #expect(try firsts(tiles) == [[[3, 7], [103, 0]], [[0, 57], [153, 0]]])
  #expect(
    tiles[0].info.notes == [
      "1 of 4 views are missing and read as zeros; 1 of them unknown to the project"
    ])
  #expect(tiles[1].info.notes == ["2 of 4 views are missing and read as zeros"])
}

@Test func aTileThatIsListedAsMissingReadsAsZerosAndOneThatIsNotThrows() throws {
  let folder = try TemporaryFolder()
  try writeN5(folder)
  let all = [(3, 1), (7, 1), (3, 3), (7, 3)].map {
    "<MissingView timepoint=\"\($0.0)\" setup=\"\($0.1)\"/>"
  }.joined()
  let listed = try tiles(project(n5, missing: all), folder)
  #expect(listed[1].info.type == .uint8 && listed[1].info.size == Index3(z: 2, y: 3, x: 4))
  #expect(try bytes(of: listed[1].volume(channel: 1, timepoint: 0)).allSatisfy { $0 == 0 })
  try Files.remove(folder("dataset.n5/setup1"))
  try Files.remove(folder("dataset.n5/setup3"))
  let error = try failure(project(n5), folder)
  #expect(error?.code == .missingInput)
  #expect(error?.path == folder("dataset.n5/setup1/timepoint3/s0"))
}

@Test func aStoreThatIsNotThereIsNamed() throws {
  let folder = try TemporaryFolder()
  let error = try failure(project(n5), folder)
  #expect(error?.code == .missingInput && error?.path == folder("dataset.n5"))
  for address in ["s3://bucket/dataset.n5", "gs://bucket/dataset.n5", "https://a.b/dataset.n5"] {
    let cloud = """
      <ImageLoader format="bdv.n5.cloud"><n5 type="absolute">\(address)</n5></ImageLoader>
      """
    let error = try failure(project(cloud), folder)
    #expect(error?.code == .unsupportedInput && error?.reason.contains(address) == true)
  }
  let other = try failure(project("<ImageLoader format=\"bdv.imaris\"/>"), folder)
  #expect(other?.code == .unsupportedInput && other?.reason.contains("bdv.imaris") == true)
}

@Test func aFileAddressIsAPath() throws {
  let folder = try TemporaryFolder()
  try writeN5(folder)
  let escaped = folder("dataset.n5").replacing("5", with: "%35") + "/"
  for address in ["file:\(escaped)", "file://\(escaped)"] {
    let loader = """
      <ImageLoader format="bdv.n5" version="1.1"><n5 type="absolute">\(address)</n5></ImageLoader>
      """
    #expect(try tiles(project(loader), folder).count == 2, "\(address)")
  }
}

@Test func channelsOfDifferentTypesAreRefused() throws {
  let folder = try TemporaryFolder()
  try writeN5(folder)
  try writeDataset(folder("dataset.n5/setup2/timepoint3/s0"), [4, 3, 1], first: 0)
  let error = try failure(project(n5), folder)
  #expect(error?.code == .damagedInput)
  #expect(error?.path == folder("dataset.n5/setup2/timepoint3/s0"))
}

/// A Zarr v2 image with one 8-bit brick for each place before z, y, x.
private func writeZarr(_ path: String, leading: [Int], first: UInt8) throws {
  let names = Array(["t", "c"].suffix(leading.count)) + ["z", "y", "x"]
  let axes: [JSON] = names.map { name in
    ["name": .string(name), "type": name == "t" ? "time" : name == "c" ? "channel" : "space"]
  }
  let ones = Array(repeating: JSON.number(1), count: names.count)
  let group: JSON = [
    "multiscales": [
      [
        "version": "0.4", "axes": .array(axes),
        "datasets": [
          [
            "path": "0",
            "coordinateTransformations": [["type": "scale", "scale": .array(ones)]],
          ]
        ],
      ]
    ]
  ]
  try overwrite(path + "/.zgroup", Array(#"{"zarr_format": 2}"#.utf8))
  try overwrite(path + "/.zattrs", Array(group.text(pretty: true).utf8))
  let shape = leading + [2, 3, 4]
  let chunks = leading.map { _ in 1 } + [2, 3, 4]
  let array: JSON = [
    "zarr_format": 2, "shape": .array(shape.map { JSON($0) }),
    "chunks": .array(chunks.map { JSON($0) }), "dtype": "|u1", "compressor": nil,
    "filters": nil, "fill_value": 0, "order": "C", "dimension_separator": "/",
  ]
  try overwrite(path + "/0/.zarray", Array(array.text(pretty: true).utf8))
  for place in 0..<leading.reduce(1, *) {
    var (rest, index) = (place, [Int]())
    for extent in leading.reversed() {
      index.insert(rest % extent, at: 0)
      rest /= extent
    }
    let key = (index + [0, 0, 0]).map(String.init).joined(separator: "/")
    try overwrite(path + "/0/" + key, (0..<24).map { first + UInt8(10 * place) + $0 })
  }
}

private func zarrLoader(_ version: String, _ group: (_ setup: Int, _ timepoint: Int) -> String)
  -> String
{
  let groups = [3, 7].flatMap { timepoint in (0..<4).map { group($0, timepoint) } }
  return """
    <ImageLoader format="bdv.multimg.zarr" version="\(version)">
    <zarr type="relative">store.zarr</zarr><zgroups>\(groups.joined())</zgroups></ImageLoader>
    """
}

@Test func everyVersionOfTheZarrLoaderFindsItsViews() throws {
  let folder = try TemporaryFolder()
  for setup in 0..<4 {
    for timepoint in [3, 7] {
      try writeZarr(
        folder("store.zarr/s\(setup)-t\(timepoint)"), leading: [1, 1],
        first: UInt8(50 * setup + timepoint))
    }
    // Both time points and two channels in one image; the view's channel is the second.
    try writeZarr(folder("store.zarr/s\(setup)"), leading: [2, 2], first: UInt8(50 * setup))
  }
  let wanted: [[[UInt8]]] = [[[3, 7], [103, 107]], [[53, 57], [153, 157]]]
  let one = zarrLoader("1.0") {
    "<zgroup setup=\"\($0)\" timepoint=\"\($1)\"><path>s\($0)-t\($1)</path></zgroup>"
  }
  #expect(try firsts(tiles(project(one), folder)) == wanted)
  let two = zarrLoader("2.0") { "<zgroup setup=\"\($0)\" tp=\"\($1)\" path=\"s\($0)-t\($1)\"/>" }
  #expect(try firsts(tiles(project(two), folder)) == wanted)
  for indices in ["[]", "0 0", "[0, 0]"] {
    let three = zarrLoader("3.0") {
      "<zgroup setup=\"\($0)\" tp=\"\($1)\" path=\"s\($0)-t\($1)\" indicies=\"\(indices)\"/>"
    }
    #expect(try firsts(tiles(project(three), folder)) == wanted, "\(indices)")
  }
  // Channel first, then time.
  let picked = zarrLoader("3.1") {
    "<zgroup setup=\"\($0)\" tp=\"\($1)\" path=\"s\($0)\" indicies=\"1 \($1 == 7 ? 1 : 0)\"/>"
  }
  #expect(
    try firsts(tiles(project(picked), folder)) == [
      [[10, 30], [110, 130]], [[60, 80], [160, 180]],
    ])
  let open = try tiles(project(picked), folder)
  #expect(open[1].info.path == folder("store.zarr/s1"))
  #expect(open[0].info.format == "OME-Zarr (Zarr v2), bdv.multimg.zarr")
}

@Test func indiciesThatDoNotFitAreNamed() throws {
  let folder = try TemporaryFolder()
  for setup in 0..<4 { try writeZarr(folder("store.zarr/s\(setup)"), leading: [2, 2], first: 0) }
  func error(_ indices: String, path: String? = nil) throws -> BrickworkError? {
    try failure(
      project(
        zarrLoader("3.0") { setup, timepoint in
          "<zgroup setup=\"\(setup)\" tp=\"\(timepoint)\" path=\"\(path ?? "s\(setup)")\" "
            + "indicies=\"\(indices)\"/>"
        }), folder)
  }
  #expect(try error("0 0") == nil)
  #expect(try error("0 0 0") == nil)
  #expect(try error("[]")?.code == .unsupportedInput)
  #expect(try error("0")?.code == .unsupportedInput)
  #expect(try error("0 2")?.code == .badRequest)
  #expect(try error("0 0 1")?.code == .damagedInput)
  #expect(try error("0 x")?.code == .damagedInput)
  #expect(try error("0 -1")?.code == .damagedInput)
  #expect(try error("0 0", path: "../other")?.code == .damagedInput)
  #expect(try error("0 0", path: "/other")?.code == .damagedInput)
  #expect(try failure(project(zarrLoader("3.0") { _, _ in "" }), folder)?.code == .damagedInput)
  #expect(
    try failure(
      project(zarrLoader("3.0") { s, _ in "<zgroup setup=\"\(s)\" path=\"s\"/>" }), folder)?
      .code == .damagedInput)
}

@Test(
  .enabled(if: SharedData.isThere, "needs the shared data: set BRICKWORK_SHARED"),
  arguments: [
    ("bigstitcher_0.xml", "dataset.n5"), ("bigstitcher_4.xml", "dataset.n5"),
    ("mobie_n5_image.xml", "image.n5"),
    ("bigstitcher_6.xml", "Reuss-MousBrain2x2tiles-2ch.ome.zarr"),
  ]) func realProjectsWithoutTheirDataSayWhatIsMissing(_ file: String, _ store: String) throws
{
  let path = SharedData.path("spimdata_xml/\(file)")
  let project = try BDVProject(reading: path)
  do {
    _ = try ProjectImages.images(of: project, cache: PieceCache(capacity: 0))
    Issue.record("\(file) was opened without its data")
  } catch let error as BrickworkError {
    #expect(error.code == .missingInput && error.path?.hasSuffix("/" + store) == true, "\(error)")
  }
  if file == "bigstitcher_6.xml" {
    #expect(project.loader.version == "3.0" && project.loader.groups.count == project.setups.count)
    #expect(project.loader.groups[2].path == "s2-t0.zarr")
    #expect(project.loader.groups[2].indices == [0, 0])
    #expect(project.tiles.allSatisfy { $0.setups.count == 2 })
  }
}

@Test func setupsThatDifferInChannelAloneAreOneTile() {
  func setup(_ id: Int, _ attributes: [String: Int], z: Int = 2) -> BDVProject.Setup {
    BDVProject.Setup(
      id: id, name: "s\(id)", size: Index3(z: z, y: 3, x: 4), storedVoxelSize: nil, unit: "",
      attributes: attributes)
  }
  func ids(_ setups: [BDVProject.Setup], _ shifts: [Int: Double] = [:]) -> [[Int]] {
    let registrations = shifts.map { id, x in
      (
        BDVProject.View(timepoint: 0, setup: id),
        [
          BDVProject.Transform(
            name: "", affine: AffineTransform(scaleX: 1, y: 1, z: 1, translation: (x, 0, 0)))
        ]
      )
    }
    return BDVProject(
      loader: .init(format: ""), setups: setups,
      registrations: Dictionary(uniqueKeysWithValues: registrations)
    ).tiles.map { $0.setups.map(\.id) }
  }
  // Channels in the order of their ids, tiles in that of the file.
  #expect(
    ids([
      setup(0, ["channel": 1, "tile": 7]), setup(1, ["channel": 0, "tile": 3]),
      setup(2, ["channel": 0, "tile": 7]), setup(3, ["channel": 1, "tile": 3]),
    ]) == [[2, 0], [1, 3]])
  // Other angles and sizes are other tiles, and so is the same channel again.
  #expect(
    ids([
      setup(0, ["channel": 0, "tile": 0, "angle": 0]),
      setup(1, ["channel": 1, "tile": 0, "angle": 1]),
      setup(2, ["channel": 2, "tile": 0, "angle": 0], z: 5),
      setup(3, ["channel": 0, "tile": 0, "angle": 0]),
    ]) == [[0], [1], [2], [3]])
  #expect(ids([setup(0, [:]), setup(1, [:])]) == [[0], [1]])
  // Without tiles, channels lie in one place.
  let channels = [setup(0, ["channel": 0]), setup(1, ["channel": 1])]
  #expect(ids(channels, [0: 5, 1: 5]) == [[0, 1]])
  #expect(ids(channels, [0: 5, 1: 6]) == [[0], [1]])
}
