internal import BrickCore

/// Where the setups of a project lie, with what a user should know about it.
struct BDVPositions {
  /// The offset in voxels of each setup that has a registration.
  private(set) var offsets: [Int: ViewOffset] = [:]
  /// Sentences about single setups.
  private(set) var notes: [Int: [String]] = [:]

  /// Takes each setup's first time point that has a registration.
  init(_ project: BDVProject) {
    var rest = Set(project.setups.map(\.id))
    for timepoint in project.timepoints where !rest.isEmpty {
      let views = rest.filter {
        project.registrations[.init(timepoint: timepoint, setup: $0)] != nil
      }
      guard !views.isEmpty else { continue }
      for offset in found(project, timepoint) where rest.remove(offset.setup) != nil {
        offsets[offset.setup] = offset
        if let warning = offset.warning { notes[offset.setup, default: []].append(warning) }
      }
      // What has a registration but no offset does not get one at another time point.
      rest.subtract(views)
    }
    noteMotion(project)
  }

  private mutating func found(_ project: BDVProject, _ timepoint: Int) -> [ViewOffset] {
    if let all = try? project.offsets(timepoint: timepoint) { return all }
    // One view has no offset: the others are asked one by one.
    var result: [ViewOffset] = []
    for setup in project.setups {
      var single = project
      single.setups = [setup]
      do { result += try single.offsets(timepoint: timepoint) } catch {
        let reason = (error as? BrickworkError)?.reason ?? "\(error)"
        notes[setup.id, default: []].append("has no position: \(reason)")
      }
    }
    return result
  }

  /// Says where a setup moves from one time point to another.
  private mutating func noteMotion(_ project: BDVProject) {
    guard project.timepoints.count > 1 else { return }
    for (setup, offset) in offsets {
      var most = 0.0
      var last: [BDVProject.Transform]?
      for timepoint in project.timepoints {
        let view = BDVProject.View(timepoint: timepoint, setup: setup)
        guard let transforms = project.registrations[view], transforms != last,
          let affine = project.affine(of: view)
        else { continue }
        last = transforms
        let first = [offset.offset.x, offset.offset.y, offset.offset.z]
        for axis in 0..<3 where affine[axis, axis] != 0 {
          most = max(most, abs(affine[axis, 3] / affine[axis, axis] - first[axis]))
        }
      }
      if most > 0.5 {
        let voxels = most < 1e12 ? (most * 100).rounded() / 100 : most
        notes[setup, default: []].append(
          "moves by up to \(voxels) voxels between time points; the first one's position is taken")
      }
    }
  }
}
