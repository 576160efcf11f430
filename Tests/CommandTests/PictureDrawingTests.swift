import BrickTestSupport
import Brickwork
import Testing

@Suite struct PictureDrawingTests {
  /// The pixels that are not black.
  private func drawn(_ canvas: Canvas) -> Set<[Int]> {
    var pixels: Set<[Int]> = []
    for y in canvas.rows {
      for x in 0..<canvas.width where canvas[x, y] != .black { pixels.insert([x, y]) }
    }
    return pixels
  }

  @Test func outlinesLieOnTheOutermostPixelsOfATile() {
    var annotations = Annotations(width: 8, height: 6)
    annotations.outlines = [TileOutline(columns: 2..<6, rows: -1..<4, number: 0)]
    var canvas = Canvas(width: 8, rows: 0..<6)
    annotations.draw(on: &canvas)
    // What is cut off at the top has no border there.
    let expected: Set<[Int]> = [
      [2, 0], [5, 0], [2, 1], [5, 1], [2, 2], [5, 2], [2, 3], [3, 3], [4, 3], [5, 3],
    ]
    #expect(drawn(canvas) == expected)
  }

  @Test func stripsOfAPictureAreDrawnAsTheWhole() {
    var annotations = Annotations(width: 90, height: 70)
    annotations.outlines = [
      TileOutline(columns: 0..<50, rows: 0..<40, number: 12),
      TileOutline(columns: 40..<90, rows: 30..<70, number: 7),
    ]
    annotations.scaleBar = ScaleBar(micrometersPerPixel: 0.5, width: 90)
    var whole = Canvas(width: 90, rows: 0..<70)
    annotations.draw(on: &whole)
    for rows in [0..<7, 7..<33, 33..<70] {
      var strip = Canvas(width: 90, rows: rows)
      annotations.draw(on: &strip)
      #expect(strip.pixels == Array(whole.pixels[rows.lowerBound * 270..<rows.upperBound * 270]))
    }
  }

  @Test(arguments: [
    (0.5, 1000, 100.0, 200, "100 µm"), (0.16, 1500, 50, 313, "50 µm"), (1, 10, 2, 2, "2 µm"),
    (0.004, 100, 0.1, 25, "100 nm"), (2.5, 1000, 500, 200, "500 µm"), (9, 1000, 2000, 222, "2 mm"),
    (0.00002, 100, 0.0005, 25, "0.5 nm"),
  ])
  func scaleBarsHaveRoundLengths(
    _ pitch: Double, _ width: Int, _ length: Double, _ pixels: Int, _ text: String
  ) throws {
    let bar = try #require(ScaleBar(micrometersPerPixel: pitch, width: width))
    #expect(bar.micrometers == length && bar.pixels == pixels && bar.text == text)
  }

  @Test func theScaleBarIsWhiteOverItsLength() throws {
    var annotations = Annotations(width: 200, height: 100)
    annotations.scaleBar = ScaleBar(micrometersPerPixel: 0.5, width: 200)
    var canvas = Canvas(width: 200, rows: 0..<100)
    annotations.draw(on: &canvas)
    let place = try #require(annotations.barPlace)
    #expect(place.columns.count == 40 && place.columns.upperBound == 198)
    let row = (0..<200).filter { canvas[$0, place.rows.lowerBound] == .white }
    #expect(row == Array(place.columns))
  }

  @Test func digitsAreWrittenWithARim() {
    var canvas = Canvas(width: 9, rows: 0..<9)
    let ground = RGB(9, 9, 9)
    canvas.fill(columns: 0..<9, rows: 0..<9, ground)
    canvas.write("1", x: 2, y: 1, scale: 1, .white)
    func places(_ color: RGB) -> Set<[Int]> {
      Set((0..<81).map { [$0 % 9, $0 / 9] }.filter { canvas[$0[0], $0[1]] == color })
    }
    let dots: Set<[Int]> = [
      [4, 1], [3, 2], [4, 2], [4, 3], [4, 4], [4, 5], [4, 6], [3, 7], [4, 7], [5, 7],
    ]
    #expect(places(.white) == dots)
    let around = dots.flatMap { dot in (0..<9).map { [dot[0] + $0 % 3 - 1, dot[1] + $0 / 3 - 1] } }
    #expect(places(.black) == Set(around).subtracting(dots))
  }

