#!/usr/bin/env python3
"""Makes tiles of labels that together hold millions of objects, to measure with.

    make_labels.py OUT                                  64 tiles, 8.4 GB, 9.7 million labels, 7.8 million objects
    make_labels.py OUT --cell 2 --cells 63 256 256 --grid 5 5 --overlap 0 --global
                                                        25 tiles, 3.3 GB, 103 million objects of one voxel

Space is cut into cells; each holds one object, a cube with a voxel of background behind it along each axis. Tiles are
uncompressed uint32 TIFFs in a grid along y and x that share whole cells, so that objects are cut nowhere. Every tile
numbers its cells for itself in an order of its own, unless --global numbers those of all tiles. Beside the tiles lie
offsets.csv and truth.json with the numbers of labels and objects. Needs NumPy and tifffile.
"""
import argparse
import json
import os

import numpy as np
import tifffile

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("out")
parser.add_argument("--grid", nargs=2, type=int, default=(8, 8), metavar=("Y", "X"), help="tiles")
parser.add_argument("--cells", nargs=3, type=int, default=(21, 85, 85), metavar=("Z", "Y", "X"), help="of a tile")
parser.add_argument("--cell", type=int, default=6, help="voxels along each axis of a cell")
parser.add_argument("--overlap", type=int, default=10, help="cells that neighbours share")
parser.add_argument("--global", dest="is_global", action="store_true", help="labels differ between tiles")
parser.add_argument("--seed", type=int, default=1)
options = parser.parse_args()

cells, cell = np.array(options.cells), options.cell
count = int(cells.prod())
step = np.array([cells[1], cells[2]]) - options.overlap
random = np.random.default_rng(options.seed)
os.makedirs(options.out, exist_ok=True)
rows = ["tile,x,y,z"]
# The objects of one plane of cells: rows of a tile repeat, so each is made once.
inside = np.arange(cell) < cell - 1
places = np.arange(count, dtype=np.uint32).reshape(cells)
mask_y = np.tile(inside, cells[1])
mask_x = np.tile(inside, cells[2])
for number in range(options.grid[0] * options.grid[1]):
    y, x = divmod(number, options.grid[1])
    if options.is_global:
        labels = places + np.uint32(1 + number * count)
    else:
        labels = (random.permutation(count).astype(np.uint32) + 1)[places]
    with tifffile.TiffWriter(f"{options.out}/label_{number:03}.tif", bigtiff=True) as file:
        for slab in labels:
            plane = np.repeat(np.repeat(slab, cell, axis=0), cell, axis=1)
            plane[~mask_y] = 0
            plane[:, ~mask_x] = 0
            for z in range(cell):
                file.write(plane if inside[z] else np.zeros_like(plane), contiguous=True, metadata=None)
    rows.append(f"{number},{x * step[1] * cell},{y * step[0] * cell},0")
objects = int(cells[0] * np.prod(step * (np.array(options.grid) - 1) + cells[1:]))
with open(f"{options.out}/offsets.csv", "w") as file:
    file.write("\n".join(rows) + "\n")
tiles = options.grid[0] * options.grid[1]
with open(f"{options.out}/truth.json", "w") as file:
    json.dump(
        {"tiles": tiles, "labels": tiles * count, "objects": objects, "voxels_per_object": (cell - 1) ** 3,
         "bytes": tiles * count * cell**3 * 4}, file, indent=1)
print(open(f"{options.out}/truth.json").read())
