/// The smallest TIFF files that tests need: one uncompressed page per plane, one strip each, little-endian.
public enum TinyTIFF {
  /// The bytes of a stack of uint16 planes, voxels in the order z, y, x; `description` becomes the
  /// first page's.
  public static func stack(
    width: Int, height: Int, depth: Int, voxels: [UInt16], description: String? = nil
  ) -> [UInt8] {
    precondition(voxels.count == width * height * depth, "The voxels fill the stack")
    var bytes: [UInt8] = [0x49, 0x49, 42, 0, 0, 0, 0, 0]
    func append(_ value: Int, _ count: Int) {
      for shift in 0..<count { bytes.append(UInt8(value >> (8 * shift) & 255)) }
    }
    func patch(_ place: Int, _ value: Int) {
      for shift in 0..<4 { bytes[place + shift] = UInt8(value >> (8 * shift) & 255) }
    }
    var link = 4
    for z in 0..<depth {
      let pixels = bytes.count
      for voxel in voxels[z * width * height..<(z + 1) * width * height] { append(Int(voxel), 2) }
      var text: [UInt8] = []
      if z == 0, let description { text = Array(description.utf8) + [0] }
      while !text.isEmpty && text.count < 5 { text.append(0) }
      let textPlace = bytes.count
      bytes += text
      if bytes.count % 2 == 1 { bytes.append(0) }
      var entries: [(tag: Int, type: Int, count: Int, value: Int)] = [
        (256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 16), (259, 3, 1, 1), (262, 3, 1, 1),
      ]
      if !text.isEmpty { entries.append((270, 2, text.count, textPlace)) }
      entries += [
        (273, 4, 1, pixels), (277, 3, 1, 1), (278, 4, 1, height), (279, 4, 1, width * height * 2),
      ]
      patch(link, bytes.count)
      append(entries.count, 2)
      for entry in entries {
        append(entry.tag, 2)
        append(entry.type, 2)
        append(entry.count, 4)
        append(entry.value, 4)
      }
      link = bytes.count
      append(0, 4)
    }
    return bytes
  }
}
