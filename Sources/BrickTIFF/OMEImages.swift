internal import BrickCore
internal import BrickFiles

/// Finds the pages of each OME image.
enum OMEImages {
  /// One image per `<Image>` that has planes in this file.
  static func images(of document: OMEDocument, in source: TIFFSource) throws -> [any TileImage] {
    var result: [any TileImage] = []
    var elsewhere: BrickworkError?
    for (number, image) in document.images.enumerated() {
      var planes: Planes
      do {
        planes = try Planes(image, number: number, document: document, source: source)
      } catch let error as BrickworkError {
        guard let plain = plainStack(image, document: document, source: source) else { throw error }
        planes = plain
      }
      if planes.pages.isEmpty {
        elsewhere = elsewhere ?? planes.missing
        continue
      }
      result.append(
        try open(image, number: number, planes, isOnly: document.images.count == 1, source))
    }
    if result.isEmpty {
      throw elsewhere
        ?? BrickworkError(
          .unsupportedInput, path: source.path, reason: "its OME-XML names no page of it")
    }
    return result
  }

  /// All pages in order, where one stack is described and only its count is wrong.
  private static func plainStack(
    _ image: OMEDocument.Image, document: OMEDocument, source: TIFFSource
  ) -> Planes? {
    let isAlone =
      document.images.count == 1 && image.channels == 1 && image.timepoints == 1
      && image.runs.allSatisfy { $0.fileName == nil || Planes.isHere($0, document, source) }
    return isAlone ? Planes(pages: source.stackPages, channels: [0], timepoints: 1) : nil
  }

  private static func open(
    _ image: OMEDocument.Image, number: Int, _ planes: Planes, isOnly: Bool, _ source: TIFFSource
  ) throws -> TIFFImage {
    let file = Files.name(of: source.path)
    let own = image.name.isEmpty ? "image \(number)" : image.name
    var voxelSize: VoxelSize?
    if let x = image.voxelSize.x, let y = image.voxelSize.y {
      // A single plane has no distance to the next: as flat as it is wide.
      voxelSize = VoxelSize(x: x, y: y, z: image.voxelSize.z ?? x)
    }
    var position: Point3?
    if let x = image.position.x, let y = image.position.y {
      position = Point3(x: x, y: y, z: image.position.z ?? 0)
    }
    let names = planes.channels.map {
      image.channelNames.indices.contains($0) ? image.channelNames[$0] : ""
    }
    let opened = try TIFFImage(
      source: source, pages: planes.pages, channelNames: names, timepoints: planes.timepoints,
      name: isOnly ? file : "\(file) \(own)", format: "OME-TIFF", voxelSize: voxelSize,
      position: position)
    guard opened.info.size.y == image.size.y, opened.info.size.x == image.size.x else {
      throw BrickworkError(
        .damagedInput, path: source.path, place: "image \(number)",
        reason: "its OME-XML says \(image.size.x) × \(image.size.y) voxels (x, y), its pages have "
          + "\(opened.info.size.x) × \(opened.info.size.y)", remedy: "Export the file again")
    }
    return opened
  }

  /// The pages of an image that lie in this file.
  struct Planes {
    /// Slice fastest, then channel, then time point; empty where no channel is whole.
    var pages: [Int] = []
    /// The channels of which planes are here.
    var channels: [Int] = []
    var timepoints = 1
    /// Why there are none.
    var missing: BrickworkError?

    init(pages: [Int], channels: [Int], timepoints: Int) {
      (self.pages, self.channels, self.timepoints) = (pages, channels, timepoints)
    }

