import BrickCodecs
import Brickwork
import CYardsticks

/// Shuffles, codecs and checksums.
var byteContests: [() throws -> Contest] {
  var contests: [() throws -> Contest] = []
  for type in [VoxelType.uint16, .uint32, .uint64] {
    contests.append { shuffling(type, forward: true) }
    contests.append { shuffling(type, forward: false) }
  }
  for type in VoxelType.allCases {
    contests.append { try compressing(type) }
    contests.append { try decompressing(type) }
    contests.append { try deflating(type) }
  }
  contests.append { summing(VoxelType.uint16) }
  return contests
}

private func shuffling(_ type: VoxelType, forward: Bool) -> Contest {
  let source = cameraVoxels(type, seed: 15)
  let from = Brick(size, type, source)
  let to = Brick(size, type)
  let expected = Bytes(source.count)
  let loop = forward ? yard_shuffle : yard_unshuffle
  return Contest(
    kernel: forward ? "shuffle" : "unshuffle", variant: type.rawValue, byteCount: source.count,
    ours: {
      from.read { from in
        to.change { to in
          var target = to.mutableBytes
          if forward {
            Shuffle.shuffle(from.bytes, width: type.byteCount, into: &target)
          } else {
            Shuffle.unshuffle(from.bytes, width: type.byteCount, into: &target)
          }
        }
      }
    },
    yardstick: { loop(source.start, expected.start, type.byteCount, size.volume) },
    difference: { expected.difference(from: to.block) })
}

/// Room for a compressed brick.
private func room(_ bytes: Bytes) -> Int { bytes.count + (64 << 10) }

private final class Length { var value = 0 }

private func compress(_ from: Brick, _ compressor: BloscCompressor, into to: Brick) throws -> Int {
  try from.read { from in
    try to.change { to in
      var target = to.mutableBytes
      return try compressor.compress(from.bytes, into: &target)
    }
  }
}

private func compressing(_ type: VoxelType) throws -> Contest {
  let source = cameraVoxels(type, seed: 16)
  let from = Brick(size, type, source)
  let compressor = try BloscCompressor(level: 1, width: type.byteCount)
  let to = Brick(Index3(z: 1, y: 1, x: room(source)), .uint8)
  let (scratch, expected) = (Bytes(source.count), Bytes(room(source)))
  let context = yard_compressor()
  let (ours, theirs) = (Length(), Length())
  return Contest(
    kernel: "zstd 1", variant: "\(type) shuffled", byteCount: source.count,
    ours: {
      ours.value = try compress(from, compressor, into: to)
    },
    yardstick: {
      theirs.value = yard_zstd(
        context, source.start, scratch.start, expected.start, expected.count, type.byteCount,
        size.volume)
    },
    difference: {
      // Blosc's frame has 20 bytes before zstd's, which says its content's size and checksum.
      abs(ours.value - theirs.value - 20) <= 8
        ? nil : "\(ours.value) bytes, not \(theirs.value) + 20"
    })
}

private func decompressing(_ type: VoxelType) throws -> Contest {
  let source = cameraVoxels(type, seed: 17)
  let from = Brick(size, type, source)
  let compressed = Brick(Index3(z: 1, y: 1, x: room(source)), .uint8)
  let length = try compress(
    from, try BloscCompressor(level: 1, width: type.byteCount), into: compressed)
  let decompressor = BloscDecompressor(try ZstdDecompressor())
  let to = Brick(size, type)
  let (scratch, packed, expected) = (Bytes(source.count), Bytes(room(source)), Bytes(source.count))
  let packedLength = yard_zstd(
    yard_compressor(), source.start, scratch.start, packed.start, packed.count, type.byteCount,
    size.volume)
  let context = yard_decompressor()
  return Contest(
    kernel: "unzstd", variant: "\(type) shuffled", byteCount: source.count,
    ours: {
      try compressed.read { compressed in
        try to.change { to in
          var target = to.mutableBytes
          _ = try decompressor.decompress(
            compressed.bytes.extracting(0..<length), into: &target,
            expected: source.count...source.count)
        }
      }
    },
    yardstick: {
      yard_unzstd(
        context, packed.start, packedLength, scratch.start, expected.start, type.byteCount,
        size.volume)
    },
    difference: { expected.difference(from: to.block) })
}

private final class Stream {
  var bytes: [UInt8] = []
  var shuffled: Brick
  init(_ type: VoxelType) { shuffled = Brick(size, type) }
}

private func deflating(_ type: VoxelType) throws -> Contest {
  let source = cameraVoxels(type, seed: 18)
  let from = Brick(size, type, source)
  let encoder = try DeflateEncoder(level: 1)
  let stream = Stream(type)
  let (scratch, expected) = (Bytes(source.count), Bytes(room(source)))
  let length = Length()
  return Contest(
    kernel: "deflate 1", variant: "\(type) shuffled", byteCount: source.count,
    ours: {
      stream.bytes.removeAll(keepingCapacity: true)
      from.read { from in
        stream.shuffled.change { shuffled in
          var target = shuffled.mutableBytes
          Shuffle.shuffle(from.bytes, width: type.byteCount, into: &target)
        }
      }
      _ = try stream.shuffled.read { try encoder.compress($0.bytes, into: &stream.bytes) }
    },
    yardstick: {
      length.value = yard_deflate(
        source.start, scratch.start, expected.start, expected.count, type.byteCount, size.volume)
    },
    difference: {
      stream.bytes.count == length.value ? nil : "\(stream.bytes.count) bytes, not \(length.value)"
    })
}

private func summing(_ type: VoxelType) -> Contest {
  let source = cameraVoxels(type, seed: 19)
  let from = Brick(size, type, source)
  let (ours, theirs) = (Length(), Length())
  return Contest(
    kernel: "crc32c", variant: "bytes", byteCount: source.count,
    ours: { ours.value = from.read { Int(CRC32C.checksum($0.bytes)) } },
    yardstick: { theirs.value = Int(yard_crc32c(source.start, source.count)) },
    difference: { ours.value == theirs.value ? nil : "\(ours.value), not \(theirs.value)" })
}
