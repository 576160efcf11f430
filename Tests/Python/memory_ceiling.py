"""Runs every job of brickwork on tiles ten times as large as its memory, and looks at what it really took.

memory_ceiling.py BRICKWORK WORK [--memory 128] [--copies 96]

One tile file stands at many positions, so that a gigabyte of tiles costs a few megabytes of disk. Of each job the largest
resident set of the process is compared with the ceiling in MiB: pages of mapped files count, so this is more than
what the ceiling promises. Prints a line a job; exits with 1 where one took more. Needs NumPy and tifffile.
"""

import argparse
import json
import os
import subprocess
import sys
import time

arguments = argparse.ArgumentParser()
arguments.add_argument("brickwork")
arguments.add_argument("work")
arguments.add_argument("--memory", type=int, default=128)
arguments.add_argument("--copies", type=int, default=96)
options = arguments.parse_args()

SHAPE = (32, 512, 512)
# In a process of its own: what a parent takes counts as its child's peak.
MAKE = """
import sys
import numpy as np, tifffile
shape, work = eval(sys.argv[1]), sys.argv[2]
random = np.random.default_rng(1)
camera = random.poisson(120, shape).astype(np.uint16)
camera[8:24, 100:400, 100:400] += 300
tifffile.imwrite(f"{work}/tile.tif", camera)
labels = np.zeros(shape, np.uint32)
for number in range(1, 4001):
    z, y, x = (random.integers(0, size - 6) for size in shape)
    labels[z : z + 6, y : y + 6, x : x + 6] = number
tifffile.imwrite(f"{work}/labels.tif", labels)
"""
os.makedirs(options.work, exist_ok=True)
subprocess.run([sys.executable, "-c", MAKE, repr(SHAPE), options.work], check=True)

places = [(i % 8 * 461, i // 8 * 461, i % 3) for i in range(options.copies)]
for name, file in [("tiles", "tile.tif"), ("labels", "labels.tif")]:
    tiles = [{"path": file, "offset_voxels_xyz": list(place)} for place in places]
    document = {"brickwork_tileset": 1, "voxel_size_um_xyz": [0.2, 0.2, 0.5], "tiles": tiles}
    with open(f"{options.work}/{name}.json", "w") as out:
        json.dump(document, out)
total = options.copies * SHAPE[0] * SHAPE[1] * SHAPE[2] * 2
print(f"{total / 2**20:.0f} MiB of tiles, ceiling {options.memory} MiB")
assert total >= 10 * options.memory * 2**20, "the tiles are too small to show anything"

JOBS = [
    ["stitch", "tiles.json", "--fusion", "linear", "-o", "s.ome.zarr"],
    ["import", "tiles.json", "-o", "i.zarr"],
    ["export", "s.ome.zarr", "-o", "fused.h5"],
    ["export", "tiles.json", "--layout", "views", "-o", "views.h5"],
    ["export", "s.ome.zarr", "-o", "s.ome.tif", "--compression", "deflate"],
    ["intensity", "tiles.json", "-o", "intensity.json"],
    ["surface", "s.ome.zarr", "--from", "both", "-o", "surface"],
    ["preview", "s.ome.zarr", "--x", "1000", "-o", "x.png"],
    ["labels", "overlaps", "labels.json", "-o", "overlaps.csv"],
    ["labels", "dedup", "labels.json", "-o", "l.ome.zarr", "--objects", "objects.csv"],
    ["labels", "centroids", "l.ome.zarr", "-o", "centroids.csv"],
]
command = os.path.abspath(options.brickwork)
os.chdir(options.work)
failed = False
for job in JOBS:
    words = [command, *job, "--memory", f"{options.memory}MiB", "--threads", "2", "--progress", "none"]
    start = time.monotonic()
    child = os.posix_spawn(
        words[0], words, os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 1, "out.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        ],
    )
    _, status, usage = os.wait4(child, 0)
    peak = usage.ru_maxrss / 1024
    is_fine = os.waitstatus_to_exitcode(status) == 0 and peak <= options.memory
    failed |= not is_fine
    print(
        f"{'' if is_fine else 'FAILED '}{' '.join(job[:3])}: exit {os.waitstatus_to_exitcode(status)}, "
        f"{peak:.0f} MiB, {time.monotonic() - start:.1f} s", flush=True)
sys.exit(failed)
