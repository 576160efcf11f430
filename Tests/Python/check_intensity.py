"""What `brickwork intensity` has to print, by NumPy: one TIFF of each type, random shapes, NaN and infinities.

    check_intensity.py BRICKWORK FOLDER
"""
import json
import subprocess
import sys

import numpy as np
import tifffile

PERCENTILES = [0, 1, 37.5, 50, 99.9, 100]
TYPES = "uint8 uint16 uint32 uint64 int8 int16 int32 int64 float32 float64".split()


def voxels(rng, dtype, shape):
    """Few values or all of the type's; of 64-bit integers those that doubles hold."""
    if dtype.kind == "f":
        array = rng.normal(100, 50, shape).astype(dtype)
        array.flat[rng.integers(0, array.size, 3)] = np.nan
        return array
    limits = np.iinfo(dtype)
    most = 1 << 52
    array = rng.integers(max(limits.min, -most), min(limits.max, most), shape, dtype, endpoint=True)
    return array if rng.random() < 0.5 else (array % 7).astype(dtype)


def check(command, folder, rng, dtype):
    array = voxels(rng, dtype, tuple(rng.integers(1, 40, 3)))
    path = f"{folder}/{dtype}.tif"
    compression = "zlib" if rng.random() < 0.5 else None
    tifffile.imwrite(path, array, compression=compression, photometric="minisblack")
    wanted = ",".join(map(str, PERCENTILES))
    found = json.loads(subprocess.run(
        [command, "intensity", path, "--percentiles", wanted, "--bins", "7", "--quiet",
         "--threads", str(rng.integers(1, 4))], check=True, capture_output=True, text=True).stdout)
    numbers = array.astype(float)[~np.isnan(array.astype(float))]
    assert found["voxels"] == numbers.size, dtype
    assert [found["minimum"], found["maximum"]] == [numbers.min(), numbers.max()], dtype
    assert list(found["percentiles"].values()) == np.percentile(numbers, PERCENTILES).tolist(), (
        dtype, found["percentiles"], np.percentile(numbers, PERCENTILES))
    assert np.isclose(found["mean"], numbers.mean(), rtol=1e-12), dtype
    counts, edges = np.histogram(numbers, 7)
    assert found["counts"] == counts.tolist(), (dtype, found["counts"], counts)
    assert np.allclose(found["bins"], edges, rtol=1e-15, atol=1e-12), dtype


def main():
    rng = np.random.default_rng(4)
    for name in TYPES:
        for _ in range(2):
            check(sys.argv[1], sys.argv[2], rng, np.dtype(name))


main()
