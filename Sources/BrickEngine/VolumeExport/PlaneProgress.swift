public import BrickCore

/// Tells a listener how far a writer is that goes through a volume plane by plane and is no job of the engine.
public struct PlaneProgress: Sendable {
  private let meter: ProgressMeter
  private let planeVoxels: Int
  private let bytesPerVoxel: Int

  /// Progress through `planes` planes of a volume's size.
  public init(planes: Int, of volume: any Volume, listener: (any ProgressListener)?) {
    planeVoxels = volume.size.y * volume.size.x
    bytesPerVoxel = volume.type.byteCount
    meter = ProgressMeter(
      phase: "exporting", totalVoxels: planes * planeVoxels, totalItems: planes,
      listener: listener)
  }

  /// Notes planes that are written now.
  ///
  /// - Parameter written: bytes they take in the file, as far as that is known.
  /// - Throws: `CancellationError` if the task was cancelled.
  public func add(planes: Int, written: Int = 0) throws {
    meter.add(
      voxels: planes * planeVoxels, voxelBytes: planes * planeVoxels * bytesPerVoxel,
      written: written, items: planes)
    try Task.checkCancellation()
  }

  /// The last word; returns the seconds since the beginning.
  public func finish() -> Double { meter.finish().seconds }
}
