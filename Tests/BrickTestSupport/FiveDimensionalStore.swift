internal import BrickCore
internal import Foundation

/// An OME-Zarr store with time and channels, as other programs write it.
public enum FiveDimensionalStore {
  /// Writes 2 time points of 3 channels, DAPI, GFP and RFP, of 2×2×2 voxels in uint8.
  ///
  /// Every voxel is 1 + the channel + 10 times the time point.
  public static func write(_ path: String, spaceUnit: String? = "micrometer") throws {
    for timepoint in 0..<2 {
      for channel in 0..<3 {
        let voxels = [UInt8](repeating: UInt8(1 + channel + 10 * timepoint), count: 8)
        try write(Data(voxels), to: "\(path)/0/c/\(timepoint)/\(channel)/0/0/0")
      }
    }
    let array: JSON = [
      "zarr_format": 3, "node_type": "array", "shape": [2, 3, 2, 2, 2], "data_type": "uint8",
      "chunk_grid": ["name": "regular", "configuration": ["chunk_shape": [1, 1, 2, 2, 2]]],
      "chunk_key_encoding": ["name": "default", "configuration": ["separator": "/"]],
      "fill_value": 0, "codecs": [["name": "bytes"]], "attributes": [:],
    ]
    let space = ["z", "y", "x"].map { name -> JSON in
      var axis: JSON = ["name": .string(name), "type": "space"]
      if let spaceUnit { axis["unit"] = .string(spaceUnit) }
      return axis
    }
    let axes: [JSON] =
      [["name": "t", "type": "time"], ["name": "c", "type": "channel"]] + space
    let scale: JSON = ["type": "scale", "scale": [1, 1, 0.5, 0.25, 0.25]]
    let group: JSON = [
      "zarr_format": 3, "node_type": "group",
      "attributes": [
        "ome": [
          "version": "0.5",
          "multiscales": [
            [
              "axes": .array(axes),
              "datasets": [["path": "0", "coordinateTransformations": [scale]]],
            ]
          ],
          "omero": ["channels": [["label": "DAPI"], ["label": "GFP"], ["label": "RFP"]]],
        ]
      ],
    ]
    try write(Data(array.text(pretty: true).utf8), to: path + "/0/zarr.json")
    try write(Data(group.text(pretty: true).utf8), to: path + "/zarr.json")
  }

  private static func write(_ data: Data, to path: String) throws {
    let url = URL(fileURLWithPath: path)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: url)
  }
}
