"""Stitches many small random layouts with all five methods and compares every voxel with the oracle.

    random_layouts.py BIN --count 200 --seed 1 [--only N] [--keep FOLDER]

Sizes are 1...9 voxels and bricks 2...4, so that borders, ragged bricks and empty overlaps are the common
case. A failing layout is printed with its number: `--only N` runs it alone, `--keep` leaves its files.
"""
import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile

import numpy as np
import tifffile
import zarr

import check_store
from stitch_oracle import METHODS, differences, stitch

TYPES = [
    "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64", "float32", "float64",
]


def random_voxels(random, dtype, shape):
    """Voxels with many zeros and, now and then, the type's extremes."""
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        voxels = (random.standard_normal(shape) * 10.0 ** random.integers(-3, 6)).astype(dtype)
        special = [0, -0.0, 1.5, -2.5]
    else:
        info = np.iinfo(dtype)
        wide = random.random() < 0.5
        low, high = (info.min, info.max) if wide else (max(info.min, -9), 9)
        voxels = random.integers(low, high, shape, dtype=dtype, endpoint=True)
        special = [0, 0, info.min, info.max]
    pick = random.random(shape)
    for i, value in enumerate(special):
        voxels[(pick >= 0.06 * i) & (pick < 0.06 * (i + 1))] = value
    voxels[random.random(shape) < random.choice([0, 0.3])] = 0
    return voxels


def random_layout(number, seed):
    random = np.random.default_rng([seed, number])
    dtype = TYPES[number % len(TYPES)]
    count = int(random.integers(1, 6))
    equal = random.random() < 0.4
    shape = random.integers(1, 10, 3)
    shapes = [tuple(shape if equal else random.integers(1, 10, 3)) for _ in range(count)]
    kind = ["scattered", "gaps", "touching", "duplicates", "subpixel"][int(random.integers(5))]
    if kind == "touching":
        steps = np.array([[0, 0, i * shapes[0][2]] for i in range(count)], float)
        offsets = steps[:, ::-1] + random.integers(-50, 50, 3)
    elif kind == "gaps":
        offsets = random.integers(0, 22, (count, 3)).astype(float)
    elif kind == "duplicates":
        offsets = np.repeat(random.integers(-4, 4, (1, 3)), count, axis=0).astype(float)
        offsets[-1] += random.integers(0, 3, 3)
    elif kind == "subpixel":
        # Quarters of a voxel are exact in binary, halves among them: the ties of rounding.
        offsets = random.integers(-24, 25, (count, 3)) / 4
    else:
        offsets = random.integers(-6, 7, (count, 3)).astype(float)
    order = None
    if random.random() < 0.5:
        order = random.permutation(count)[: int(random.integers(1, count + 1))].tolist()
    return {
        "number": number,
        "kind": kind,
        "type": dtype,
        "tiles": [random_voxels(random, dtype, s) for s in shapes],
        "offsets": offsets,
        "order": order,
        "flip": "".join(a for a in "zyx" if random.random() < 0.25),
        "width": [int(w) for w in random.integers(0, 5, 3)],
        "brick": [int(b) for b in random.integers(2, 5, 3)],
        "shard": [int(m) for m in random.integers(1, 5, 3)],
        "levels": ["auto", 1, 2, 3, 4][int(random.integers(5))],
        "threads": int(random.integers(1, 4)),
        "compression": [None, None, "zlib", "lzw"][int(random.integers(4))],
        "big_endian": bool(random.random() < 0.25),
        "named": bool(random.random() < 0.5),
    }


