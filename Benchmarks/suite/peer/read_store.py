"""Reads level 0 of a store with TensorStore: the counterpart of ReadStore, with the same options and the same places.

    read_store.py STORE [--whole] [--box Z,Y,X] [--random COUNT] [--align Z,Y,X] [--sum] [--threads N] [--in-flight N]

--whole is one read of everything into one array, else boxes are read and dropped, --in-flight of them at once. The
clock goes around the reads; opening is before it. Nothing is cached (cache_pool 0), as with ReadStore's --cache 0.
"""
import argparse
import collections
import json
import os
import time

import numpy
import tensorstore

triple = lambda text: tuple(map(int, text.split(",")))
parser = argparse.ArgumentParser()
parser.add_argument("store")
parser.add_argument("--whole", action="store_true")
parser.add_argument("--box", type=triple, default=(64, 512, 512))
parser.add_argument("--random", type=int, default=0)
parser.add_argument("--align", type=triple, default=(1, 1, 1))
parser.add_argument("--sum", action="store_true")
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--in-flight", type=int, default=0)
options = parser.parse_args()

path = options.store if os.path.exists(f"{options.store}/c") else f"{options.store}/0"
array = tensorstore.open({
    "driver": "zarr3", "kvstore": {"driver": "file", "path": path},
    "context": {
        "data_copy_concurrency": {"limit": options.threads}, "file_io_concurrency": {"limit": options.threads},
        "cache_pool": {"total_bytes_limit": 0}}}).result()
size = array.shape


def whole_boxes():
    for z in range(0, size[0], options.box[0]):
        for y in range(0, size[1], options.box[1]):
            for x in range(0, size[2], options.box[2]):
                yield (z, y, x)


def random_boxes():
    state = 1
    for _ in range(options.random):
        origin = []
        for extent, box, align in zip(size, options.box, options.align):
            state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
            origin.append((state >> 33) % (max(0, extent - box) // align + 1) * align)
        yield tuple(origin)


def read(origin):
    return array[tuple(slice(start, min(start + box, extent)) for start, box, extent in zip(origin, options.box, size))].read()


def take(voxels):
    global total, count
    count += voxels.nbytes
    if options.sum:
        total += int(numpy.ascontiguousarray(voxels).view("u1").sum(dtype="u8"))


total = count = 0
in_flight = options.in_flight or 2 * options.threads
started, worked = time.perf_counter(), time.process_time()
if options.whole:
    take(array.read().result())
else:
    waiting = collections.deque()
    for origin in random_boxes() if options.random else whole_boxes():
        waiting.append(read(origin))
        if len(waiting) >= in_flight:
            take(waiting.popleft().result())
    while waiting:
        take(waiting.popleft().result())
print(json.dumps({
    "bytes": count, "sum": total, "seconds": time.perf_counter() - started, "cpu_s": time.process_time() - worked}))
