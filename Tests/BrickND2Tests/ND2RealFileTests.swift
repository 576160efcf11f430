import BrickCore
import BrickND2
import BrickTestSupport
import Foundation
import Testing

/// Files that NIS-Elements wrote, compared with what four other readers agree on.
@Suite(.enabled(if: SharedData.isThere, "no shared data: set BRICKWORK_SHARED"))
struct ND2RealFileTests {
  @Test(arguments: [
    "pims_nd2_cluster", "arcadia_example-zstack", "arcadia_example-timelapse",
    "arcadia_example-multichannel", "arcadia_example-pbmc", "arcadia_example-cerevisiae",
  ]) func everyPlaneAndNumberIsThatOfTheOtherReaders(name: String) throws {
    let file = "\(name).nd2"
    let table = try ND2Oracle.json(SharedData.path("nd2/real_truth.json"))
    let truth = try #require(table[file])
    func size(_ axis: String) -> Int { truth["sizes"]?[axis]?.intValue ?? 1 }
    let images = try ND2File.open(
      SharedData.path("nd2/\(file)"), cache: PieceCache(capacity: 1 << 20))
    try #require(images.count == 1)
    let info = images[0].info
    #expect(
      info.size == Index3(z: size("Z"), y: size("Y"), x: size("X")))
    #expect(info.timepoints == size("T"))
    #expect(info.type.rawValue == truth["dtype"]?.stringValue)
    #expect(info.channelNames == truth["channels"]?.stringArrayValue)
    #expect(info.name == file)
    #expect(info.notes == [])
    let voxel = try #require(truth["voxel"]?.doubleArrayValue)
    #expect(info.voxelSize == VoxelSize(x: voxel[0], y: voxel[1], z: voxel[2]))
    let stage = try #require(truth["stage"]?.doubleArrayValue)
    #expect(info.position == Point3(x: -stage[0], y: stage[1], z: stage[2]))
    let metadata = images[0].metadata
    #expect(metadata.cameraMatrix == truth["cameraMatrix"]?.doubleArrayValue)
    #expect(metadata.significantBits == truth["bitsSignificant"]?.intValue)
    #expect(metadata.rowBytes == truth["widthBytes"]?.intValue)
    #expect(metadata.application.hasSuffix(truth["appVersion"]?.stringValue ?? "none"))
    let crcs = try #require(truth["crc32"]?.arrayValue?.map { $0.intArrayValue ?? [] })
    #expect(metadata.frames == crcs.count)
    var seen = 0
    for timepoint in 0..<info.timepoints {
      for z in 0..<info.size.z {
        let frame = images[0].frameNumber(timepoint: timepoint, z: z)
        #expect(images[0].time(timepoint: timepoint, z: z) != nil)
        for channel in info.channelNames.indices {
          let found = try ND2Oracle.crc(images[0], channel: channel, timepoint: timepoint, z: z)
          #expect(Int(found) == crcs[frame][channel], "frame \(frame), channel \(channel)")
          seen += 1
        }
      }
    }
    #expect(seen == crcs.reduce(0) { $0 + $1.count })
    guard name == "pims_nd2_cluster" else {
      // The stage was not used: then the vendor's library yields no orientation either.
      #expect(info.cameraPosition == nil)
      return
    }
    let camera = try #require(info.cameraPosition)
    let (cosine, sine) = (0.9999844036286483, 0.005585024570821423)
    #expect(abs(camera.x - (-cosine * stage[0] + sine * stage[1])) < 1e-6)
    #expect(abs(camera.y - (sine * stage[0] + cosine * stage[1])) < 1e-6)
    #expect(camera.z == stage[2])
  }

  @Test func theLawsOfVolumesHold() throws {
    var random = SplitMix64(seed: 5)
    for name in ["pims_nd2_cluster", "arcadia_example-zstack"] {
      let images = try ND2File.images(
        in: SharedData.path("nd2/\(name).nd2"), cache: PieceCache(capacity: 1 << 20))
      for channel in images[0].info.channelNames.indices {
        try checkVolumeLaws(
          of: try images[0].volume(channel: channel, timepoint: 0), using: &random)
      }
    }
  }

  @Test func aChannelThatIsNotThereIsRefused() throws {
    let image = try ND2File.images(
      in: SharedData.path("nd2/pims_nd2_cluster.nd2"), cache: PieceCache(capacity: 0))[0]
    for (channel, timepoint) in [(2, 0), (-1, 0), (0, 3)] {
      let error = #expect(throws: BrickworkError.self) {
        try image.volume(channel: channel, timepoint: timepoint)
      }
      #expect(error?.code == .badRequest)
    }
  }
}