def write_layout(layout, folder):
    """The tiles as TIFF files and their positions as CSV; the paths of both."""
    paths = []
    for i, tile in enumerate(layout["tiles"]):
        path = os.path.join(folder, f"tile_{i}.tif")
        compression = layout["compression"]
        tifffile.imwrite(
            path, tile, photometric="minisblack", compression=compression, metadata=None,
            byteorder=">" if layout["big_endian"] else "<",
            contiguous=compression is None)
        paths.append(path)
    offsets = os.path.join(folder, "offsets.csv")
    with open(offsets, "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["tile", "x", "y", "z"] if layout["named"] else ["x", "y", "z"])
        rows = list(enumerate(layout["offsets"]))
        if layout["named"]:
            rows.reverse()
        for i, position in rows:
            name = [f"tile_{i}.tif"] if layout["named"] else []
            table.writerow(name + [repr(float(v)) for v in position])
    return paths, offsets


def triple(values):
    return ",".join(map(str, values))


def run(binary, layout, method, paths, offsets, store):
    command = [
        binary, "stitch", *paths, "--offsets", offsets, "-o", store, "--fusion", method,
        "--voxel-size", "1,1,1", "--brick", triple(layout["brick"]),
        "--shard", triple(b * s for b, s in zip(layout["brick"], layout["shard"])),
        "--levels", str(layout["levels"]), "--threads", str(layout["threads"]), "--progress", "none", "--overwrite",
    ]
    if method == "linear":
        command += ["--blend-width", triple(f"{w}px" for w in layout["width"])]
    if layout["order"] is not None:
        command += ["--order", triple(layout["order"])]
    if layout["flip"]:
        command += ["--flip", triple(layout["flip"])]
    try:
        # A backtrace of a crash takes longer than everything else here.
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL,
            env=dict(os.environ, SWIFT_BACKTRACE="enable=no"))
    except subprocess.TimeoutExpired:
        return f"still ran after 20 s\n  {' '.join(command)}"
    if done.returncode != 0:
        return f"exit code {done.returncode}: {done.stderr.strip()}\n  {' '.join(command)}"
    return None


def problems_of(binary, layout, folder):
    paths, offsets = write_layout(layout, folder)
    for method in METHODS:
        store = os.path.join(folder, f"{method}.ome.zarr")
        wrong = run(binary, layout, method, paths, offsets, store)
        if wrong is None:
            with np.errstate(all="ignore"):
                expected = stitch(
                    layout["tiles"], layout["offsets"], method, layout["order"], layout["flip"],
                    layout["width"])
            if method == "overwrite":
                # Once per layout: two readers, every level, metadata.
                found = check_store.metadata_problems(store)
                found += check_store.voxel_problems(store, expected, method)
                wrong = "; ".join(found) or None
            else:
                _, image = check_store.multiscale(store)
                path = os.path.join(store, image["datasets"][0]["path"])
                wrong = differences(zarr.open_array(path, mode="r")[:], expected, method)
        if wrong:
            yield f"{method}: {wrong}"


def describe(layout):
    shown = {k: v for k, v in layout.items() if k not in ("tiles", "offsets")}
    shown["sizes"] = [[int(n) for n in t.shape] for t in layout["tiles"]]
    shown["offsets_xyz"] = np.asarray(layout["offsets"]).tolist()
    return json.dumps(shown)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="run this layout alone")
    parser.add_argument("--keep", help="leave the files of failing layouts in this folder")
    options = parser.parse_args()
    binary = os.path.abspath(options.binary)
    numbers = range(options.count) if options.only is None else [options.only]
    failed = 0
    for number in numbers:
        layout = random_layout(number, options.seed)
        with tempfile.TemporaryDirectory(prefix="brickwork-layout-") as folder:
            found = list(problems_of(binary, layout, folder))
            if found and options.keep:
                kept = os.path.join(options.keep, f"layout-{number}")
                shutil.copytree(folder, kept, dirs_exist_ok=True)
        if found:
            failed += 1
            print(f"layout {number} of seed {options.seed}: {describe(layout)}")
            for problem in found:
                print(f"  {problem}")
            if failed == 10:
                print("10 layouts failed; stopping here")
                break
    print(f"{len(numbers)} layouts x {len(METHODS)} methods, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
