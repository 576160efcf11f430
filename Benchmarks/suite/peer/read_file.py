"""Reads a tile file whole with the usual reader of its format, as people use it; prints bytes, seconds and a sum.

    read_file.py READER THREADS sum|read FILE

READER is tifffile, nd2, glymur or h5py.
"""
import json
import sys
import time

import numpy

reader, threads, mode, path = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
if reader == "tifffile":
    import tifffile
elif reader == "nd2":
    import nd2
elif reader == "glymur":
    import glymur
    glymur.set_option("lib.num_threads", threads)
else:
    import h5py

started, worked = time.perf_counter(), time.process_time()
if reader == "tifffile":
    voxels = tifffile.imread(path, maxworkers=threads)
elif reader == "nd2":
    with nd2.ND2File(path) as file:
        voxels = file.asarray()
elif reader == "glymur":
    voxels = glymur.Jp2k(path)[:]
else:
    with h5py.File(path) as file:
        voxels = file["tile"][:]
seconds, cpu = time.perf_counter() - started, time.process_time() - worked
total = int(numpy.ascontiguousarray(voxels).view("u1").sum(dtype="u8")) if mode == "sum" else 0
print(json.dumps({"bytes": voxels.nbytes, "sum": total, "seconds": seconds, "cpu_s": cpu}))
