internal import BrickCore
internal import BrickFiles

/// Reads a file's metadata: the steps of opening it, and what is worth telling about them.
struct ND2Opening {
  let map: MappedFile
  private(set) var directory = ChunkDirectory()
  private(set) var wasScanned = false
  private(set) var layout: FrameLayout
  private(set) var experiment = Experiment()
  private(set) var picture = Picture()
  private(set) var notes: [String] = []
  /// Whether the loops are those of the file: where they can't be read, frames are time points of one tile.
  private(set) var hasLoops = true
  private(set) var loops: [ND2Metadata.Loop] = []

  /// The most bytes a chunk of metadata may have.
  private static let mostMetadata = 64 << 20
  /// Frames whose chunks are checked while opening; the others when they are used.
  private static let sampledFrames = 64

  /// Reads everything but frames.
  ///
  /// - Throws: `BrickworkError` where no frame could be read afterwards.
  init(_ map: MappedFile) throws {
    self.map = map
    // Replaced below; the compiler wants a value before methods are called.
    layout = FrameLayout.unknown
    if let listed = ChunkMap.read(map) {
      directory = listed
    } else {
      scan(because: "The chunk map is missing or damaged")
    }
    let attributes = attributes()
    picture = readPicture()
    layout = try frameLayout(attributes)
    experiment = readExperiment()
    checkSample()
    dropCutFrames()
    try settleLoops()
    searchGaps()
    map.doneWith(0..<map.count)
    try map.checkIntact()
  }

  private mutating func scan(because reason: String) {
    guard !wasScanned else { return }
    wasScanned = true
    let scan = ChunkScan(map)
    let before = directory.frames.count
    for frame in scan.directory.frames { directory.frames.append(frame) }
    _ = directory.sortFrames()
    for (name, offset) in scan.directory.chunks { directory.keep(name, at: offset) }
    for index in directory.frames.indices where directory.frames[index].state == .listed {
      if !directory.check(frameAt: index, in: map) { directory.frames[index].state = .lost }
    }
    let found = scan.directory.frames.count
    notes.append(
      reason + ": the file was searched, and \(found) frames were found"
        + (before > 0 ? " where the map lists \(before)" : ""))
  }

  // MARK: Chunks of metadata

  /// The bytes of a chunk; nil if there is none of that name.
  private mutating func chunk(_ name: String) throws -> [UInt8]? {
    if directory.chunks[name] != nil, range(of: name) == nil {
      scan(because: "The chunk map is wrong about \(name.dropLast())")
    }
    guard directory.chunks[name] != nil else { return nil }
    guard let range = range(of: name) else {
      throw BrickworkError(.damagedInput, reason: "is not where the chunk map says")
    }
    guard range.count <= Self.mostMetadata else {
      throw BrickworkError(
        .damagedInput,
        reason: "has \(range.count) bytes of metadata, and \(Self.mostMetadata) are the most read")
    }
    return map.copy(of: range)
  }

  /// Where a chunk's data lie, if magic number and name are right.
  func range(of name: String) -> Range<Int>? {
    guard let offset = directory.chunks[name], let chunk = Chunk(at: offset, in: map),
      chunk.name(in: map) == name, let end = chunk.dataEnd(in: map)
    else { return nil }
    return chunk.dataStart..<end
  }

  /// The tree of a chunk in either notation, the binary one first; `failure` where one is there but unreadable.
  private mutating func tree(_ binary: String, _ xml: String) -> (
    node: MetadataNode?, failure: BrickworkError?
  ) {
    var failure: BrickworkError?
    for (name, isBinary) in [(binary, true), (xml, false)] {
      do {
        guard let bytes = try chunk(name) else { continue }
        // Neither name says for sure which notation follows.
        let isXML = bytes.first == UInt8(ascii: "<") || (!isBinary && bytes.first != 11)
        return (
          try isXML ? VariantReader.root(bytes, name: name) : LVReader.root(bytes), failure
        )
      } catch let error as BrickworkError {
        var error = error
        error.path = map.path
        error.place = "\(name.dropLast())" + (error.place.map { ", \($0)" } ?? "")
        failure = failure ?? error
      } catch { continue }
    }
    return (nil, failure)
  }

  private mutating func optional(_ binary: String, _ xml: String) -> MetadataNode? {
    let (node, failure) = tree(binary, xml)
    if node == nil, let failure {
      notes.append("\(failure.place ?? xml) can't be read: \(failure.reason)")
    }
    return node
  }

  // MARK: Layout of frames

  private mutating func attributes() -> (node: MetadataNode?, failure: BrickworkError?) {
    let (binary, xml) = ("ImageAttributesLV!", "ImageAttributes!")
    if directory.chunks[binary] == nil && directory.chunks[xml] == nil {
      scan(because: "The chunk map lists no image attributes")
    }
    return tree(binary, xml)
  }

  private mutating func frameLayout(
    _ attributes: (node: MetadataNode?, failure: BrickworkError?)
  ) throws -> FrameLayout {
    if let node = attributes.node {
      do {
        let layout = try FrameLayout(node)
        try checkSize(layout)
        return layout
      } catch var error as BrickworkError {
        error.path = map.path
        error.place = "ImageAttributes"
        error.remedy = error.remedy ?? "Restore the file from a copy"
        throw error
      }
    }
    return try squareLayout(attributes.failure)
  }

