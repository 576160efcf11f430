internal import BrickCore
internal import BrickFiles

extension OMEZarrImage {
  /// Makes sure that the loader `bdv.multimg.zarr` 3.1 of BigStitcher 3 reads this image.
  ///
  /// It wants Zarr v3; levels "0", "1", "2" … for older versions; a scale for every level and, where
  /// a coarser one has a translation, that of averaged voxels, (factor − 1)/2 of the finest; the axes x, y, z and
  /// perhaps c and t; and, because n5-zarr loses a codec with a missing parameter, every parameter of each codec.
  ///
  /// - Returns: what works, but not well: a sentence each.
  /// - Throws: `BrickworkError` with code `.unsupportedInput`, naming the document and what it lacks.
  public func checkForBigStitcher() throws -> [String] {
    let group = try MetadataContext(info.path)
    guard group.version == 3 else {
      throw refused(
        group, "the image is in Zarr version \(group.version), not 3",
        "Bring it into a store of today's with brickwork import")
    }
    guard let image = Multiscales.metadata(group.attributes)["multiscales"]?[0] else {
      throw refused(group, "there is no OME-Zarr image but a bare array", "Import it first")
    }
    try checkAxes(image, group)
    let entries = image["datasets"]?.arrayValue ?? []
    var notes = try checkLevels(entries, group)
    for level in levels {
      notes += try checkArray(MetadataContext(Files.join(info.path, level.path)))
    }
    return notes
  }

  private func refused(
    _ context: MetadataContext, _ reason: String, _ remedy: String
  ) -> BrickworkError {
    BrickworkError(
      .unsupportedInput, path: context.file, reason: "BigStitcher can't read it: \(reason)",
      remedy: remedy)
  }

  private static let again = "Write the store again with brickwork import or stitch"

  private func checkAxes(_ image: JSON, _ group: MetadataContext) throws {
    let names = (image["axes"]?.arrayValue ?? []).map { $0["name"]?.stringValue ?? "" }
    guard names.suffix(3) == ["z", "y", "x"],
      [[], ["c"], ["t"], ["t", "c"]].contains(names.dropLast(3))
    else {
      throw refused(
        group, "its axes are \(names.joined(separator: ", ")), not t, c, z, y, x", Self.again)
    }
  }

  private func checkLevels(_ entries: [JSON], _ group: MetadataContext) throws -> [String] {
    /// The last three numbers of a transformation, z, y, x.
    func spatial(_ entry: JSON, _ kind: String) -> [Double]? {
      let step = entry["coordinateTransformations"]?.arrayValue?.first {
        $0["type"]?.stringValue == kind
      }
      guard let values = step?[kind]?.doubleArrayValue, values.count >= 3 else { return nil }
      return Array(values.suffix(3))
    }
    guard let first = entries.first, let finest = spatial(first, "scale") else {
      throw refused(group, "level 0 has no scale", Self.again)
    }
    let origin = spatial(first, "translation") ?? [0, 0, 0]
    var unsaid = 0
    for (number, entry) in entries.enumerated() {
      guard entry["path"]?.stringValue == "\(number)" else {
        throw refused(
          group,
          "level \(number) is named \(entry["path"]?.stringValue ?? "nothing"), not \(number)",
          Self.again)
      }
      guard let scale = spatial(entry, "scale") else {
        throw refused(group, "level \(number) has no scale", Self.again)
      }
      guard let move = spatial(entry, "translation") else {
        if number > 0 { unsaid += 1 }
        continue
      }
      for axis in 0..<3 {
        // As the loader does it: four digits of the factor.
        let factor = (scale[axis] / finest[axis] * 1e4).rounded() / 1e4
        guard abs(factor - 1) >= 0.01 else { continue }
        let (shift, wanted) = ((move[axis] - origin[axis]) / finest[axis], (factor - 1) / 2)
        guard abs(shift - wanted) < 0.01 else {
          throw refused(
            group,
            "level \(number) is moved along \(["z", "y", "x"][axis]) by \(shift) voxels of level 0, "
              + "not by \(wanted) as averaged voxels are", Self.again)
        }
      }
    }
    return unsaid == 0
      ? [] : ["\(unsaid) levels have no translation: BigStitcher takes them as averaged"]
  }

  /// What each codec has to say: n5-zarr drops one that leaves any of it out, and then can't read the array.
  private static let parameters: [String: [String]] = [
    "gzip": ["level"], "zstd": ["level", "checksum"], "bytes": [], "crc32c": [],
    "blosc": ["cname", "clevel", "shuffle", "typesize", "blocksize"], "transpose": ["order"],
    "sharding_indexed": ["chunk_shape", "codecs", "index_codecs"],
  ]

  private func checkArray(_ array: MetadataContext) throws -> [String] {
    guard array.json["chunk_grid"]?["name"] == "regular" else {
      throw refused(array, "its chunks are no regular grid", Self.again)
    }
    guard let codecs = array.json["codecs"]?.arrayValue else {
      throw refused(array, "there are no codecs", Self.again)
    }
    try checkCodecs(codecs, array)
    let shard = array.json["chunk_grid"]?["configuration"]?["chunk_shape"]?.intArrayValue ?? []
    let voxels = shard.reduce(1) { min($0, 1 << 40) * max(1, min($1, 1 << 22)) }
    let inner = codecs.first { $0["name"] == "sharding_indexed" }?["configuration"]?["chunk_shape"]
    let brick =
      inner?.intArrayValue.map { $0.reduce(1) { min($0, 1 << 40) * max(1, min($1, 1 << 22)) } }
      ?? voxels
    guard brick < 1 << 31 else {
      throw refused(array, "a brick has \(brick) voxels, more than a Java array", Self.again)
    }
    return voxels < 1 << 31
      ? [] : ["\(array.file): shards of \(voxels) voxels are too large for Fijis before mid-2026"]
  }

  private func checkCodecs(_ codecs: [JSON], _ array: MetadataContext) throws {
    for codec in codecs {
      guard let name = codec["name"]?.stringValue else {
        throw refused(array, "a codec is written as a bare name", Self.again)
      }
      guard let wanted = Self.parameters[name] else {
        throw refused(array, "it doesn't know the codec \(name)", Self.again)
      }
      let configuration = codec["configuration"]
      if let missing = wanted.first(where: { configuration?[$0] == nil }) {
        throw refused(array, "the codec \(name) does not say \"\(missing)\"", Self.again)
      }
      for chain in ["codecs", "index_codecs"] where name == "sharding_indexed" {
        try checkCodecs(configuration?[chain]?.arrayValue ?? [], array)
      }
    }
  }
}
