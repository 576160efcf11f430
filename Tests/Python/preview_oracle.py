"""What the pixels of previews have to be, in plain NumPy and whole numbers: short and slow.

    preview_oracle.py CASES.json

Each case: tiles (.bin files with type and shape z, y, x), offsets x, y, z in voxels, order, the section (axis, planes,
origin and size of its box, projection), spacing x, y, z, the most pixels along a side, the contrast's percentiles, and
what was made: width, height, pixels (.bin) and window. Fails with the first case that differs.
"""
import json
import math
import sys

import numpy as np

AXES = {"z": (0, 1, 2), "y": (1, 0, 2), "x": (2, 0, 1)}  # the axis, rows, columns


def exact(array):
    """Whole numbers of any size, or doubles."""
    return array.astype(float) if array.dtype.kind == "f" else array.astype(object)


def mean(values, dtype):
    """Of a list: halves up; floats as doubles one after another, rounded once."""
    if dtype.kind == "f":
        total = 0.0
        for value in values:
            total += float(value)
        return dtype.type(total / len(values))
    total, count = sum(int(v) for v in values), len(values)
    return (2 * total + count) // (2 * count)


def stitch(case):
    """The tiles' mean where they overlap, and which voxels a tile covers."""
    tiles = [np.fromfile(t["path"], t["type"]).reshape(t["shape"]) for t in case["tiles"]]
    offsets = np.asarray(case["offsets"], float)[:, ::-1]
    starts = np.floor(offsets - offsets.min(axis=0) + 0.5).astype(int)
    size = np.max([s + t.shape for s, t in zip(starts, tiles)], axis=0)
    volume = np.zeros(size, tiles[0].dtype)
    count = np.zeros(size, int)
    held = np.empty(size, object)
    for tile in case["order"]:
        here = tuple(slice(s, s + n) for s, n in zip(starts[tile], tiles[tile].shape))
        count[here] += 1
        for place in np.ndindex(tiles[tile].shape):
            at = tuple(starts[tile] + place)
            held[at] = (held[at] or []) + [tiles[tile][place]]
    for at in zip(*np.nonzero(count)):
        volume[at] = mean(held[at], volume.dtype) if count[at] > 1 else held[at][0]
    return volume, count > 0


def side(count, spacing, pitch):
    """The voxels averaged along a side, and the group that each pixel shows."""
    reduction = max(1, min(count, int(pitch / spacing + 1e-6)))
    groups = -(-count // reduction)
    length = reduction * spacing
    if abs(length - pitch) <= 1e-6 * pitch or (reduction == count and length <= pitch):
        return reduction, list(range(groups))
    pixels = max(1, math.floor(count * spacing / pitch + 0.5))
    return reduction, [min(groups - 1, int((i + 0.5) * (pitch / length))) for i in range(pixels)]


def picture(case, volume):
    axis, rows, columns = AXES[case["axis"]]
    spacing = case["spacing"][::-1]
    finest = min(spacing[rows], spacing[columns])
    # The smallest whole number of the finer voxels that makes pixels reach from end to end, and not too many of them.
    most = case["most"] or math.inf
    least = max(1, *(volume.shape[a] * spacing[a] / (finest * most) for a in (rows, columns)))
    whole = math.ceil(least - 1e-9 * least)
    while True:
        r = side(volume.shape[rows], spacing[rows], whole * finest)
        c = side(volume.shape[columns], spacing[columns], whole * finest)
        if max(len(r[1]), len(c[1])) <= most:
            break
        whole += 1
    shown = np.moveaxis(volume, axis, 0)  # planes, rows, columns
    result = np.zeros((len(r[1]), len(c[1])), volume.dtype)
    for y, x in np.ndindex(result.shape):
        ys = slice(r[1][y] * r[0], (r[1][y] + 1) * r[0])
        xs = slice(c[1][x] * c[0], (c[1][x] + 1) * c[0])
        block = shown[:, ys, xs]
        if case["projection"] == "max":
            block = block.max(axis=0)[None]
        elif case["projection"] == "min":
            block = block.min(axis=0)[None]
        # In the order of the volume, z, y, x, in which floats are added up.
        result[y, x] = mean(list(np.moveaxis(block, 0, axis if block.shape[0] > 1 else 0).ravel()), volume.dtype)
    return result, r, c


def covered(case, mask, r, c):
    axis = AXES[case["axis"]][0]
    flat = np.moveaxis(mask, axis, 0).any(axis=0)
    return np.array(
        [[flat[y * r[0]:(y + 1) * r[0], x * c[0]:(x + 1) * c[0]].any() for x in c[1]] for y in r[1]]
    )


def check(number, case):
    volume, mask = stitch(case)
    box = tuple(slice(o, o + n) for o, n in zip(case["origin"], case["size"]))
    volume, mask = volume[box], mask[box]
    expected, r, c = picture(case, volume)
    made = np.fromfile(case["pixels"], volume.dtype).reshape(case["height"], case["width"])
    assert made.shape == expected.shape, (number, made.shape, expected.shape)
    assert np.array_equal(made, expected, equal_nan=volume.dtype.kind == "f"), (number, case, made, expected)
    values = expected[covered(case, mask, r, c)]
    if volume.dtype.kind == "f":
        values = values[np.isfinite(values)]
    window = np.percentile(values.astype(float), case["percentiles"]) if values.size else [0, 1]
    assert np.allclose(window, case["window"], rtol=1e-15, atol=0), (number, window, case["window"])
    low, high = case["window"]
    greys = np.fromfile(case["greys"], np.uint8).reshape(made.shape)
    if high > low:
        level = np.clip(np.floor((expected.astype(float) - low) / (high - low) * 255 + 0.5), 0, 255)
    else:
        level = np.where(expected.astype(float) > high, 255, 0)
    level = np.where(np.isnan(level), 0, level)
    assert np.array_equal(greys, level.astype(np.uint8)), (number, greys, level)


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        cases = json.load(file)
    for number, case in enumerate(cases):
        check(number, case)
