internal import BrickCore

extension BDVProject {
  /// Writes the loader with its version, its path relative to the XML, and where views lie.
  func writeLoader(to text: inout XMLText) {
    var tag = "ImageLoader format=\"\(loader.format.escapedForXML)\""
    if !loader.version.isEmpty { tag += " version=\"\(loader.version.escapedForXML)\"" }
    if !loader.zarrVersion.isEmpty {
      tag += " zarr.version=\"\(loader.zarrVersion.escapedForXML)\""
    }
    text.open(tag)
    let element = loader.format.split(separator: ".").last.map(String.init) ?? "hdf5"
    if let path = loader.path {
      let kind = path.hasPrefix("/") ? "absolute" : "relative"
      text.line("\(element) type=\"\(kind)\"", path)
    }
    for partition in loader.partitions { write(partition, to: &text) }
    if !loader.groups.isEmpty {
      text.open("zgroups")
      for group in loader.groups {
        // The attribute's name is misspelt by the programs that read it.
        let indices =
          group.indices.isEmpty ? "[]" : group.indices.map(String.init).joined(separator: " ")
        text.open(
          "zgroup setup=\"\(group.view.setup)\" tp=\"\(group.view.timepoint)\" "
            + "path=\"\(group.path.escapedForXML)\" indicies=\"\(indices)\" /", nests: false)
      }
      text.close("zgroups")
    }
    text.close("ImageLoader")
  }

  private func write(_ partition: Loader.Partition, to text: inout XMLText) {
    func list(_ ids: [Int]) -> String { ids.map(String.init).joined(separator: " ") }
    text.open("partition")
    text.line("path type=\"relative\"", partition.path)
    text.line("timepoints", list(partition.timepoints))
    text.line("setups", list(partition.setups))
    text.close("partition")
  }
}
