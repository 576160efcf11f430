#!/usr/bin/env python3
"""Reads every plane of an ND2 file with the nd2 package and prints MB of voxels per second, of the day and of processor time.

    read_nd2.py FILE.nd2 [THREADS]

Each plane is copied into contiguous memory, as Brickwork's own measurement does: a view of a mapped
file alone reads nothing. Needs nd2 (0.12.0 was measured) and NumPy.
"""
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import nd2
import numpy as np


def main():
    path, threads = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1
    with nd2.ND2File(path) as file:
        frames = file.attributes.sequenceCount
        attributes = file.attributes
        plane = np.dtype(file.dtype).itemsize * attributes.widthPx * attributes.heightPx
        scratch = [np.empty((attributes.heightPx, attributes.widthPx), file.dtype) for _ in range(threads)]

        def read(worker):
            count = 0
            for number in range(worker, frames, threads):
                frame = file.read_frame(number)
                for channel in frame[None] if frame.ndim == 2 else frame:
                    np.copyto(scratch[worker], channel)
                    count += plane
            return count

        start, processor = time.perf_counter(), time.process_time()
        if threads == 1:
            total = read(0)
        else:
            with ThreadPoolExecutor(threads) as pool:
                total = sum(pool.map(read, range(threads)))
        seconds, processor = time.perf_counter() - start, time.process_time() - processor
    print(f"{total / seconds / 1e6:.0f} {total / processor / 1e6:.0f}")


if __name__ == "__main__":
    main()
