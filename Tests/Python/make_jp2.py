"""Writes JPEG 2000 files of many kinds with glymur, and what glymur decodes, for the tests of BrickJPEG2000.

Usage: make_jp2.py FOLDER SEED COUNT. Beside NAME.jp2 (or .j2k) lies NAME.raw: components, rows, columns, little-endian;
NAME.r1.raw, NAME.r2.raw the same at reduced resolutions. cases.json lists name, type, shape and number of reductions.
"""
import json
import random
import sys

import glymur
import numpy as np

folder, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
draw = random.Random(seed)
values = np.random.default_rng(seed)


def planes(a):
    a = a[..., None] if a.ndim == 2 else a
    return np.ascontiguousarray(np.moveaxis(a, 2, 0))


cases = []
for number in range(count):
    rows, columns = draw.choice([(1, 1), (7, 300), (64, 64), (97, 131), (130, 61), (200, 257)])
    components = draw.choice([1, 1, 2, 3, 4, 5, 9, 17]) if number else 300
    if components > 9:
        rows, columns = min(rows, 70), min(columns, 50)
    dtype = draw.choice([np.uint8, np.uint16])
    y, x, c = np.mgrid[:rows, :columns, :components]
    scene = 90 + 60 * np.sin(x / 9 + c) + 50 * np.cos(y / 7) + values.normal(0, 6, x.shape)
    data = np.clip(scene * (1 if dtype == np.uint8 else 211), 0, np.iinfo(dtype).max).astype(dtype)
    if components == 1:
        data = data[..., 0]
    options = {}
    deepest = 1 + max(0, min(rows, columns).bit_length() - 1)
    options["numres"] = min(draw.choice([1, 2, 3, 6]), deepest)
    options["prog"] = draw.choice(["LRCP", "RLCP", "RPCL", "PCRL", "CPRL"])
    if draw.random() < 0.4:
        size = draw.choice([(32, 32), (64, 48), (100, 37)])
        options["tilesize"] = (min(size[0], rows), min(size[1], columns))
        deepest = 1 + max(0, min(options["tilesize"]).bit_length() - 1)
        options["numres"] = min(options["numres"], deepest)
    if draw.random() < 0.4:
        options["psizes"] = draw.choice([[(64, 64)], [(128, 128), (64, 64)], [(32, 32)]])
        options["cbsize"] = (16, 16)
    elif draw.random() < 0.3:
        options["cbsize"] = draw.choice([(4, 4), (32, 16), (64, 64)])
    if draw.random() < 0.3:
        options["sop"] = True
    if draw.random() < 0.3:
        options["eph"] = True
    if draw.random() < 0.3:
        options["plt"] = True
    if draw.random() < 0.3:
        options["grid_offset"] = draw.choice([(8, 4), (13, 5), (32, 64)])
    if draw.random() < 0.3:
        options["cratios"] = draw.choice([[20, 5, 1], [10, 3], [8]])
    if draw.random() < 0.2:
        options["irreversible"] = True
    if draw.random() < 0.4:
        # 1 raw passes, 2 contexts reset, 4 segments end, 8 causal, 32 segmentation symbols
        options["modesw"] = draw.choice([1, 2, 4, 8, 32, 5, 1 + 4 + 8, 63 - 16])
    if components >= 3:
        options["mct"] = components == 3 and draw.random() < 0.5
        if not options["mct"]:
            options["colorspace"] = "gray" if components != 3 else "rgb"
    name = f"case{number}." + draw.choice(["jp2", "j2k"])
    if name.endswith("j2k"):
        options.pop("colorspace", None)
    elif components > 4:
        options.pop("colorspace", None)
    try:
        glymur.Jp2k(f"{folder}/{name}", data=data, **options)
        file = glymur.Jp2k(f"{folder}/{name}")
        whole = planes(file[:])
        levels = options["numres"] - 1
        reduced = 0
        for level in range(1, min(levels, 2) + 1):
            planes(file[:: 2**level, :: 2**level]).tofile(f"{folder}/{name}.r{level}.raw")
            reduced = level
    except Exception as problem:
        print(name, options, components, problem, file=sys.stderr)
        continue
    whole.tofile(f"{folder}/{name}.raw")
    cases.append({
        "name": name, "type": str(whole.dtype), "shape": whole.shape, "reduced": reduced,
        "options": str(options),
    })
json.dump(cases, open(f"{folder}/cases.json", "w"))
