import BrickTestSupport
import Brickwork
import Foundation
import Testing

/// docs/reference.md names every function of the reference, and tests that exist.
@Suite struct ReferencePageTests {
  private static let functions = """
    overlapping get_tiles_overlaps blend blend2 get_all_blobs find_overlapping_blobs deduplicate_blob_ids apply_new_ids
    get_contact_surface get_bottom_surface get_top_surface get_offsets get_offsets_nd2 make_stitched_h5
    make_stitched_dedup_h5 init_from_jp2 init_from_nd2 init_from_bdv init_from_h5 init_from_tiff_files downscale
    scale_offset tiles get_slice preview_nd2 show_slice get_centroids create_blank_h5bdv load_tile load_all
    Tileset.find_intensity_scale Tileset.scale_intensity write_into_h5bdv update_offsets produce_output_volume
    local_to_global dedup_segmentation_ids Tile.find_intensity_scale Tile.scale_intensity apply_mask from_jp2 from_nd2
    from_tiff from_array save_as_tiff save_as_jp2 fast_nd2_read_downscale overwrite average linear max min
    """.split(whereSeparator: \.isWhitespace).map(String.init)

  private static let root = URL(fileURLWithPath: SharedData.packageRoot)

  @Test func everyFunctionHasARowAndEveryNamedTestExists() throws {
    let page = try String(
      contentsOf: Self.root.appendingPathComponent("docs/reference.md"), encoding: .utf8)
    let rows = page.split(separator: "\n").filter { $0.hasPrefix("| `") }.map {
      $0.split(separator: " | ").map(String.init)
    }
    let tests = try source(of: "Tests")
    var named: Set<Substring> = []
    for row in rows {
      try #require(row.count == 4, "\(row)")
      // A function's name follows a backtick; what stands in its brackets are arguments.
      named.formUnion(
        row[0].matches(of: /`([\w.]+|\[i\])[(`]/).map(\.output.1))
      let proofs = row[3].split(separator: "`").filter { $0.first?.isLetter == true }
      #expect(!proofs.isEmpty, "\(row)")
      for test in proofs { #expect(tests.contains("func \(test)("), "\(test)") }
    }
    for function in Self.functions {
      #expect(named.contains(Substring(function)), "\(function) has no row")
    }
  }

  private func source(of folder: String) throws -> String {
    let url = Self.root.appendingPathComponent(folder)
    let files = try #require(
      FileManager.default.enumerator(at: url, includingPropertiesForKeys: nil))
    var text = ""
    for case let file as URL in files where file.pathExtension == "swift" {
      text += try String(contentsOf: file, encoding: .utf8)
    }
    return text
  }
}
