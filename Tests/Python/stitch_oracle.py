"""What a stitched volume has to be, voxel by voxel, in plain NumPy: short and slow.

    stitch_oracle.py LAYOUT.json --method overwrite|average|linear|max|min -o EXPECTED.npy

LAYOUT.json: {"tiles": ["a.tif", "b.npy"], "offsets": [[x, y, z], ...] in voxels, and if wanted
"order": [0, 2, 1], "flip": "zy", "width": [x, y, z] of the linear fall-off in voxels}.
"""
import argparse
import json
import os

import numpy as np

METHODS = ("overwrite", "average", "linear", "max", "min")


def starts(offsets_xyz):
    """The voxel each tile starts at, z, y, x: floor(offset - smallest offset + 1/2)."""
    zyx = np.asarray(offsets_xyz, float)[:, ::-1]
    return np.floor(zyx - zyx.min(axis=0) + 0.5).astype(int)


def falloff(n, width):
    """Weights along an axis of n voxels: w(i) = min(1, (min(i, n-1-i) + 1) / (width + 1)); 1 for width 0."""
    if width == 0:
        return np.ones(n)
    i = np.arange(n)
    return np.minimum(1, (np.minimum(i, n - 1 - i) + 1) / (width + 1))


def mean_half_up(total, count, dtype):
    """floor(total / count + 1/2) in integers of any size; totals are Python integers (dtype object)."""
    return ((2 * total + count) // (2 * count)).astype(dtype)


def stitch(tiles, offsets_xyz, method, order=None, flip="", width_xyz=(0, 0, 0)):
    """The stitched volume (z, y, x). `width_xyz` counts for `linear` alone."""
    dtype = tiles[0].dtype
    axes = tuple("zyx".index(a) for a in flip)
    tiles = [np.flip(t, axes) if axes else t for t in tiles]
    at = starts(offsets_xyz)
    shape = tuple((at + [t.shape for t in tiles]).max(axis=0))
    order = list(range(len(tiles))) if order is None else order
    placed = [(tiles[i], tuple(slice(a, a + n) for a, n in zip(at[i], tiles[i].shape))) for i in order]
    out = np.zeros(shape, dtype)
    covered = np.zeros(shape, int)
    for tile, box in placed:
        covered[box] += 1
    if method == "overwrite":
        for tile, box in placed:
            part = out[box]
            part[tile != 0] = tile[tile != 0]
    elif method in ("max", "min"):
        choose = np.maximum if method == "max" else np.minimum
        seen = np.zeros(shape, bool)
        for tile, box in placed:
            out[box] = np.where(seen[box], choose(out[box], tile), tile)
            seen[box] = True
    elif method == "average" and dtype.kind in "iu":
        total = np.zeros(shape, object)
        for tile, box in placed:
            total[box] += tile.astype(object)
        some = covered > 0
        out[some] = mean_half_up(total[some], covered[some].astype(object), dtype)
    elif method in ("average", "linear"):
        # 80-bit floats where the machine has them, so that 64-bit integers keep all their digits.
        total, weight = np.zeros(shape, np.longdouble), np.zeros(shape, np.longdouble)
        wide = [w if method == "linear" else 0 for w in width_xyz[::-1]]
        for tile, box in placed:
            w = 1.0
            for axis, (n, b) in enumerate(zip(tile.shape, wide)):
                w = w * falloff(n, b).reshape([-1 if a == axis else 1 for a in range(3)])
            total[box] += w * tile.astype(np.longdouble)
            weight[box] += w
        value = np.divide(total, weight, out=np.zeros(shape, np.longdouble), where=weight > 0)
        if dtype.kind in "iu":
            info = np.iinfo(dtype)
            value = np.clip(np.floor(value + 0.5), info.min, info.max)
        out = value.astype(dtype)
        # Where one tile lies alone its voxels stay exactly as they are.
        for tile, box in placed:
            alone = covered[box] == 1
            out[box][alone] = tile[alone]
    else:
        raise ValueError(f"method {method!r} is none of {', '.join(METHODS)}")
    return out


def downsample(volume, factor):
    """The mean of blocks of `factor` (z, y, x) voxels; blocks at the end average what is there."""
    shape = tuple(-(-n // f) for n, f in zip(volume.shape, factor))
    whole = volume.dtype.kind in "iu"
    wide = object if whole and volume.dtype.itemsize == 8 else np.int64 if whole else np.float64
    total, count = np.zeros(shape, wide), np.zeros(shape, np.int64)
    for dz in range(factor[0]):
        for dy in range(factor[1]):
            for dx in range(factor[2]):
                part = volume[dz :: factor[0], dy :: factor[1], dx :: factor[2]]
                box = tuple(slice(0, n) for n in part.shape)
                total[box] += part.astype(wide)
                count[box] += 1
    if whole:
        return mean_half_up(total, count.astype(wide), volume.dtype)
    return (total / count).astype(volume.dtype)


def differences(actual, expected, method):
    """A sentence about the first voxel that is wrong, or None."""
    if actual.shape != expected.shape or actual.dtype != expected.dtype:
        return f"{actual.dtype} {actual.shape} instead of {expected.dtype} {expected.shape}"
    same = actual == expected
    if expected.dtype.kind == "f":
        same |= np.isnan(actual) & np.isnan(expected)
    if method in ("average", "linear") and expected.dtype.kind == "f":
        rounding = 1e-6 if expected.dtype.itemsize == 4 else 1e-13
        same |= np.isclose(actual, expected, rtol=rounding, atol=rounding)
    elif method == "linear":
        # One grey value; for integers beyond 2^50 the last bits of a double sum, whose terms may be as large
        # as the largest voxel where the result is small.
        gap = np.abs(actual.astype(object) - expected.astype(object))
        largest = max((abs(int(v)) for v in (expected.min(), expected.max())), default=0)
        same |= gap <= 1 + largest // 2**50
    if np.all(same):
        return None
    z, y, x = np.argwhere(~same)[0]
    return (
        f"{np.count_nonzero(~same)} voxels differ, first at z {z}, y {y}, x {x}: "
        f"{actual[z, y, x]} instead of {expected[z, y, x]}"
    )


def load(path):
    if path.endswith(".npy"):
        return np.load(path)
    import tifffile

    image = tifffile.imread(path)
    return image.reshape((1,) * (3 - image.ndim) + image.shape)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("layout")
    parser.add_argument("--method", choices=METHODS, required=True)
    parser.add_argument("-o", "--output", required=True)
    options = parser.parse_args()
    with open(options.layout) as file:
        layout = json.load(file)
    folder = os.path.dirname(os.path.abspath(options.layout))
    tiles = [load(os.path.join(folder, name)) for name in layout["tiles"]]
    volume = stitch(
        tiles, layout["offsets"], options.method, layout.get("order"), layout.get("flip", ""),
        layout.get("width", (0, 0, 0)))
    np.save(options.output, volume)


if __name__ == "__main__":
    main()
