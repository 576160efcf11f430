/// A box together with its voxels: the only buffer that travels.
///
/// Voxels lie without gaps, x fastest, in the processor's byte order, on a 64-byte boundary. A block
/// is reused: `reshape` keeps its memory where that is large enough, and leaves the voxels undefined.
/// Memory comes from `BlockStorage`, so that its total is known.
@safe
public struct VoxelBlock: ~Copyable, @unchecked Sendable {
  // @unchecked: the block is the only owner of its memory, and spans of it can't outlive a borrow.
  /// Where the voxels lie in their volume.
  public private(set) var box: Box3
  /// The type of every voxel.
  public private(set) var type: VoxelType
  private var storage: UnsafeMutableRawBufferPointer

  /// An empty block.
  public init() {
    box = Box3(size: .zero)
    type = .uint8
    unsafe storage = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  }

  /// A block for the voxels of `box`, their values undefined.
  public init(_ box: Box3, type: VoxelType) {
    self.init()
    reshape(to: box, type: type)
  }

  deinit { unsafe BlockStorage.release(storage) }

  /// Makes this the block of another box.
  ///
  /// The voxels are undefined afterwards.
  public mutating func reshape(to box: Box3, type: VoxelType) {
    let needed = box.count * type.byteCount
    if unsafe needed > storage.count {
      unsafe BlockStorage.release(storage)
      unsafe storage = BlockStorage.allocate(needed)
    }
    self.box = box
    self.type = type
  }

  /// Moves the box without touching the voxels.
  public mutating func move(to origin: Index3) { box.origin = origin }

  /// Sees the same bytes as another type of the same width.
  public mutating func reinterpret(as type: VoxelType) {
    precondition(type.byteCount == self.type.byteCount, "Both types are equally wide")
    self.type = type
  }

  /// The number of bytes of all voxels.
  public var byteCount: Int { box.count * type.byteCount }

  /// The voxels' bytes.
  public var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      let span = unsafe RawSpan(_unsafeStart: start, byteCount: byteCount)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// The voxels' bytes, to write.
  public var mutableBytes: MutableRawSpan {
    @_lifetime(&self)
    mutating get {
      let span = unsafe MutableRawSpan(_unsafeStart: start, byteCount: byteCount)
      return unsafe _overrideLifetime(span, mutating: &self)
    }
  }

  /// The voxels, of which `V` must be the type.
  @_lifetime(borrow self)
  public func voxels<V: Voxel>(as _: V.Type) -> Span<V> {
    precondition(V.voxelType == type, "The block holds \(type), not \(V.voxelType)")
    let first = unsafe start.assumingMemoryBound(to: V.self)
    let span = unsafe Span(_unsafeStart: first, count: box.count)
    return unsafe _overrideLifetime(span, borrowing: self)
  }

  /// The voxels, of which `V` must be the type, to write.
  @_lifetime(&self)
  public mutating func mutableVoxels<V: Voxel>(as _: V.Type) -> MutableSpan<V> {
    precondition(V.voxelType == type, "The block holds \(type), not \(V.voxelType)")
    let first = unsafe start.assumingMemoryBound(to: V.self)
    let span = unsafe MutableSpan(_unsafeStart: first, count: box.count)
    return unsafe _overrideLifetime(span, mutating: &self)
  }

  /// The place of the first voxel of a row among the block's voxels.
  public func rowStart(z: Int, y: Int) -> Int {
    ((z - box.origin.z) * box.size.y + (y - box.origin.y)) * box.size.x
  }

  /// Sets every voxel to zero.
  public mutating func clear() {
    unsafe start.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
  }

  private var start: UnsafeMutableRawPointer {
    // An empty block lends an empty span of any valid address.
    unsafe storage.baseAddress ?? BlockStorage.anyAddress
  }
}
