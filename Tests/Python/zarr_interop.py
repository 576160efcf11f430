"""Arrays from and for zarr-python and TensorStore.

make FOLDER   writes arrays and manifest.json: [{"path", "raw", "size"}], raw = C order, little-endian
image FOLDER  validates the folder as an OME-Zarr 0.5 image and prints the shape of each level
check FOLDER  reads every array of the manifest.json there with both libraries and compares with raw
"""
import json
import sys
from pathlib import Path

import numpy as np
import tensorstore as ts
import zarr

TYPES = ["uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64", "float32", "float64"]


def voxels(dtype, shape, seed):
    random = np.random.default_rng(seed)
    values = random.poisson(40, shape) - (20 if np.dtype(dtype).kind != "u" else 0)
    values[random.random(shape) < 0.3] = 0
    values = values.astype(dtype)
    values[: shape[0] // 3] = 0
    return values


def inner(dtype, endian="little", order=None, stages=()):
    bytes_codec = {"name": "bytes"}
    if np.dtype(dtype).itemsize > 1:
        bytes_codec["configuration"] = {"endian": endian}
    transpose = [{"name": "transpose", "configuration": {"order": order}}] if order else []
    return transpose + [bytes_codec] + list(stages)


CRC = {"name": "crc32c"}
ZSTD = {"name": "zstd", "configuration": {"level": 3}}
GZIP = {"name": "gzip", "configuration": {"level": 4}}


def blosc(cname, shuffle, typesize, clevel=5, blocksize=0):
    return {"name": "blosc", "configuration": {
        "cname": cname, "clevel": clevel, "shuffle": shuffle, "typesize": typesize, "blocksize": blocksize}}


def tensorstore_case(folder, name, dtype, shape, brick, shard, chain, fill=0, start=False,
                     index_checksum=True, keys=None, seed=0, whole=False):
    if shard:
        index = [{"name": "bytes", "configuration": {"endian": "little"}}] + ([CRC] if index_checksum else [])
        chain = [{"name": "sharding_indexed", "configuration": {
            "chunk_shape": brick, "codecs": chain, "index_codecs": index,
            "index_location": "start" if start else "end"}}]
    metadata = {
        "shape": shape, "data_type": dtype, "fill_value": fill, "codecs": chain,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": shard or brick}},
        "chunk_key_encoding": keys or {"name": "default"},
    }
    path = str(folder / name)
    array = ts.open({"driver": "zarr3", "kvstore": {"driver": "file", "path": path},
                     "metadata": metadata, "create": True, "delete_existing": True}).result()
    values = voxels(dtype, shape, seed)
    if whole:
        array.write(values).result()
    else:
        # The first third is zero and is left unwritten, so it reads as the fill value.
        first = shape[0] // 3
        array[first:].write(values[first:]).result()
    return name


def zarr_case(folder, name, dtype, shape, brick, shard, **options):
    array = zarr.create_array(
        str(folder / name), shape=shape, dtype=dtype, chunks=brick, shards=shard, zarr_format=3, **options)
    array[:] = voxels(dtype, shape, 1)
    return name


def make(folder):
    names = []
    shape, brick, shard = [13, 17, 21], [4, 8, 8], [8, 16, 16]

    def add(name, *args, **options):
        names.append(tensorstore_case(folder, name, *args, **options))

    for dtype in TYPES:
        width = np.dtype(dtype).itemsize
        add(f"ts-{dtype}-zstd", dtype, shape, brick, shard, inner(dtype, stages=[ZSTD]))
        add(f"ts-{dtype}-big", dtype, shape, brick, shard, inner(dtype, "big", stages=[GZIP, CRC]))
        add(f"ts-{dtype}-blosc", dtype, shape, brick, shard,
            inner(dtype, stages=[blosc("zstd", "shuffle", width), CRC]))
        names.append(zarr_case(folder, f"zp-{dtype}", dtype, shape, tuple(brick), tuple(shard)))
        names.append(zarr_case(folder, f"zp-{dtype}-plain", dtype, shape, tuple(brick), None, compressors=None))
    for cname in ["lz4", "lz4hc", "blosclz", "zlib", "zstd"]:
        for shuffle in ["noshuffle", "shuffle", "bitshuffle"]:
            add(f"ts-blosc-{cname}-{shuffle}", "uint16", [70, 60, 50], [40, 40, 40], [40, 40, 40],
                inner("uint16", stages=[blosc(cname, shuffle, 2, blocksize=8192)]))
    add("ts-blosc-stored", "uint16", shape, brick, shard,
        inner("uint16", stages=[blosc("lz4", "shuffle", 2, clevel=0)]))
    for number, order in enumerate([[2, 1, 0], [0, 2, 1], [1, 2, 0], [1, 0, 2], [2, 0, 1]]):
        add(f"ts-transpose-{number}", "uint16", shape, brick, shard, inner("uint16", "big", order, [ZSTD]))
    add("ts-transpose-twice", "uint32", shape, brick, None, [
        {"name": "transpose", "configuration": {"order": [1, 2, 0]}},
        {"name": "transpose", "configuration": {"order": [2, 1, 0]}},
        {"name": "bytes", "configuration": {"endian": "little"}}])
    add("ts-two-compressors", "uint16", shape, brick, shard, inner("uint16", stages=[CRC, GZIP, ZSTD, CRC]))
    add("ts-index-start", "uint16", shape, brick, shard, inner("uint16", stages=[ZSTD]), start=True)
    add("ts-index-bare", "uint16", shape, brick, shard, inner("uint16"), index_checksum=False)
    add("ts-index-bare-start", "uint16", shape, brick, shard, inner("uint16"), index_checksum=False, start=True)
    add("ts-v2-dot", "uint16", shape, brick, shard, inner("uint16"), keys={"name": "v2"})
    add("ts-v2-slash", "uint16", shape, brick, None, inner("uint16"),
        keys={"name": "v2", "configuration": {"separator": "/"}})
    add("ts-default-dot", "uint16", shape, brick, None, inner("uint16"),
        keys={"name": "default", "configuration": {"separator": "."}})
    for dtype, fill in [("uint64", 2**64 - 1), ("int64", -(2**63)), ("int8", -7), ("float32", "NaN"),
                        ("float64", "-Infinity"), ("float32", "0x7fc00001"), ("float64", 0.1), ("float32", 1e-3)]:
        name = str(fill).strip("-")
        add(f"ts-fill-{dtype}-{name}", dtype, shape, brick, shard, inner(dtype, stages=[ZSTD]), fill=fill)
    add("ts-1d", "uint16", [100], [16], [32], inner("uint16", stages=[ZSTD]))
    add("ts-2d", "uint16", [30, 41], [8, 8], [16, 24], inner("uint16", stages=[ZSTD]))
    add("ts-5d", "uint16", [2, 3, 9, 10, 11], [1, 1, 4, 4, 4], [1, 1, 8, 8, 8], inner("uint16", stages=[ZSTD]))
    add("ts-5d-mixed", "uint16", [2, 3, 9, 10, 11], [2, 2, 4, 4, 4], [2, 4, 8, 8, 8],
        inner("uint16", order=[4, 0, 2, 1, 3], stages=[ZSTD]), whole=True)
    manifest = []
    for name in names:
        values = np.asarray(zarr.open_array(str(folder / name), mode="r")[...])
        values = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<"))
        (folder / f"{name}.raw").write_bytes(values.tobytes())
        manifest.append({"path": name, "raw": f"{name}.raw", "size": list(values.shape)})
    (folder / "manifest.json").write_text(json.dumps(manifest))
    print(len(manifest))


def check(folder):
    wrong = 0
    cases = json.loads((folder / "manifest.json").read_text())
    for case in cases:
        path = str(folder / case["path"])
        raw = (folder / case["raw"]).read_bytes()
        for library in ["zarr-python", "tensorstore"]:
            try:
                if library == "zarr-python":
                    values = np.asarray(zarr.open_array(path, mode="r")[...])
                else:
                    spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": path}}
                    values = ts.open(spec, read=True).result().read().result()
                same = np.ascontiguousarray(values).tobytes() == raw
            except Exception as error:  # every failure is a finding
                print(case["path"], library, repr(error)[:300])
                same = False
            if not same:
                wrong += 1
                print("differs:", case["path"], library)
    print(f"{len(cases)} arrays, {wrong} differences")
    return 1 if wrong or not cases else 0


def image(folder):
    from ome_zarr_models.v05.image import Image
    group = zarr.open_group(str(folder), mode="r")
    model = Image.from_zarr(group)
    multiscale = model.ome_attributes.multiscales[0]
    for dataset in multiscale.datasets:
        array = group[dataset.path]
        names = [axis.name for axis in multiscale.axes]
        assert list(array.metadata.dimension_names) == names, "dimension_names are the axis names"
        print(dataset.path, *array.shape)
    return 0


if __name__ == "__main__":
    command, folder = sys.argv[1], Path(sys.argv[2])
    sys.exit({"make": make, "check": check, "image": image}[command](folder))