  @Test func colorsOfLabelsStayAndDiffer() {
    #expect(LabelColors.color(of: 0) == .black)
    let first = (1...6).map { LabelColors.color(of: $0) }
    #expect(first == Self.firstColors)
    // A thousand labels in a row: no two neighbours look alike, none is black.
    let many = (1...1000).map { LabelColors.color(of: $0) }
    #expect(Set(many).count > 900 && !many.contains(.black))
    for (a, b) in zip(many, many.dropFirst()) {
      let distance =
        abs(Int(a.red) - Int(b.red)) + abs(Int(a.green) - Int(b.green))
        + abs(Int(a.blue) - Int(b.blue))
      #expect(distance > 80)
    }
  }

  private static let firstColors = [
    RGB(87, 125, 217), RGB(104, 179, 0), RGB(255, 38, 228), RGB(87, 217, 195), RGB(179, 97, 0),
    RGB(92, 38, 255),
  ]

  @Test func colorMapsRunFromDarkToBright() throws {
    for name in ColorMap.names {
      let map = try #require(ColorMap(named: name))
      #expect(map.colors.count == 256)
      func sum(_ color: RGB) -> Int { Int(color.red) + Int(color.green) + Int(color.blue) }
      #expect(sum(map.colors[0]) < 170 && sum(map.colors[255]) >= 255)
    }
    let gray = try #require(ColorMap(named: "gray"))
    #expect(gray == .gray && gray.isGray && gray.colors[128] == RGB(128, 128, 128))
    let viridis = try #require(ColorMap(named: "viridis"))
    #expect(viridis.colors[0] == RGB(68, 1, 84) && viridis.colors[255] == RGB(253, 231, 37))
    #expect(ColorMap(named: "heat") == nil)
    #expect(RGB("FF8000") == RGB(255, 128, 0) && RGB("F80") == nil && RGB("GG0000") == nil)
  }