  /// Checks that a frame of this layout can be in the file.
  private func checkSize(_ layout: FrameLayout) throws {
    // Deflate makes at most 1032 bytes of one.
    let most = map.count * (layout.isCompressed ? 1032 : 1)
    guard layout.frameBytes <= most || directory.frames.isEmpty else {
      throw BrickworkError(
        .damagedInput,
        reason: "says frames of \(layout.height) rows of \(layout.rowBytes) bytes, "
          + "which a file of \(map.count) bytes can't hold")
    }
  }

  /// The layout where the attributes are missing: that of square frames without compression.
  private mutating func squareLayout(_ failure: BrickworkError?) throws -> FrameLayout {
    scan(because: "The image attributes are damaged")
    var sizes: [Int: Int] = [:]
    for frame in directory.frames where frame.state == .found {
      sizes[frame.byteCount, default: 0] += 1
    }
    let components = picture.channels.reduce(0) { $0 + $1.components }
    let usual = sizes.max { $0.value == $1.value ? $0.key > $1.key : $0.value < $1.value }
    if let usual, let layout = FrameLayout(squareFrameOf: usual.key, components: max(1, components))
    {
      notes.append(
        "The image attributes are \(failure == nil ? "missing" : "damaged"): "
          + "\(layout.width)×\(layout.height) pixels of \(layout.type) were taken from the size of the frames, "
          + "if those are square")
      return layout
    }
    if var failure {
      failure.remedy = "Restore the file from a copy"
      throw failure
    }
    throw BrickworkError(
      .damagedInput, path: map.path,
      reason: usual.map {
        "has no image attributes, which are written last, and frames of \($0.key - FrameLayout.stampBytes) bytes "
          + "are not square: their width can't be told"
      } ?? "holds neither image attributes nor frames",
      remedy:
        "The acquisition was interrupted or the file cut: copy it again or let NIS-Elements repair it"
    )
  }

  private mutating func dropCutFrames() {
    let usable = directory.usableFrames(layout)
    let cut = directory.frames.count - usable.count
    directory.frames = usable
    if cut > 0 { notes.append("The file ends within a frame, which is taken as missing") }
  }

  // MARK: Picture and loops

  private mutating func readPicture() -> Picture {
    var picture =
      optional("ImageMetadataSeqLV|0!", "ImageMetadataSeq|0!").map(Picture.init) ?? Picture()
    if picture.calibration == nil,
      let node = optional("ImageCalibrationLV|0!", "ImageCalibration|0!")
    {
      picture.calibration = node["dCalibration"]?.double.flatMap { $0 > 0 ? $0 : nil }
    }
    return picture
  }

  private mutating func readExperiment() -> Experiment {
    var (node, failure) = tree("ImageMetadataLV!", "ImageMetadata!")
    do {
      if let node { return try Experiment(node) }
    } catch let error as BrickworkError { failure = error } catch {}
    node = nil
    if let failure {
      hasLoops = false
      notes.append(
        "The loops of the acquisition can't be read (\(failure.place.map { "\($0): " } ?? "")\(failure.reason)): "
          + "all frames are time points of one tile without a position")
    }
    return Experiment()
  }

  /// Checks some frames' chunks, all where they are few: a map that is wrong about one is not believed.
  private mutating func checkSample() {
    guard !wasScanned else { return }
    let count = directory.frames.count
    let step = max(1, count / Self.sampledFrames)
    for index in Array(stride(from: 0, to: count, by: step)) + (count > 0 ? [count - 1] : [])
    where directory.frames[index].state == .listed {
      if !directory.check(frameAt: index, in: map) {
        scan(because: "The chunk map is wrong about frame \(directory.frames[index].number)")
        return
      }
    }
  }

  /// Checks the loops against the frames there are, and makes one up where the file has none.
  private mutating func settleLoops() throws {
    try settleCounts()
    let positions = loops.first { $0.kind == .position }?.count ?? 1
    let most = max(Self.mostUnlisted, directory.frames.count)
    guard positions <= max(most, experiment.points.count) else {
      throw BrickworkError(
        .damagedInput, path: map.path, place: "ImageMetadata",
        reason: "claims \(positions) positions, lists none of them, and holds "
          + "\(directory.frames.count) frames", remedy: "Restore the file from a copy")
    }
  }

  /// More positions than this are believed only if they are listed or have frames: each becomes a tile.
  private static let mostUnlisted = 65_536

