import Brickwork

extension VolumeExport {
  func hdf5(_ chosen: ChosenVolumes) async throws -> JobSummary {
    throw BrickworkError(.badRequest, reason: "not yet")
  }
}