  @Test func greysAreRoundedHalfUp() {
    let window = ContrastWindow(low: 1, high: 3)
    #expect(
      [Double.nan, -.infinity, 0, 1, 2, 3, .infinity].map(window.grey) == [
        0, 0, 0, 0, 128, 255, 255,
      ])
    #expect([1, 2, 3].map { window.grey16($0) } == [0, 32768, 65535])
    let flat = ContrastWindow(low: 2, high: 2)
    #expect([1, 2, 3].map(flat.grey) == [0, 0, 255])
  }

  @Test func sixteenBitPicturesAndFailingRowsAreHandled() throws {
    let folder = try TemporaryFolder()
    try PNGWriter.write(folder("p.png"), width: 2, height: 1, depth: .bits16) { _, pixels in
      pixels = [1, 0, 0, 1]
    }
    #expect(Array(try Files.read(folder("p.png"))[16..<26]) == [0, 0, 0, 2, 0, 0, 0, 1, 16, 0])
    let failure = BrickworkError(.damagedInput, reason: "row 3 is damaged")
    #expect(throws: failure) {
      try PNGWriter.write(folder("q.png"), width: 2, height: 9) { y, _ in
        if y == 3 { throw failure }
      }
    }
    #expect(throws: BrickworkError.self) {
      try PNGFile(folder("r.png"), width: 0, height: 9, kind: .gray8)
    }
    #expect(try Files.names(in: folder.path) == ["p.png"])
  }

  @Test(.enabled(if: SharedData.hasPython, "needs Python with Pillow and tifffile"))
  func otherProgramsReadThePixels() throws {
    let folder = try TemporaryFolder()
    let (width, height) = (5, 3)
    for kind in [PixelKind.gray8, .gray16, .rgb8] {
      let bytes = (0..<UInt8(width * height * kind.byteCount)).map { $0 &* 37 }
      try Files.replace(folder("\(kind).bin"), with: bytes)
      let files: [any PictureFile] = [
        try PNGFile(folder("\(kind).png"), width: width, height: height, kind: kind),
        try TIFFPicture(folder("\(kind).tif"), width: width, height: height, kind: kind),
      ]
      for file in files {
        let half = bytes.count / height
        unsafe try file.append(Array(bytes[..<half]).span.bytes)
        unsafe try file.append(Array(bytes[half...]).span.bytes)
        try file.finish()
      }
    }
    try SharedData.runPython(
      """
      import sys, numpy, tifffile
      from imagecodecs import png_decode
      for kind, dtype in (("gray8", "u1"), ("gray16", "u2"), ("rgb8", "u1")):
          base = sys.argv[1] + "/" + kind
          shape = (3, 5, 3) if kind == "rgb8" else (3, 5)
          expected = numpy.fromfile(base + ".bin", dtype).reshape(shape)
          for found in (png_decode(open(base + ".png", "rb").read()), tifffile.imread(base + ".tif")):
              assert found.dtype == expected.dtype and numpy.array_equal(found, expected), (kind, found)
      """, [folder.path])
  }

  @Test func terminalsGetTheirProtocols() {
    var canvas = Canvas(width: 2, rows: 0..<3)
    canvas[0, 0] = .white
    canvas[1, 2] = .white
    #expect(TerminalPicture.characters.text(of: canvas) == "= \n @\n")
    #expect(
      TerminalPicture.blocks.text(of: canvas)
        == "\u{1B}[38;2;255;255;255;48;2;0;0;0m▀\u{1B}[38;2;0;0;0;48;2;0;0;0m▀\u{1B}[0m\n"
        + "\u{1B}[38;2;0;0;0;48;2;0;0;0m▀\u{1B}[38;2;255;255;255;48;2;0;0;0m▀\u{1B}[0m\n")
    #expect(
      TerminalPicture.kitty.text(of: canvas)
        == "\u{1B}_Ga=T,f=24,s=2,v=3,m=0;////AAAAAAAAAAAAAAAA////\u{1B}\\\n")
    let sixels = TerminalPicture.sixel.text(of: canvas)
    #expect(sixels.hasPrefix("\u{1B}P0;1q\"1;1;2;3#0;2;0;0;0#1;2;2;2;2"))
    // Black has the rows 1 and 2 (bits 2 and 4) in the first column, 0 and 1 in the second.
    #expect(sixels.hasSuffix("#0EB$#63@C-\u{1B}\\\n"))
    let large = Canvas(width: 100, rows: 0..<100)
    let pieces = TerminalPicture.kitty.text(of: large).split(separator: "\u{1B}\\")
    #expect(pieces.count == 11 && pieces.dropFirst().allSatisfy { $0.count <= 4110 })
  }

  /// A budget that holds the picture only strip by strip gives the same file.
  @Test func largePicturesAreWrittenStripByStrip() async throws {
    let folder = try TemporaryFolder()
    let size = Index3(z: 1, y: 1500, x: 4000)
    var random = SplitMix64(seed: 5)
    let volume = ArrayVolume(
      (0..<size.volume).map {
        UInt32(truncatingIfNeeded: $0 / 777 ^ $0) & 0xFFFFF
          | UInt32.random(in: 0...1, using: &random) << 20
      }, size: size)
    let geometry = try PictureGeometry(
      Section(.z, at: 0, in: volume.bounds), spacing: .unknown, fitting: .most(columns: 0, rows: 0))
    var files: [[UInt8]] = []
    for (memory, threads) in [(128, 1), (4096, 2)] {
      let job = try PreviewJob(
        [
          .init(
            try PictureVolume(volume, geometry), paint: .map(try #require(ColorMap(named: "fire"))))
        ],
        budget: MemoryBudget(byteCount: memory << 20), threads: threads,
        cache: PieceCache(capacity: 0))
      let path = folder("\(memory).png")
      _ = try await job.write { try PNGFile(path, width: $0, height: $1, kind: $2) }
      files.append(Array(try Files.read(path)))
    }
    #expect(files[0] == files[1])
    #expect(throws: BrickworkError.self) {
      try PreviewJob(
        [.init(try PictureVolume(volume, geometry))], budget: MemoryBudget(byteCount: 50 << 20),
        threads: 1, cache: PieceCache(capacity: 0))
    }
  }
}