    init(
      _ image: OMEDocument.Image, number: Int, document: OMEDocument, source: TIFFSource
    ) throws {
      let (planesOfChannels, overflow) = image.size.z.multipliedReportingOverflow(
        by: image.channels)
      let (total, second) = planesOfChannels.multipliedReportingOverflow(by: image.timepoints)
      guard !overflow, !second, total > 0 else {
        throw Self.failure(source, number, "its OME-XML says too many planes")
      }
      let order = PlaneOrder(image)
      // Which page holds a plane, by the plane's place in the order slice, channel, time point.
      var found: [Int: Int] = [:]
      var other: String?
      let runs = image.runs.isEmpty ? [OMEDocument.PlaneRun()] : image.runs
      for run in runs {
        guard Self.isHere(run, document, source) else {
          other = other ?? run.fileName
          continue
        }
        let count = run.count ?? (run.directory == nil ? total : 1)
        let first = run.directory ?? 0
        guard count <= source.pages.count, first <= source.pages.count - count else {
          throw Self.failure(
            source, number,
            "its OME-XML places \(count) planes from directory \(first) on, the file has \(source.pages.count)"
          )
        }
        let start = order.place(slice: run.slice, channel: run.channel, timepoint: run.timepoint)
        guard let start, count <= total - start else {
          throw Self.failure(
            source, number,
            "its OME-XML places \(count) planes from z \(run.slice), c \(run.channel), t \(run.timepoint) on, "
              + "the image has \(image.size.z), \(image.channels), \(image.timepoints)")
        }
        for step in 0..<count { found[order.canonical(start + step)] = first + step }
      }
      try gather(image, found, total: total, other: other, number: number, source: source)
    }

    /// Takes the channels and time points that are whole.
    private mutating func gather(
      _ image: OMEDocument.Image, _ found: [Int: Int], total: Int, other: String?, number: Int,
      source: TIFFSource
    ) throws {
      let slices = image.size.z
      let groups = Dictionary(grouping: found.keys) { $0 / slices }
      let channels = Set(groups.keys.map { $0 % image.channels }).sorted()
      let timepoints = Set(groups.keys.map { $0 / image.channels }).sorted()
      let isWhole =
        groups.count == channels.count * timepoints.count
        && groups.values.allSatisfy { $0.count == slices }
      // Planes may lie in companion files; what this one holds must be whole channels and time points.
      guard isWhole, other != nil || found.count == total else {
        throw Self.failure(
          source, number,
          "its OME-XML says \(total) planes, \(found.count) of them are in this file"
            + (other.map { ", others in \($0)" } ?? ""))
      }
      if found.isEmpty {
        missing = Self.failure(
          source, number, "its OME-XML says that its planes are in \(other ?? "another file")")
        return
      }
      self.channels = channels
      self.timepoints = timepoints.count
      for timepoint in timepoints {
        for channel in channels {
          let start = (timepoint * image.channels + channel) * slices
          pages += (start..<start + slices).compactMap { found[$0] }
        }
      }
    }

    /// Whether planes lie in this file: by its identifier, or by its name where it was not renamed.
    static func isHere(_ run: OMEDocument.PlaneRun, _ document: OMEDocument, _ source: TIFFSource)
      -> Bool
    {
      guard let name = run.fileName else { return true }
      if !run.uuid.isEmpty && run.uuid == document.uuid { return true }
      return name.isEmpty ? run.uuid.isEmpty : name == Files.name(of: source.path)
    }

    private static func failure(_ source: TIFFSource, _ number: Int, _ reason: String)
      -> BrickworkError
    {
      BrickworkError(
        .damagedInput, path: source.path, place: "image \(number)", reason: reason,
        remedy: "Export the image again as one OME-TIFF")
    }
  }
}

/// The order of planes in a file, as the image's DimensionOrder says.
private struct PlaneOrder {
  private let axes: [(letter: Character, count: Int)]
  private let slices: Int
  private let channels: Int

  init(_ image: OMEDocument.Image) {
    let counts: [Character: Int] = ["Z": image.size.z, "C": image.channels, "T": image.timepoints]
    axes = image.order.map { ($0, counts[$0] ?? 1) }
    (slices, channels) = (image.size.z, image.channels)
  }

  /// The place of a plane in the file's order; nil where the image has no such plane.
  func place(slice: Int, channel: Int, timepoint: Int) -> Int? {
    let values: [Character: Int] = ["Z": slice, "C": channel, "T": timepoint]
    var (place, step) = (0, 1)
    for (letter, count) in axes {
      let value = values[letter] ?? 0
      guard value < count else { return nil }
      place += value * step
      step *= count
    }
    return place
  }

  /// A place in the file's order as one in the order slice, channel, time point.
  func canonical(_ place: Int) -> Int {
    var values: [Character: Int] = [:]
    var rest = place
    for (letter, count) in axes {
      values[letter] = rest % count
      rest /= count
    }
    return ((values["T"] ?? 0) * channels + (values["C"] ?? 0)) * slices + (values["Z"] ?? 0)
  }
}
