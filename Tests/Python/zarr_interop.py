"""Arrays from and for zarr-python and TensorStore.

make FOLDER   writes arrays and manifest.json: [{"path", "raw", "size"}], raw = C order, little-endian
make2 FOLDER  the same in Zarr version 2
n5 FOLDER     the same in N5
images FOLDER writes OME-Zarr 0.4 and older images
image FOLDER  validates the folder as an OME-Zarr 0.5 image and prints the shape of each level
check FOLDER  reads every array of the manifest.json there with both libraries and compares with raw
"""
import gzip
import json
import struct
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


def manifest(folder, cases):
    """cases: (name, voxels as they are to be read)"""
    entries = []
    for name, values in cases:
        values = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<"))
        (folder / f"{name}.raw").write_bytes(values.tobytes())
        entries.append({"path": name, "raw": f"{name}.raw", "size": list(values.shape)})
    (folder / "manifest.json").write_text(json.dumps(entries))
    print(len(entries))


def make2(folder):
    import numcodecs
    cases = []
    shape, chunks = (13, 17, 21), (4, 8, 8)

    def python(name, dtype, order="C", separator=".", fill=0, shape=shape, chunks=chunks, **codecs):
        array = zarr.create_array(
            str(folder / name), shape=shape, dtype=dtype, chunks=chunks, zarr_format=2, order=order, fill_value=fill,
            chunk_key_encoding={"name": "v2", "separator": separator}, **codecs)
        values = voxels(dtype, shape, len(cases))
        first = chunks[0]
        values[:first] = 0 if fill is None else fill
        array[first:] = values[first:]
        cases.append((name, values))

    def store(name, dtype, compressor, order="C", separator=".", fill=0, shape=shape, chunks=chunks):
        spec = {"driver": "zarr", "kvstore": {"driver": "file", "path": str(folder / name)},
                "metadata": {"shape": list(shape), "chunks": list(chunks), "dtype": dtype, "compressor": compressor,
                             "order": order, "fill_value": fill, "dimension_separator": separator},
                "create": True, "delete_existing": True}
        array = ts.open(spec).result()
        values = voxels(np.dtype(dtype), shape, len(cases))
        first = chunks[0]
        values[:first] = 0 if fill is None else (float(fill) if isinstance(fill, str) else fill)
        array[first:].write(values[first:].astype(array.dtype.numpy_dtype)).result()
        cases.append((name, values))

    compressors = {
        "none": None, "zstd": numcodecs.Zstd(level=3), "zlib": numcodecs.Zlib(level=4), "gzip": numcodecs.GZip(level=4),
        "lz4": numcodecs.LZ4(), "bz2": numcodecs.BZ2(level=5), "lzma": numcodecs.LZMA(),
        "blosc": numcodecs.Blosc(cname="lz4", clevel=5, shuffle=1),
        "blosczstd": numcodecs.Blosc(cname="zstd", clevel=3, shuffle=2),
    }
    for dtype in TYPES:
        code = np.dtype(dtype).str[1:]
        for number, (name, codec) in enumerate(compressors.items()):
            endian = "|" if code[1] == "1" else "<>"[number % 2]
            order, separator = "CF"[number // 2 % 2], "./"[number % 3 % 2]
            python(f"zp-{dtype}-{name}-{order}", endian + code, order, separator, compressors=codec)
        for endian in "<>" if code[1] != "1" else "|":
            for order in "CF":
                tag = {"<": "little", ">": "big", "|": "byte"}[endian]
                store(f"ts-{dtype}-{tag}-{order}", endian + code, {"id": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 1},
                      order, "./"[order == "F"])
    for compressor in [None, {"id": "zlib", "level": 6}, {"id": "gzip", "level": 6}, {"id": "bz2", "level": 1},
                       {"id": "zstd", "level": 3}, {"id": "blosc", "cname": "zlib", "clevel": 1, "shuffle": 2},
                       {"id": "blosc", "cname": "blosclz", "clevel": 9, "shuffle": 1},
                       {"id": "blosc", "cname": "lz4hc", "clevel": 9, "shuffle": 0}]:
        tag = "none" if compressor is None else compressor["id"] + compressor.get("cname", "")
        store(f"ts-codec-{tag}", "<u2", compressor)
    for dtype, fill in [("<u8", 2**63), ("<i8", -(2**63)), ("|i1", -7), ("<f4", "NaN"), (">f8", "-Infinity"),
                        ("<f4", "Infinity"), ("<f8", 0.1), ("<u2", None), (">u2", 513)]:
        store(f"ts-fill-{dtype[1:]}-{str(fill).strip('-')}", dtype, None, fill=fill)
    for width in [2, 4, 8]:
        python(f"zp-shuffle-{width}", f"<u{width}", filters=[numcodecs.Shuffle(width)], compressors=numcodecs.Zlib(1))
    python("zp-shuffle-plain", "<u4", filters=[numcodecs.Shuffle(4)], compressors=None)
    python("zp-shuffle-twice", ">u4", "F", "/", filters=[numcodecs.Shuffle(4), numcodecs.Zstd(1)],
           compressors=numcodecs.GZip(1))
    for order in "CF":
        python(f"zp-1d-{order}", "<u2", order, shape=(100,), chunks=(16,))
        python(f"zp-2d-{order}", ">u2", order, shape=(30, 41), chunks=(8, 9))
        python(f"zp-5d-{order}", "<u2", order, "/", shape=(3, 3, 9, 10, 11), chunks=(1, 2, 4, 4, 4))
        python(f"zp-large-chunk-{order}", "<u2", order, "/", shape=(9, 10, 11), chunks=(5, 64, 64))
    manifest(folder, cases)


def xxh32(data, seed):
    mask = 0xFFFFFFFF
    p1, p2, p3, p4, p5 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F, 0x165667B1
    rotate = lambda x, r: ((x << r) | (x >> (32 - r))) & mask
    at, hash = 0, (seed + p5) & mask
    if len(data) >= 16:
        lanes = [(seed + p1 + p2) & mask, (seed + p2) & mask, seed, (seed - p1) & mask]
        while at + 16 <= len(data):
            for lane in range(4):
                word = int.from_bytes(data[at + 4 * lane: at + 4 * lane + 4], "little")
                lanes[lane] = rotate((lanes[lane] + word * p2) & mask, 13) * p1 & mask
            at += 16
        hash = sum(rotate(lane, r) for lane, r in zip(lanes, [1, 7, 12, 18])) & mask
    hash = (hash + len(data)) & mask
    while at + 4 <= len(data):
        hash = rotate((hash + int.from_bytes(data[at:at + 4], "little") * p3) & mask, 17) * p4 & mask
        at += 4
    while at < len(data):
        hash = rotate((hash + data[at] * p5) & mask, 11) * p1 & mask
        at += 1
    hash = (hash ^ hash >> 15) * p2 & mask
    hash = (hash ^ hash >> 13) * p3 & mask
    return hash ^ hash >> 16


assert xxh32(b"", 0) == 0x02CC5D05 and xxh32(b"abc", 0) == 0x32D153FF  # of the specification


def java_lz4(data, block=997):
    """What lz4-java's LZ4BlockOutputStream writes, with blocks of an odd size."""
    import numcodecs
    out = b""
    for start in range(0, len(data), block):
        piece = data[start:start + block]
        packed = bytes(numcodecs.LZ4().encode(piece))[4:]
        method = 0x20
        if len(packed) >= len(piece):
            packed, method = piece, 0x10
        out += b"LZ4Block" + struct.pack("<BIII", method | 6, len(packed), len(piece),
                                         xxh32(piece, 0x9747B28C) & 0x0FFFFFFF) + packed
    return out + b"LZ4Block" + struct.pack("<BIII", 0x16, 0, 0, 0)


def n5_by_hand(folder, name, values, block, compression, encode, mode=0, cropped=True, leave=()):
    """values: slowest first; block: fastest first, as in the metadata"""
    path = folder / name
    path.mkdir(parents=True)
    dimensions = list(values.shape[::-1])
    (path / "attributes.json").write_text(json.dumps({
        "dimensions": dimensions, "blockSize": block, "dataType": str(values.dtype), **compression}))
    counts = [-(-n // b) for n, b in zip(dimensions, block)]
    for index in np.ndindex(*counts):
        if index in leave:
            continue
        cut = tuple(slice(i * b, min((i + 1) * b, n)) for i, b, n in zip(index, block, dimensions))[::-1]
        piece = values[cut]
        if not cropped:
            full = np.full(block[::-1], 77, values.dtype)
            full[tuple(slice(0, n) for n in piece.shape)] = piece
            piece = full
        header = struct.pack(">HH", mode, len(block)) + struct.pack(f">{len(block)}I", *piece.shape[::-1])
        if mode == 1:
            header += struct.pack(">I", piece.size)
        file = path.joinpath(*map(str, index))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(header + encode(piece.astype(piece.dtype.newbyteorder(">")).tobytes()))


def n5(folder):
    cases = []
    shape, block = (13, 17, 21), [8, 8, 4]

    def store(name, dtype, compression, shape=shape, block=block):
        spec = {"driver": "n5", "kvstore": {"driver": "file", "path": str(folder / name)},
                "metadata": {"dimensions": list(shape[::-1]), "blockSize": block, "dataType": dtype,
                             "compression": compression},
                "create": True, "delete_existing": True}
        array = ts.open(spec).result()
        values = voxels(dtype, shape, len(cases))
        first = block[-1]
        values[:first] = 0
        array[..., first:].write(values[first:].T).result()
        cases.append((name, values))

    blosc = {"type": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 1}
    compressions = [("raw", {"type": "raw"}), ("gzip", {"type": "gzip"}), ("zlib", {"type": "gzip", "useZlib": True}),
                    ("bzip2", {"type": "bzip2"}), ("xz", {"type": "xz"}), ("blosc", blosc),
                    ("bloscbits", {"type": "blosc", "cname": "zstd", "clevel": 3, "shuffle": 2}),
                    ("zstd", {"type": "zstd", "level": 3})]
    for dtype in TYPES:
        for name, compression in compressions:
            store(f"ts-{dtype}-{name}", dtype, compression)
    for rank in [1, 2, 4, 5]:
        store(f"ts-{rank}d", "uint16", {"type": "gzip"}, (3, 2, 9, 10, 11)[5 - rank:], [4, 5, 6, 1, 2][:rank])
    for dtype in ["uint8", "uint16", "float64"]:
        values = voxels(dtype, shape, 3)
        n5_by_hand(folder, f"hand-{dtype}-lz4", values, block, {"compression": {"type": "lz4", "blockSize": 65536}}, java_lz4)
        cases.append((f"hand-{dtype}-lz4", values))
        n5_by_hand(folder, f"hand-{dtype}-full", values, block, {"compression": {"type": "raw"}}, bytes, cropped=False)
        cases.append((f"hand-{dtype}-full", values))
        n5_by_hand(folder, f"hand-{dtype}-counted", values, block, {"compressionType": "gzip"}, gzip.compress, mode=1)
        cases.append((f"hand-{dtype}-counted", values))
    manifest(folder, cases)


def images(folder):
    """One image for each way that versions before 0.5 say the same."""
    import shutil
    values = voxels("uint16", (2, 3, 6, 10, 12), 5)
    space = [{"name": n, "type": "space", "unit": "micrometer"} for n in "zyx"]
    axes04 = [{"name": "t", "type": "time"}, {"name": "c", "type": "channel"}] + space
    omero = {"channels": [{"label": label, "color": "FFFFFF"} for label in ["DAPI", "GFP", "Cy5"]]}

    def write(path, multiscale, values=values, **more):
        group = zarr.open_group(str(path), mode="w", zarr_format=2)
        for level in range(2):
            data = values if level == 0 else values[..., ::2, ::2]
            array = group.create_array(str(level), shape=data.shape, dtype=">u2", chunks=(1,) * (data.ndim - 3) + (4, 4, 4),
                                       chunk_key_encoding={"name": "v2", "separator": "/"})
            array[:] = data
        group.attrs.update({"multiscales": [multiscale], **more})

    def datasets(lead, shift):
        return [{"path": "0", "coordinateTransformations": [
                    {"type": "scale", "scale": [1.0] * lead + [0.5, 0.25, 0.25]},
                    {"type": "translation", "translation": [0.0] * lead + shift}]},
                {"path": "1", "coordinateTransformations": [
                    {"type": "scale", "scale": [1.0] * lead + [0.5, 0.5, 0.5]}]}]

    bare = [{"path": "0"}, {"path": "1"}]
    write(folder / "v04.zarr", {"version": "0.4", "name": "four", "axes": axes04, "datasets": datasets(2, [1, 20, 30])}, omero=omero)
    write(folder / "v04-common.zarr", {
        "version": "0.4", "axes": [{"name": n, "type": "space", "unit": "nanometer"} for n in "zyx"],
        "datasets": datasets(0, [1, 20, 30]), "coordinateTransformations": [
            {"type": "scale", "scale": [1000.0, 1000.0, 1000.0]}]}, values=values[0, 1])
    write(folder / "v03.zarr", {"version": "0.3", "axes": ["t", "c", "z", "y", "x"], "datasets": bare}, omero=omero)
    write(folder / "v01.zarr", {"version": "0.1", "datasets": bare}, omero=omero)
    (folder / "five.raw").write_bytes(values.astype("<u2").tobytes())

    def collection(path, zarr_format, names, listed):
        root = zarr.open_group(str(path), mode="w", zarr_format=zarr_format)
        layout = {"bioformats2raw.layout": 3}
        root.attrs.update(layout if zarr_format == 2 else {"ome": {"version": "0.5", **layout}})
        if listed:
            series = {"series": names}
            root.create_group("OME").attrs.update(series if zarr_format == 2 else {"ome": {"version": "0.5", **series}})
        for number, name in enumerate(names):
            tile = values[0, 0] + number
            if zarr_format == 2:
                write(path / name, {"version": "0.4", "axes": space, "datasets": datasets(0, [0, 0, 3.0 * number])}, tile)
                continue
            group = root.create_group(name)
            for level in range(2):
                data = tile if level == 0 else tile[..., ::2, ::2]
                group.create_array(str(level), shape=data.shape, dtype="uint16", chunks=(4, 4, 4),
                                   dimension_names=["z", "y", "x"])[:] = data
            group.attrs.update({
                "ome": {"version": "0.5", "multiscales": [{"axes": space, "datasets": datasets(0, [0, 0, 9])}]},
                "brickwork": {"position_um_xyz": [3.0 * number, 0, 0]}})

    collection(folder / "series2.zarr", 2, ["0", "1"], listed=False)
    collection(folder / "listed2.zarr", 2, ["b", "a"], listed=True)
    collection(folder / "series3.zarr", 3, ["0", "1", "2"], listed=True)
    plate = zarr.open_group(str(folder / "plate.zarr"), mode="w", zarr_format=2)
    plate.attrs.update({"plate": {"version": "0.4", "wells": [{"path": "A/1"}, {"path": "B/2"}]}})
    for well in ["A/1", "B/2"]:
        plate.require_group(well).attrs.update({"well": {"images": [{"path": "0"}, {"path": "1"}]}})
        for field in "01":
            shutil.copytree(folder / "series2.zarr" / field, folder / "plate.zarr" / well / field)


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
    commands = [make, make2, n5, images, check, image]
    sys.exit({function.__name__: function for function in commands}[command](folder))
