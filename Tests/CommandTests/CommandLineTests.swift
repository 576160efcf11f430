import BrickTestSupport
import Brickwork
import Testing

@Suite struct CommandLineTests {
  @Test func theVersionIsPrinted() throws {
    let result = try Executable.run(["--version"])
    #expect(result.status == 0 && result.output == "0.1.0\n")
  }

  @Test(arguments: ["info", "stitch", "export", "preview", "offsets", "tileset", "benchmark"])
  func everySubcommandHelpsWithExamplesAndDefaults(_ name: String) throws {
    let result = try Executable.run([name, "--help"])
    #expect(result.status == 0)
    #expect(result.output.contains("EXAMPLES\n  brickwork \(name) "))
    #expect(result.output.contains("USAGE: brickwork \(name) "))
    #expect(result.output.contains("(default: "))
    #expect(result.errors.isEmpty)
  }

  /// Options of the contract: scripts rely on their names.
  @Test(arguments: [
    (
      "stitch",
      [
        "--output", "--offsets", "--offset-units", "--offset-layout", "--voxel-size", "--fusion",
        "--blend-width", "--order", "--flip", "--offset-rounding", "--downscale",
        "--downscale-method", "--channel", "--timepoint", "--brick", "--shard", "--codec",
        "--level",
        "--levels", "--roi", "--memory", "--threads", "--progress", "--overwrite", "--dry-run",
        "--ignore-free-disk", "--json", "--quiet", "--log-level",
      ]
    ),
    (
      "export",
      [
        "--output", "--levels", "--channel", "--timepoint", "--chunk", "--compression",
        "--no-shuffle", "--legacy", "--memory", "--threads", "--progress", "--overwrite",
        "--dry-run", "--ignore-free-disk", "--json", "--quiet", "--log-level",
      ]
    ),
    (
      "preview",
      [
        "--output", "--z", "--y", "--x", "--project", "--roi", "--tile", "--level", "--size",
        "--max-size", "--pixels", "--contrast", "--colors", "--labels", "--tiles", "--scale-bar",
        "--bits", "--show", "--fusion", "--channel", "--memory", "--threads", "--json",
      ]
    ),
    ("info", ["--offsets", "--voxel-size", "--json", "--quiet"]),
    (
      "offsets",
      [
        "--output", "--offset-units", "--offset-layout", "--timepoint", "--json", "--format",
        "--npy-layout",
      ]
    ),
    (
      "benchmark",
      [
        "--folder", "--size", "--memory", "--threads", "--progress", "--json", "--quiet",
        "--log-level",
      ]
    ),
    (
      "tileset",
      [
        "--output", "--offsets", "--offset-units", "--voxel-size", "--scale-offset", "--order",
        "--stage-rule", "--overwrite",
      ]
    ),
  ]) func helpListsTheOptionsOfTheContract(_ name: String, _ options: [String]) throws {
    let help = try Executable.run([name, "--help"]).output
    for option in options { #expect(help.contains("\(option) ") || help.contains("\(option)\n")) }
  }

  @Test func theHelpNamesItsSubcommandsAndExitCodes() throws {
    let help = try Executable.run(["--help"]).output
    for word in [
      "info", "stitch", "export", "preview", "offsets", "tileset", "EXIT CODES", "--version",
    ] {
      #expect(help.contains(word))
    }
    #expect(try Executable.run([]).output == help)
  }

  @Test(arguments: [
    (["info"], "brickwork: Missing expected argument '<source> ...'"),
    (["frobnicate"], "brickwork: Unexpected argument 'frobnicate'"),
    (
      ["stitch", "a.tif", "-o", "b", "--fusion", "best"],
      "brickwork: The value 'best' is invalid for '--fusion <overwrite|average|linear|max|min>'. "
        + "Please provide one of 'overwrite', 'average', 'linear', 'max' or 'min'."
    ),
    (
      ["stitch", "a.tif", "-o", "b", "--brick", "64"],
      "brickwork: The value '64' is invalid for '--brick <z,y,x>': '64' has 1 numbers, not 3. "
        + "Write it like 64,64,64 (z,y,x)"
    ),
    (
      ["stitch", "a.tif", "-o", "b", "--memory", "lots"],
      "brickwork: The value 'lots' is invalid for '--memory <size>': 'lots' does not start with a positive "
        + "number. Write it like 512MiB or 4G"
    ),
    (
      ["export", "a", "-o", "b", "--compression", "zip"],
      "brickwork: The value 'zip' is invalid for '--compression <none|deflate:n|zstd:n|lzw>': 'zip' is neither none, "
        + "lzw, deflate:1 to deflate:12 nor zstd:1 to zstd:22"
    ),
    (
      ["blank", "-o", "b.h5", "--size", "9,9,9", "--grid", "1000,1000,30000000"],
      "brickwork: More than 1048576 views are too many for a file (--grid, --channels, --timepoints)."
    ),
    (
      ["blank", "-o", "b.xml", "--size", "9,9,9"],
      "brickwork: Name the output OUT.h5; OUT.xml is written beside it (-o)."
    ),
  ]) func wrongCommandLinesExitWith64(_ arguments: [String], _ words: String) throws {
    let result = try Executable.run(arguments)
    #expect(result.status == 64)
    #expect(result.errors.hasPrefix(words + "\n"))
    #expect(result.output.isEmpty)
  }

  @Test func shellCompletionsAreGenerated() throws {
    for shell in ["bash", "zsh", "fish"] {
      let result = try Executable.run(["--generate-completion-script", shell])
      #expect(result.status == 0 && result.output.contains("stitch"))
    }
  }
}
