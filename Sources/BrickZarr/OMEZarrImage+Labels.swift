internal import BrickCore

extension OMEZarrImage {
  /// Whether the voxels are labels: the group says `image-label`, or that its levels are made by majority ("mode").
  public var isLabelImage: Bool {
    let ome = Multiscales.metadata(attributes)
    return ome["image-label"] != nil || ome["multiscales"]?[0]?["type"]?.stringValue == "mode"
  }
}
