"""The jobs whose counts are stored, and their tiles: the same bytes everywhere."""

import json
from dataclasses import dataclass, field

import numpy as np
import tifffile


@dataclass
class Job:
    name: str
    words: list
    outputs: list = field(default_factory=list)
    plans: bool = True


JOBS = [
    Job("stitch overwrite", ["stitch", "tiles.json", "--fusion", "overwrite", "-o", "out.zarr"], ["out.zarr"]),
    Job("stitch linear", ["stitch", "tiles.json", "-o", "out.zarr"], ["out.zarr"]),
    Job("stitch uncoded", ["stitch", "tiles.json", "--codec", "none", "-o", "out.zarr"], ["out.zarr"]),
    Job("import deflate", ["import", "pages.json", "--codec", "none", "-o", "out.zarr"], ["out.zarr"]),
    Job("export fused", ["export", "store.zarr", "-o", "out.h5"], ["out.h5", "out.xml"]),
    Job("export TIFF", ["export", "store.zarr", "-o", "out.tif"], ["out.tif"]),
    Job("labels dedup", ["labels", "dedup", "labels.json", "-o", "out.csv"], ["out.csv"]),
    Job("labels store", ["labels", "dedup", "labels.json", "-o", "out.zarr"], ["out.zarr"]),
    Job("labels centroids", ["labels", "centroids", "labels.json", "-o", "out.csv"], ["out.csv"]),
    Job("intensity", ["intensity", "tiles.json", "-o", "out.json"], ["out.json"]),
    Job("surface", ["surface", "store.zarr", "--from", "both", "--format", "npy", "-o", "out"], [
        "out_bottom_height.png", "out_bottom_index.npy", "out_bottom_intensity.npy", "out_threshold.npy",
        "out_top_height.png", "out_top_index.npy", "out_top_intensity.npy"]),
    Job("preview", ["preview", "store.zarr", "--y", "100", "--level", "0", "-o", "out.png"], ["out.png"]),
    Job("preview tiles", ["preview", "tiles.json", "--z", "9", "-o", "out.png"], ["out.png"]),
]
SHAPE = (40, 160, 160)


def noise(shape):
    """The sum of four random bytes of each voxel: a bell, the same with every version of NumPy."""
    number = np.arange(np.prod(shape), dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    number ^= number >> np.uint64(29)
    number *= np.uint64(0xBF58476D1CE4E5B9)
    number ^= number >> np.uint64(32)
    return sum((number >> np.uint64(8 * i)) & np.uint64(255) for i in range(4)).reshape(shape)


def make(folder):
    voxels = (100 + noise(SHAPE) // 40).astype(np.uint16)
    voxels[10:30, 30:120, 30:120] += 60
    tifffile.imwrite(f"{folder}/tile.tif", voxels)
    tifffile.imwrite(f"{folder}/pages.tif", voxels, compression="zlib", rowsperstrip=SHAPE[1])
    labels = np.zeros(SHAPE, np.uint32)
    number = 0
    for z in range(0, SHAPE[0], 8):
        for y in range(0, SHAPE[1], 8):
            for x in range(0, SHAPE[2], 8):
                number += 1
                labels[z : z + 6, y : y + 6, x : x + 5] = number
    tifffile.imwrite(f"{folder}/labels.tif", labels)
    for name, file in [("tiles", "tile.tif"), ("pages", "pages.tif"), ("labels", "labels.tif")]:
        tiles = [
            {"path": file, "offset_voxels_xyz": [i % 2 * 144, i // 2 * 144, i % 2]} for i in range(4)
        ]
        document = {"brickwork_tileset": 1, "voxel_size_um_xyz": [0.2, 0.2, 0.5], "tiles": tiles}
        with open(f"{folder}/{name}.json", "w") as out:
            json.dump(document, out)
