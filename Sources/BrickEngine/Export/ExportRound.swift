internal import BrickBDV
internal import BrickCore
internal import Synchronization

/// Runs passes that don't need each other: computes the blocks that no earlier run stored.
final class ExportRound: Sendable {
  private struct Place {
    let pass: ExportPass
    let image: ExportImage
    /// A volume for each part.
    let volumes: [any Volume]
    let first: Int
  }

  private let places: [Place]
  private let count: Int
  private let job: ExportJob
  private let writer: BDVFileWriter
  private let kept = Atomic<Int>(0)

  /// What a step became; nil for one whose chunks were all stored before.
  private typealias Result = [PlacedChunk]?

  init(_ job: ExportJob, _ passes: [ExportPass], _ writer: BDVFileWriter) throws {
    self.job = job
    self.writer = writer
    var places: [Place] = []
    var count = 0
    for pass in passes {
      let image = job.images[pass.image]
      var volumes = image.levels[pass.read].volumes ?? []
      if pass.readsFile {
        volumes = try (0..<image.parts).map { part in
          let (timepoint, channel) = part.quotientAndRemainder(dividingBy: job.channels)
          return try writer.volume(
            level: pass.read, setup: job.setup(image: pass.image, channel: channel),
            timepoint: timepoint)
        }
      }
      places.append(Place(pass: pass, image: image, volumes: volumes, first: count))
      count += pass.order.count
    }
    self.places = places
    self.count = count
  }

  /// Blocks that an earlier run had stored.
  var keptBlocks: Int { kept.load(ordering: .relaxed) }

  func run(workers: Int, meter: ProgressMeter) async throws {
    try await OrderedPipeline.run(count: count, workers: workers) {
      ChunkWorker(encoder: try self.writer.makeEncoder())
    } produce: { (worker, number) -> Result in
      let (place, inPass) = self.place(of: number)
      let step = place.pass.order.step(at: inPass)
      if self.isStored(step, place) { return nil }
      self.prepare(step, inPass, place)
      return try worker.encode(
        step.box, of: place.volumes[step.part], place.image, place.pass,
        setup: self.view(step, place).setup)
    } commit: { number, chunks in
      let (place, inPass) = self.place(of: number)
      let step = place.pass.order.step(at: inPass)
      try self.commit(chunks, step, place, meter)
      return nil
    }
  }

  private func commit(
    _ chunks: Result, _ step: ExportOrder.Step, _ place: Place, _ meter: ProgressMeter
  ) throws {
    let (setup, timepoint) = view(step, place)
    var written = 0
    for chunk in chunks ?? [] {
      if let encoded = chunk.chunk {
        try writer.write(
          encoded, level: chunk.level, at: chunk.index, setup: setup, timepoint: timepoint)
        written += encoded.bytes.count
      } else {
        try writer.writeEmpty(
          level: chunk.level, at: chunk.index, setup: setup, timepoint: timepoint)
      }
    }
    let voxels = place.pass.voxels(of: step.box, place.image)
    if chunks == nil { kept.wrappingAdd(1, ordering: .relaxed) }
    meter.add(
      voxels: voxels, voxelBytes: chunks == nil ? 0 : voxels * place.image.type.byteCount,
      written: written, items: 1)
    if step.endsRow, chunks != nil { place.volumes[step.part].didRead(step.row) }
  }

  /// Has a row read in the background while the row before it is computed.
  private func prepare(_ step: ExportOrder.Step, _ inPass: Int, _ place: Place) {
    guard step.startsRow else { return }
    if inPass == 0 { place.volumes[step.part].willRead(step.row) }
    guard step.nextRow < place.pass.order.count else { return }
    let next = place.pass.order.step(at: step.nextRow)
    if !isStored(next, place) { place.volumes[next.part].willRead(next.row) }
  }

  private func view(_ step: ExportOrder.Step, _ place: Place) -> (setup: Int, timepoint: Int) {
    let (timepoint, channel) = step.part.quotientAndRemainder(dividingBy: job.channels)
    return (job.setup(image: place.pass.image, channel: channel), timepoint)
  }

  /// Whether all chunks that follow from a block are in the file.
  private func isStored(_ step: ExportOrder.Step, _ place: Place) -> Bool {
    let (setup, timepoint) = view(step, place)
    for (level, indices) in place.pass.chunks(of: step.box, place.image) {
      for z in indices.origin.z..<indices.end.z {
        for y in indices.origin.y..<indices.end.y {
          for x in indices.origin.x..<indices.end.x {
            let index = Index3(z: z, y: y, x: x)
            guard writer.isStored(level: level, at: index, setup: setup, timepoint: timepoint)
            else { return false }
          }
        }
      }
    }
    return true
  }

  private func place(of number: Int) -> (Place, inPass: Int) {
    var low = 0
    var high = places.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if places[middle].first <= number { low = middle } else { high = middle }
    }
    return (places[low], number - places[low].first)
  }
}
