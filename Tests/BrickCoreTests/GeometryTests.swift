import BrickCore
import BrickTestSupport
import Testing

@Suite struct GeometryTests {
  @Test func componentsAreNamedAndNumbered() {
    var index = Index3(z: 1, y: 2, x: 3)
    #expect((0..<3).map { index[$0] } == index.components)
    index[1] = 7
    #expect(index == Index3([1, 7, 3]))
    #expect(Index3([1, 2]) == nil)
    #expect(index.description == "(z 1, y 7, x 3)")
  }

  @Test func aProductThatOverflowsIsNil() {
    #expect(Index3(z: 2, y: 3, x: 4).checkedVolume == 24)
    #expect(Index3(z: .max, y: 2, x: 0).checkedVolume == nil)
    #expect(Index3(z: 1 << 31, y: 1 << 31, x: 2).checkedVolume == nil)
    #expect(Index3(z: -1, y: -1, x: 1).checkedVolume == nil)
  }

  @Test(arguments: 0..<50 as Range<UInt64>) func boxesAreSetsOfVoxels(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    func voxels(_ box: Box3) -> Set<Index3> {
      var voxels: Set<Index3> = []
      box.forEachPosition { voxels.insert($0) }
      return voxels
    }
    let around = Box3(origin: Index3(repeating: -2), size: Index3(repeating: 5))
    let (a, b) = (around.random(using: &random), around.random(using: &random))
    let (setA, setB) = (voxels(a), voxels(b))
    #expect(setA.count == a.count)
    #expect(a.isEmpty == setA.isEmpty)
    #expect(voxels(a.intersection(b)) == setA.intersection(setB))
    #expect(a.intersects(b) == !setA.isDisjoint(with: setB))
    #expect(a.contains(b) == setB.isSubset(of: setA))
    #expect(voxels(a.union(b)).isSuperset(of: setA.union(setB)))
    let shift = Index3(z: 1, y: -2, x: 3)
    #expect(voxels(a.translated(by: shift)) == Set(setA.map { $0 + shift }))
  }

  @Test(arguments: 0..<30 as Range<UInt64>) func bricksCoverEveryVoxelOnce(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let grid = BrickGrid(
      size: .random(in: 0...7, using: &random), brick: .random(in: 1...4, using: &random))
    var seen: [Index3: Int] = [:]
    for i in 0..<grid.count {
      let index = grid.index(at: i)
      #expect(grid.linearIndex(of: index) == i)
      grid.box(at: index).forEachPosition {
        #expect(seen.updateValue(i, forKey: $0) == nil)
      }
    }
    #expect(seen.count == grid.size.volume)
    let box = Box3(origin: Index3(repeating: -1), size: Index3(repeating: 9)).random(using: &random)
    var touched: Set<Int> = []
    box.forEachPosition { if let brick = seen[$0] { touched.insert(brick) } }
    var found: Set<Int> = []
    grid.indices(intersecting: box).forEachPosition { found.insert(grid.linearIndex(of: $0)) }
    #expect(found == touched)
  }
}
