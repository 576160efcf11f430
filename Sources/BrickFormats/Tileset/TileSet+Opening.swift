package import BrickCore

extension TileSet {
  /// Tiles as they were opened, on their way into a set.
  package struct Opening {
    package var tiles: [any TileImage] = []
    package var origins: [TileOrigin] = []

    package init() {}

    /// The set: voxel size and stage positions agreed on, notes of the files said.
    package func finished(_ voxelSize: VoxelSize?, _ table: OffsetTable?) throws -> TileSet {
      var warnings: [String] = []
      let positions = try stagePositions(voxelSize, &warnings)
      let common = voxelSize == nil ? commonVoxelSize(table, &warnings) : nil
      warnings += notes
      var set = TileSet(
        tiles: tiles, voxelSize: voxelSize ?? common ?? .unknown, stagePositions: positions,
        warnings: warnings, origins: origins)
      set.isVoxelSizeKnown = voxelSize != nil || common != nil
      return set
    }

    // MARK: Positions

    /// The stage positions by the rule each tile was opened with; nil where a tile has none.
    ///
    /// A position that stands for an offset in voxels follows the voxel size that is given.
    private func stagePositions(_ given: VoxelSize?, _ warnings: inout [String]) throws -> [Point3]?
    {
      let asked = zip(tiles, origins).filter { $1.options.stageRule == .camera }.map(\.0)
      let telling = asked.filter { $0.info.cameraPosition != nil }
      if !asked.isEmpty && telling.isEmpty {
        warnings.append(
          "no file tells how its camera lies on the stage: positions are those of the usual rule")
      } else if telling.count < asked.count,
        let silent = asked.first(where: { $0.info.cameraPosition == nil })
      {
        throw BrickworkError(
          .badRequest, path: silent.info.path,
          reason: "does not tell how its camera lies on the stage, as "
            + "\(asked.count - telling.count) of \(asked.count) tiles don't",
          remedy: "Open all by --stage-rule usual, or give positions with --offsets")
      }
      let useCamera = !telling.isEmpty
      let positions = zip(tiles, origins).map { tile, origin in
        useCamera && origin.options.stageRule == .camera
          ? tile.info.cameraPosition : Self.position(of: tile.info, given)
      }
      let known = positions.compactMap { $0 }
      let isFinite = known.allSatisfy { $0.x.isFinite && $0.y.isFinite && $0.z.isFinite }
      return known.count == tiles.count && isFinite ? known : nil
    }

    private static func position(of info: TileInfo, _ given: VoxelSize?) -> Point3? {
      guard let position = info.position, let given, info.positionIsInVoxels else {
        return info.position
      }
      let own = info.voxelSize ?? .unknown
      return Point3(
        x: position.x / own.x * given.x, y: position.y / own.y * given.y,
        z: position.z / own.z * given.z)
    }

    // MARK: Voxel size

    /// The voxel size of the first tile that says one, else of the table; nil where nothing says one.
    ///
    /// Others may differ by a millionth without a warning.
    private func commonVoxelSize(_ table: OffsetTable?, _ warnings: inout [String]) -> VoxelSize? {
      let known = tiles.lazy.map(\.info).filter { $0.voxelSize?.isValid == true }
      let tabled = table?.voxelSize.flatMap { $0.isValid ? $0 : nil }
      guard let first = known.first, let size = first.voxelSize else {
        if let tabled { return tabled }
        warnings.append(
          "no file says its voxel size: 1 µm along x, y and z is taken; give it with --voxel-size")
        return nil
      }
      func warn(_ path: String, _ other: VoxelSize) {
        warnings.append(
          "\(path): the voxel size is \(Self.described(other)), but \(Self.described(size)) in "
            + "\(first.path), which is taken; give the right one with --voxel-size")
      }
      let different = known.first { $0.voxelSize.map { !Self.agree($0, size) } == true }
      if let different, let other = different.voxelSize { warn(different.path, other) }
      if let table, let tabled, !Self.agree(tabled, size) { warn(table.source, tabled) }
      return size
    }

    private static func agree(_ a: VoxelSize, _ b: VoxelSize) -> Bool {
      [(a.x, b.x), (a.y, b.y), (a.z, b.z)].allSatisfy { abs($0 - $1) <= 1e-6 * max($0, $1) }
    }

    private static func described(_ size: VoxelSize) -> String {
      [size.x, size.y, size.z].map(OffsetTable.short).joined(separator: " × ") + " µm"
    }

    // MARK: Notes

    /// What the files want to be known, each sentence once per file.
    private var notes: [String] {
      var counts: [String: Int] = [:]
      var sentences: [String] = []
      for tile in tiles {
        for note in tile.info.notes {
          let sentence = "\(tile.info.path): \(note)"
          if counts.updateValue((counts[sentence] ?? 0) + 1, forKey: sentence) == nil {
            sentences.append(sentence)
          }
        }
      }
      let most = 20
      let said = sentences.prefix(most).map { sentence in
        let count = counts[sentence] ?? 1
        return count > 1 ? "\(sentence) (\(count) tiles)" : sentence
      }
      return sentences.count > most
        ? said + ["\(sentences.count - most) more notes about tiles are in info --json"] : said
    }
  }
}
