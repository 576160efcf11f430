import BrickTestSupport
import Brickwork
import Testing

/// Stitching, showing and exporting images of several channels and time points.
@Suite struct ChannelCommandTests {
  private let folder: TemporaryFolder
  private let cache = PieceCache(capacity: 0)

  /// A store of 2 time points of 3 channels: every voxel is 1 + the channel + 10 times the time point.
  init() throws {
    folder = try TemporaryFolder()
    try FiveDimensionalStore.write(folder("tc.zarr"))
  }

  private func stitch(_ more: [String], to name: String = "s.zarr") throws -> OMEZarrImage {
    let result = try Executable.run(
      ["stitch", folder("tc.zarr"), "-o", folder(name), "--progress", "none"] + more)
    #expect(result.status == 0, "\(result.errors)")
    return try OMEZarrImage(folder(name), cache: cache)
  }

  private func value(_ image: OMEZarrImage, _ channel: Int, _ timepoint: Int) throws -> UInt8 {
    let volume = try image.volume(channel: channel, timepoint: timepoint)
    let block = try volume.block(of: volume.bounds)
    return unsafe block.bytes.unsafeLoad(as: UInt8.self)
  }

  @Test func allChannelsAndTimePointsBecomeAxes() throws {
    let image = try stitch(["--channel", "all", "--timepoint", "all"])
    #expect(image.info.channelNames == ["DAPI", "GFP", "RFP"] && image.info.timepoints == 2)
    for time in 0..<2 {
      for channel in 0..<3 {
        #expect(try value(image, channel, time) == UInt8(1 + channel + 10 * time))
      }
    }
    let array = try ArrayMetadata(folder("s.zarr/0"))
    #expect(array.shape == [2, 3, 2, 2, 2] && array.dimensionNames == ["t", "c", "z", "y", "x"])
    let axes = image.attributes["ome"]?["multiscales"]?[0]?["axes"]?.arrayValue ?? []
    #expect(axes.map { $0["name"] } == ["t", "c", "z", "y", "x"])
    #expect(axes.prefix(2).map { $0["type"] } == ["time", "channel"])
  }

  @Test func oneAxisAtATime() throws {
    let channels = try stitch(["--channel", "all", "--timepoint", "1"], to: "c.zarr")
    #expect(channels.info.timepoints == 1)
    #expect(try (0..<3).map { try value(channels, $0, 0) } == [11, 12, 13])
    #expect(try ArrayMetadata(folder("c.zarr/0")).shape == [3, 2, 2, 2])
    let times = try stitch(["--channel", "GFP", "--timepoint", "all"], to: "t.zarr")
    #expect(times.info.channelNames == ["GFP"])
    #expect(try (0..<2).map { try value(times, 0, $0) } == [2, 12])
    #expect(try ArrayMetadata(folder("t.zarr/0")).shape == [2, 2, 2, 2])
    let one = try stitch(["--channel", "RFP", "--timepoint", "1"], to: "o.zarr")
    #expect(try value(one, 0, 0) == 13)
    #expect(try ArrayMetadata(folder("o.zarr/0")).shape == [2, 2, 2])
  }

  /// `all` keeps an axis of size 1, so that a script finds the same axes whatever the tiles hold.
  @Test func allKeepsAnAxisOfOne() throws {
    _ = try stitch(["--channel", "0", "--timepoint", "0"], to: "o.zarr")
    let result = try Executable.run([
      "stitch", folder("o.zarr"), "-o", folder("p.zarr"), "--channel", "all", "--timepoint", "all",
      "--progress", "none", "--json",
    ])
    #expect(result.status == 0)
    let json = try JSON(parsing: Array(result.output.utf8), path: "-")
    #expect(json["channels"] == 1 && json["timepoints"] == 1)
    #expect(try ArrayMetadata(folder("p.zarr/0")).shape == [1, 1, 2, 2, 2])
  }

  @Test func aTileWithOtherChannelsIsNamed() throws {
    _ = try stitch(["--channel", "0", "--timepoint", "0"], to: "o.zarr")
    try Files.replace(folder("o.csv"), with: Array("x,y,z\n0,0,0\n2,0,0\n".utf8))
    func errors(_ more: [String]) throws -> String {
      let result = try Executable.run(
        [
          "stitch", folder("tc.zarr"), folder("o.zarr"), "--offsets", folder("o.csv"), "-o",
          folder("x.zarr"),
        ] + more)
      #expect(result.status == 64)
      return result.errors
    }
    #expect(
      try errors(["--channel", "all"]).contains(
        "o.zarr has 1 channel and the first tile, tc, 3 channels"))
    #expect(try errors(["--timepoint", "all"]).contains("1 time point and the first tile, tc, 2"))
    #expect(!Files.exists(folder("x.zarr")))
  }

  @Test func previewAndExportTakeAChannelOfTheResult() throws {
    _ = try stitch(["--channel", "all", "--timepoint", "all"])
    let export = try Executable.run([
      "export", folder("s.zarr"), "-o", folder("e.h5"), "--channel", "GFP", "--timepoint", "1",
      "--progress", "none",
    ])
    #expect(export.status == 0, "\(export.errors)")
    let volume = try #require(try BDVFile(folder("e.h5")).volume(setup: 0, timepoint: 0, level: 0))
    let block = try volume.block(of: volume.bounds)
    #expect(unsafe block.bytes.unsafeLoad(as: UInt8.self) == 12)
    let arguments = ["preview", folder("s.zarr"), "-o", folder("p.png")]
    #expect(try Executable.run(arguments + ["--channel", "2", "--timepoint", "1"]).status == 0)
    #expect(try Executable.run(arguments + ["--channel", "all"]).status == 0)
    #expect(try Executable.run(arguments + ["--timepoint", "all"]).status == 64)
  }
}
