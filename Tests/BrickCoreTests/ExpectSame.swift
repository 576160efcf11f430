import BrickCore
import BrickTestSupport
import Testing

/// Records a failure unless both voxels are the same; millions of passing checks cost nothing.
func expectSame<V: Voxel>(
  _ found: V, _ expected: V, _ comment: @autoclosure () -> String = "",
  at location: SourceLocation = #_sourceLocation
) {
  guard !found.isSame(as: expected) else { return }
  Issue.record("\(V.self) \(found) is not \(expected): \(comment())", sourceLocation: location)
}
