import BrickTestSupport

/// Files by h5py in every type, layout, byte order and filter, with what h5py reads from them.
enum H5pyMatrix {
  /// Writes into a folder; `expected.txt` has a line "file dataset type z y x sha256" for each dataset.
  static let script = """
    import sys, os, hashlib, itertools, numpy as np, h5py
    from h5py import h5p, h5d, h5s, h5t, h5z
    os.chdir(sys.argv[1])
    rng = np.random.default_rng(7)
    shape = (9, 11, 13)
    TYPES = ['u1','u2','u4','u8','i1','i2','i4','i8','f4','f8']
    def voxels(kind, shape=shape):
      k = np.dtype(kind)
      if k.kind == 'f': return (rng.normal(size=shape) * 1000).astype(k)
      i = np.iinfo(k); v = rng.integers(0, 100, shape).astype(k)
      some = rng.random(shape) < .1
      v[some] = rng.integers(i.min, i.max, shape, dtype=k, endpoint=True)[some]
      return v
    def small(kind, shape=shape):
      lo = 0 if np.dtype(kind).kind == 'u' else -50
      return rng.integers(lo, 70, shape).astype(kind)

    with h5py.File('earliest.h5', 'w') as f:
      for kind, order in itertools.product(TYPES, '<>'):
        t = np.dtype(order + kind); n = kind + ('le' if order == '<' else 'be')
        f.create_dataset(n + '/contiguous', data=voxels(kind).astype(t))
        for name, more in {
            'plain': {}, 'gzip': dict(compression=3), 'shuffle_gzip': dict(compression=1, shuffle=True),
            'fletcher_shuffle_gzip': dict(compression=6, shuffle=True, fletcher32=True),
            'fletcher': dict(fletcher32=True), 'shuffle': dict(shuffle=True), 'lzf': dict(compression='lzf'),
            'shuffle_lzf': dict(compression='lzf', shuffle=True)}.items():
          f.create_dataset(n + '/' + name, data=voxels(kind).astype(t), chunks=(4, 5, 6), **more)
        d = f.create_dataset(n + '/holes', shape=shape, dtype=t, chunks=(4, 5, 6), compression=1, fillvalue=7)
        d[4:8, 5:10] = voxels(kind)[4:8, 5:10]
        f.create_dataset(n + '/nothing', shape=shape, dtype=t, chunks=(4, 5, 6), fillvalue=3)
        f.create_dataset(n + '/nowhere', shape=shape, dtype=t, fillvalue=5)
        f.create_dataset(n + '/unlimited', data=voxels(kind).astype(t), maxshape=(None,)*3, chunks=(4, 5, 6))
        if np.dtype(kind).kind != 'f':
          for name, more in {
              'scale': dict(scaleoffset=0), 'scale_gzip': dict(scaleoffset=0, compression=2),
              'scale_all': dict(scaleoffset=0, compression=2, shuffle=True),
              'scale_fill': dict(scaleoffset=0, fillvalue=9), 'scale_bits': dict(scaleoffset=7)}.items():
            f.create_dataset(n + '/' + name, data=small(kind).astype(t), chunks=(4, 5, 6), **more)
          f.create_dataset(n + '/scale_wide', data=voxels(kind).astype(t), chunks=(4, 5, 6), scaleoffset=0)
          f.create_dataset(n + '/scale_constant', data=np.full(shape, 42, t), chunks=(4, 5, 6), scaleoffset=0)
        else:
          f.create_dataset(n + '/scale_float', data=voxels(kind).astype(t), chunks=(4, 5, 6), scaleoffset=3)
          f.create_dataset(n + '/scale_fill', data=voxels(kind).astype(t), chunks=(4, 5, 6), scaleoffset=1, compression=1, fillvalue=2.5)
        p = h5p.create(h5p.DATASET_CREATE); p.set_layout(h5d.COMPACT)
        d = h5d.create(f[n].id, b'compact', h5t.py_create(t, logical=1), h5s.create_simple(shape), p)
        h5py.Dataset(d)[...] = voxels(kind)

    def chunked(f, name, kind, opts=(), filters=()):
      p = h5p.create(h5p.DATASET_CREATE); p.set_chunk((4, 5, 6))
      for o in opts: o(p)
      for i, v in filters: p.set_filter(i, h5z.FLAG_OPTIONAL, v)
      t = kind if isinstance(kind, h5t.TypeID) else h5t.py_create(np.dtype(kind), logical=1)
      return h5py.Dataset(h5d.create(f.id, name.encode(), t, h5s.create_simple(shape), p))

    with h5py.File('latest.h5', 'w', libver=('v110', 'v110')) as f:
      v = voxels('u2')
      f.create_dataset('contiguous', data=v)
      f.create_dataset('fixed_array', data=v, chunks=(4, 5, 6), compression=1, shuffle=True)
      f.create_dataset('single_chunk', data=v, chunks=shape, compression=1)
      f.create_dataset('extensible_array', data=v, chunks=(4, 5, 6), maxshape=(None, 11, 13), compression=1)
      f.create_dataset('tree2', data=v, chunks=(4, 5, 6), maxshape=(None, None, 13), compression=1)
      chunked(f, 'implicit', 'u2', [lambda p: p.set_alloc_time(h5d.ALLOC_TIME_EARLY)])[...] = v
      for i in range(20): f.create_dataset('many/%d' % i, data=v[:3, :3, :3])

    with h5py.File('userblock.h5', 'w', userblock_size=1024) as f:
      f.create_dataset('contiguous', data=voxels('u2'))
      f.create_dataset('gzip', data=voxels('i4'), chunks=(4, 5, 6), compression=1)

    with h5py.File('others.h5', 'w') as f:
      twelve = h5t.STD_U16LE.copy(); twelve.set_precision(12)
      v = rng.integers(0, 4096, shape).astype('u2')
      chunked(f, 'nbit', twelve, filters=[(h5z.FILTER_NBIT, ())])[...] = v
      for name, base in [('be', h5t.STD_U32BE), ('signed', h5t.STD_I32LE), ('signed_be', h5t.STD_I64BE)]:
        t = base.copy(); t.set_precision(20 if t.get_size() == 4 else 40); t.set_offset(3)
        chunked(f, 'nbit_' + name, t, filters=[(h5z.FILTER_NBIT, ()), (1, (3,))])[...] = v if name == 'be' else v.astype('i4') - 2048
      chunked(f, 'nbit_whole', '>i2', filters=[(h5z.FILTER_NBIT, ())])[...] = voxels('i2')
      chunked(f, 'twelve', twelve)[...] = v
      f.create_dataset('half', data=rng.normal(size=shape).astype('f2'), chunks=(4, 5, 6), compression=1)
      f.create_dataset('external', data=None, shape=shape, dtype='u2', external=[('raw.bin', 0, h5py.h5f.UNLIMITED)])
      f['external'][...] = voxels('u2')
      # Chunks that did not pass a filter say so by a bit.
      d = f.create_dataset('masked', shape=(8, 10, 12), dtype='u2', chunks=(4, 5, 6), compression=1, shuffle=True)
      for at in itertools.product((0, 4), (0, 5), (0, 6)):
        d.id.write_direct_chunk(at, rng.integers(0, 9999, (4, 5, 6)).astype('<u2').tobytes(), 3)
      if h5z.filter_avail(h5z.FILTER_SZIP) and h5z.get_filter_info(h5z.FILTER_SZIP) & 1:
        f.create_dataset('szip', data=voxels('u2'), chunks=(4, 5, 6), compression='szip')
      f.create_dataset('part0', data=voxels('u2', (4, 11, 13))); f.create_dataset('part1', data=voxels('u2', (5, 11, 13)))
      l = h5py.VirtualLayout(shape=shape, dtype='u2')
      l[:4] = h5py.VirtualSource(f['part0']); l[4:] = h5py.VirtualSource(f['part1'])
      f.create_virtual_dataset('virtual', l)

    names = {'f2': 'float32'}
    with open('expected.txt', 'w') as out:
      for file in ['earliest.h5', 'latest.h5', 'userblock.h5', 'others.h5']:
        with h5py.File(file) as f:
          def note(name, d):
            if not isinstance(d, h5py.Dataset) or d.ndim != 3: return
            v = d[()]; v = v.astype(v.dtype.newbyteorder('<'))
            if v.dtype == np.float16: v = v.astype('<f4')
            print(file, name, v.dtype.name, *v.shape, hashlib.sha256(np.ascontiguousarray(v).tobytes()).hexdigest(), file=out)
          f.visititems(note)
    """

  /// A dataset as h5py reads it.
  struct Expected {
    var file: String
    var name: String
    var type: String
    var size: [Int]
    var sha256: String

    init?(_ line: Substring) {
      let words = line.split(separator: " ").map(String.init)
      guard words.count == 7 else { return nil }
      (file, name, type) = (words[0], words[1], words[2])
      size = words[3...5].compactMap { Int($0) }
      sha256 = words[6]
    }
  }
}
