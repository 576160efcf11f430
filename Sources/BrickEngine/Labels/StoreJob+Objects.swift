internal import BrickCore
public import BrickLabels

extension StoreJob {
  /// The same job, with somebody who gathers the objects of level 0 from its blocks; `finish()` gives the table once
  /// the job has run.
  ///
  /// The table gets room for every label, but not more than half of what the job leaves of its budget; labels beyond it
  /// go to a scratch file.
  ///
  /// - Parameters:
  ///   - labels: how many labels the volume has at most.
  ///   - scratchFolder: where the scratch file is made.
  /// - Throws: `BrickworkError`: `.outOfBudget` if there is no room, `.badRequest` if voxels are floats.
  public func gatheringObjects(labels: Int, scratchFolder: String) throws
    -> (job: StoreJob, objects: ObjectCollector)
  {
    func gathering(_ memory: Int) throws -> (job: StoreJob, objects: ObjectCollector) {
      let objects = try ObjectCollector(type: type, memory: memory, scratchFolder: scratchFolder)
      return (observed(by: objects, holding: memory), objects)
    }
    let least = try gathering(ObjectCollector.leastMemory)
    let room = try least.job.forecast().cacheBytes / 2
    let wanted = labels * ObjectCollector.bytesPerLabel
    return try gathering(ObjectCollector.leastMemory + min(room, wanted))
  }
}
