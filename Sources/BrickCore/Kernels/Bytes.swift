extension VoxelBlock {
  /// Whether every byte is zero: −0.0 is not.
  public var isAllZero: Bool { bytes.isAllZero }

  /// Reverses the bytes of every voxel: from the other byte order to the processor's, or back.
  public mutating func swapBytes() {
    let type = type
    switch type.byteCount {
    case 2: swapBytes(as: UInt16.self)
    case 4: swapBytes(as: UInt32.self)
    case 8: swapBytes(as: UInt64.self)
    default: return
    }
    reinterpret(as: type)
  }

  private mutating func swapBytes<V: Voxel & FixedWidthInteger>(as _: V.Type) {
    reinterpret(as: V.voxelType)
    var voxels = mutableVoxels(as: V.self)
    for i in 0..<voxels.count { voxels[i] = voxels[i].byteSwapped }
  }
}

extension RawSpan {
  /// Whether every byte is zero.
  public var isAllZero: Bool {
    let words = byteCount / 8
    var word = 0
    // Pages of words are looked at whole, so that the loop over them has no exit and is vectorised.
    while word < words {
      let end = min(word + 512, words)
      var bits: UInt64 = 0
      for i in word..<end {
        bits |= unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: i * 8, as: UInt64.self)
      }
      if bits != 0 { return false }
      word = end
    }
    for i in words * 8..<byteCount where unsafe unsafeLoad(fromByteOffset: i, as: UInt8.self) != 0 {
      return false
    }
    return true
  }
}