  private mutating func settleCounts() throws {
    loops = experiment.loops
    let listed = directory.frames.count
    // Frames that were planned and not taken are fine; counts beyond all measure are damage.
    let most = max(1 << 24, 64 * listed)
    let highest = directory.frames.last.map { Int($0.number) + 1 } ?? 0
    let stored = highest <= most ? highest : listed
    if loops.isEmpty {
      let claimed = (1...most).contains(layout.claimedFrames) ? layout.claimedFrames : 0
      let count = max(claimed, stored)
      if count > 1 { loops = [ND2Metadata.Loop(kind: .time, count: count)] }
      return
    }
    if let product = Self.product(loops), product <= most { return }
    let total = (1...most).contains(layout.claimedFrames) ? layout.claimedFrames : stored
    var repaired: [[ND2Metadata.Loop]] = []
    for index in loops.indices where loops[index].count > total {
      var others = loops
      others.remove(at: index)
      guard let rest = Self.product(others), rest > 0, total > 0, total % rest == 0 else {
        continue
      }
      var candidate = loops
      candidate[index].count = total / rest
      repaired.append(candidate)
    }
    guard repaired.count == 1 else {
      throw BrickworkError(
        .damagedInput, path: map.path, place: "ImageMetadata",
        reason: "has loops of \(loops.map { String($0.count) }.joined(separator: " × ")) turns, "
          + "and the file holds \(listed) frames", remedy: "Restore the file from a copy")
    }
    for (old, new) in zip(loops, repaired[0]) where old != new {
      notes.append(
        "The \(old.kind.rawValue) loop claims \(old.count) turns; "
          + "the \(total) frames leave room for \(new.count)")
    }
    loops = repaired[0]
  }

  static func product(_ loops: [ND2Metadata.Loop]) -> Int? {
    var result = 1
    for loop in loops {
      let (next, overflow) = result.multipliedReportingOverflow(by: loop.count)
      if overflow { return nil }
      result = next
    }
    return result
  }

  /// The number of frames that the loops make; fits after `settleLoops`.
  var frames: Int { Self.product(loops) ?? 0 }

  /// Looks for frames that the map doesn't list.
  private mutating func searchGaps() {
    guard !wasScanned, directory.frames.count < frames else { return }
    let found = FrameGaps.search(&directory, map: map, layout: layout)
    if found > 0 {
      notes.append("\(found) frames that the chunk map doesn't list were found in the file")
    }
  }

  // MARK: The rest

  /// Everything the file says, as values.
  mutating func metadata() -> ND2Metadata {
    var metadata = ND2Metadata()
    let version = map.copy(of: 48..<min(112, map.count)).prefix { $0 != 0 }
    metadata.formatVersion = String(decoding: version, as: UTF8.self)
    metadata.application = application()
    (metadata.width, metadata.height) = (layout.width, layout.height)
    metadata.components = layout.components
    metadata.significantBits = layout.significantBits
    metadata.rowBytes = layout.rowBytes
    metadata.isCompressed = layout.isCompressed
    metadata.loops = loops
    metadata.frames = frames
    metadata.points = experiment.points
    metadata.channels = picture.channels
    metadata.stage = picture.stage
    metadata.cameraMatrix = picture.cameraMatrix
    metadata.objective = picture.objective
    if let pixel = picture.calibration {
      let size = VoxelSize(x: pixel, y: pixel * picture.aspect, z: experiment.zStep ?? 1)
      metadata.voxelSize = size.isValid ? size : nil
    }
    let places = [
      5: "description", 6: "capturing", 9: "date", 10: "conclusion", 11: "info1", 12: "info2",
      13: "optics", 14: "application",
    ]
    if let node = optional("ImageTextInfoLV!", "ImageTextInfo!") {
      for (place, name) in places {
        if let text = node["TextInfoItem_\(place)"]?.text, !text.isEmpty {
          metadata.texts[name] = text
        }
      }
    }
    dropCutFrames()
    return metadata
  }

  private mutating func application() -> String {
    let name = "CustomDataVar|AppInfo_V1_0!"
    guard let bytes = try? chunk(name), let node = try? VariantReader.root(bytes, name: name) else {
      return ""
    }
    return ["m_SWNameString", "m_VersionString"].compactMap { node[$0]?.text }
      .filter { !$0.isEmpty }.joined(separator: " ")
  }

  /// A component's name for each component.
  func channelNames() -> [String] {
    let planes = picture.channels
    guard planes.reduce(0, { $0 + $1.components }) == layout.components else {
      return layout.components == 3
        ? ["B", "G", "R"] : Array(repeating: "", count: layout.components)
    }
    return planes.flatMap { plane -> [String] in
      switch plane.components {
      case 1: [plane.name]
      case 3: ["B", "G", "R"].map { plane.name.isEmpty ? $0 : "\(plane.name) \($0)" }
      default: (0..<plane.components).map { "\(plane.name) \($0)" }
      }
    }
  }
}

extension FrameLayout {
  /// Stands for a layout that isn't known yet.
  static let unknown = FrameLayout(
    width: 0, height: 0, components: 1, type: .uint8, rowBytes: 0, significantBits: 8,
    claimedFrames: 0, isCompressed: false)

  private init(
    width: Int, height: Int, components: Int, type: VoxelType, rowBytes: Int, significantBits: Int,
    claimedFrames: Int, isCompressed: Bool
  ) {
    self.width = width
    self.height = height
    self.components = components
    self.type = type
    self.rowBytes = rowBytes
    self.significantBits = significantBits
    self.claimedFrames = claimedFrames
    self.isCompressed = isCompressed
  }
}
