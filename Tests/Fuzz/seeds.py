#!/usr/bin/env python3
"""Makes the first inputs of every fuzzed parser: real files where they are there, small made ones always.

    seeds.py OUT [DATA]     DATA: a folder of real files (tiff/, bdv/, spimdata_xml/, omezarr/ ... below it); ../tools/make_nd2.py
                            beside it makes ND2 files
"""
import io
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

import glymur
import h5py
import numpy
import tifffile

out = pathlib.Path(sys.argv[1])
data = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
LARGEST = 300_000


def seed(parser, name, content):
    folder = out / parser
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def real(parser, *patterns):
    for pattern in patterns if data else ():
        for path in sorted(data.glob(pattern)):
            if path.is_file() and path.stat().st_size <= LARGEST:
                seed(parser, "real-" + path.name, path.read_bytes())


def store(metadata, shard=b""):
    """zarr.json and the first shard in one input: see Parsers.swift."""
    return struct.pack("<H", len(metadata)) + metadata + shard


voxels = numpy.arange(5 * 20 * 30, dtype=numpy.uint16).reshape(5, 20, 30)

for name, options in {
    "plain": {}, "deflate": {"compression": "zlib", "predictor": True}, "tiled": {"tile": (16, 16)},
    "lzw": {"compression": "lzw"}, "big": {"bigtiff": True}, "ome": {"ome": True}, "imagej": {"imagej": True},
    "swapped": {"byteorder": ">"}, "strips": {"rowsperstrip": 3, "compression": "packbits"},
}.items():
    file = io.BytesIO()
    tifffile.imwrite(file, voxels, **options)
    seed("tiff", name, file.getvalue())
real("tiff", "tiff/*.tif*", "tiff_corrupt/*.tif", "labels/*.tif")

for path in sorted(data.glob("t*/**/*.ome.tif")) if data else ():
    with tifffile.TiffFile(path) as file:
        if file.ome_metadata:
            seed("ome-xml", path.stem + ".xml", file.ome_metadata.encode())
file = io.BytesIO()
tifffile.imwrite(file, voxels, ome=True, metadata={"axes": "ZYX", "PhysicalSizeX": 0.2})
file.seek(0)
seed("ome-xml", "made.xml", tifffile.TiffFile(file).ome_metadata.encode())

for name, array in {
    "doubles": numpy.arange(12.0).reshape(4, 3), "integers": numpy.arange(6).reshape(2, 3),
    "columns": numpy.asfortranarray(numpy.arange(12, dtype=">f4").reshape(4, 3)),
}.items():
    file = io.BytesIO()
    numpy.save(file, array)
    seed("npy", name, file.getvalue())

seed("csv", "um", b"tile,x_um,y_um,z_um\nt_0.tif,0,0,0\n\"t,1.tif\",57.12,1.6e0,-.8\n")
seed("csv", "voxels", b"x,y,z\r\n0,0,0\r\n352,-3,2\r\n")
seed("csv", "all", b"tile,name,x,y,z,x_um,y_um,z_um\n0,a,0,0,0,0,0,0\n1,b,1,2,3,.1,.2,.3\n")
seed("tile-configuration", "made", b"# Define the number of dimensions\ndim = 3\n\n# coordinates\na.tif; ; (0.0, 0.0, 1.5)\n")
real("tile-configuration", "tiles/*/TileConfiguration*.txt")

real("spimdata", "spimdata_xml/*.xml", "bdv/**/*.xml")
seed("spimdata", "made", b"""<?xml version="1.0"?><SpimData version="0.2"><BasePath type="relative">.</BasePath>
<SequenceDescription><ImageLoader format="bdv.hdf5"><hdf5 type="relative">a.h5</hdf5></ImageLoader><ViewSetups><ViewSetup>
<id>0</id><name>a</name><size>4 5 6</size><voxelSize><unit>um</unit><size>1 1 2</size></voxelSize><attributes><channel>0</channel>
</attributes></ViewSetup></ViewSetups><Timepoints type="pattern"><integerpattern>0-2</integerpattern></Timepoints></SequenceDescription>
<ViewRegistrations><ViewRegistration timepoint="0" setup="0"><ViewTransform type="affine"><affine>1 0 0 3 0 1 0 4 0 0 2 5</affine>
</ViewTransform></ViewRegistration></ViewRegistrations></SpimData>""")

def parts(metadata, file=b""):
    """A document and a file that belongs to it, with a zero byte between: see ZarrBytes and N5Bytes."""
    return metadata + b"\0" + file


array = b"""{"zarr_format":3,"node_type":"array","shape":[5,20,30],"data_type":"uint16","chunk_grid":{"name":"regular",
"configuration":{"chunk_shape":[8,32,32]}},"chunk_key_encoding":{"name":"default"},"fill_value":0,"codecs":[{"name":"sharding_indexed",
"configuration":{"chunk_shape":[8,16,16],"codecs":[{"name":"bytes","configuration":{"endian":"little"}}],"index_codecs":[{"name":"bytes",
"configuration":{"endian":"little"}}],"index_location":"end"}}]}"""
brick = bytes(8 * 16 * 16 * 2)
index = b"".join(struct.pack("<QQ", i * len(brick), len(brick)) for i in range(4))
for padding in (b"", b" "):
    seed("zarr-store", f"raw{len(padding)}", store(array + padding, brick * 4 + index))
seed("zarr", "raw", parts(array, brick * 4 + index))
for compressor in (b"null", b'{"id":"zlib","level":1}', b'{"id":"blosc","cname":"lz4","clevel":5,"shuffle":1,"blocksize":0}', b'{"id":"lz4"}'):
    seed("zarr", "v2-" + str(len(compressor)), parts(b'{"zarr_format":2,"shape":[5,20,30],"chunks":[8,16,16],"dtype":"<u2","order":"F","fill_value":0,"filters":null,"compressor":' + compressor + b"}", brick))
block = struct.pack(">HHIII", 0, 3, 16, 16, 8) + brick
for compression in (b"raw", b"gzip", b"lz4", b"xz", b"bzip2", b"zstd"):
    seed("n5", compression.decode(), parts(b'{"dimensions":[30,20,5],"blockSize":[16,16,8],"dataType":"uint16","compression":{"type":"' + compression + b'"}}', block))
for path in sorted(data.glob("omezarr/*/image")) if data else ():
    shards = [p.read_bytes() for p in sorted(path.glob("c/**/*")) if p.is_file()]
    shard = shards[0][:LARGEST] if shards else b""
    seed("zarr-store", "real-" + path.parent.name, store((path / "zarr.json").read_bytes(), shard))
    seed("zarr", "real-" + path.parent.name, parts((path / "zarr.json").read_bytes(), shard))
seed("zarr-store", "group", store(b"""{"zarr_format":3,"node_type":"group","attributes":{"ome":{"version":"0.5","multiscales":[{"axes":[
{"name":"z","type":"space"},{"name":"y","type":"space"},{"name":"x","type":"space"}],"datasets":[{"path":"0",
"coordinateTransformations":[{"type":"scale","scale":[1,1,1]}]}]}]}}}"""))
seed("json", "made", b'{"a":[1,-2.5e3,"\\u00e9\\ud83d\\ude00",null,true,18446744073709551615],"b":{}}')
real("json", "omezarr/**/zarr.json")

seed("tileset", "made", json.dumps({"brickwork_tileset": 1, "voxel_size_um_xyz": [0.2, 0.2, 0.5], "tiles": [
    {"path": "a.nd2", "image": 0, "name": "a P01", "offset_voxels_xyz": [0, -3.5, 1e3], "stage_rule": "camera"},
    {"path": "../b.h5", "image": 1, "offset_voxels_xyz": [1, 2, 3], "dataset": "/t*/**", "axes": "[0]zyx", "jp2_rows": "x"}]}).encode())

with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    for name, options in {"small": {}, "tiled": {"tilesize": (16, 16)}, "layers": {"cratios": (8, 2, 1)}, "order": {"prog": "RPCL"}}.items():
        for depth in ("u1", "u2"):
            path = folder / f"{name}-{depth}.jp2"
            glymur.Jp2k(path, data=numpy.moveaxis(voxels, 0, -1)[..., :4].astype(depth), mct=False, numres=3, **options)
            seed("jpeg2000", path.name, path.read_bytes())
    for name, options in {
        "contiguous": {}, "deflate": {"chunks": (2, 8, 8), "compression": "gzip", "shuffle": True, "fletcher32": True},
        "scaleoffset": {"chunks": (2, 8, 8), "scaleoffset": 0}, "lzf": {"chunks": (2, 8, 8), "compression": "lzf"},
    }.items():
        for version in ("earliest", "latest"):
            path = folder / f"{name}-{version}.h5"
            with h5py.File(path, "w", libver=version) as file:
                file.create_dataset("a/tile", data=voxels, **options)
                file["again"] = h5py.SoftLink("/a/tile")
            seed("hdf5", path.name, path.read_bytes())
    path = folder / "bdv.h5"
    with h5py.File(path, "w") as file:
        file["s00/resolutions"] = numpy.ones((1, 3))
        file["s00/subdivisions"] = numpy.full((1, 3), 8, "i4")
        file.create_dataset("t00000/s00/0/cells", data=voxels.astype("i2"), chunks=(2, 8, 8), compression="gzip")
    seed("bdv", "made", path.read_bytes())
    maker = data / "../tools/make_nd2.py" if data else None
    for number, options in enumerate((
        "", "--version 2.1", "--compress", "--channels 2 --time 2", "--lv-compress", "--rgb --dtype uint8", "--row-pad 6 --order PTZ", "--no-xy --z 3",
    ) if maker and maker.exists() else ()):
        path = folder / f"{number}.nd2"
        subprocess.run([sys.executable, maker, path, "--size", "16x12", "--z", "2", "--grid", "1x2", "--compact", *options.split()], check=True, stdout=subprocess.DEVNULL)
        content = path.read_bytes()
        seed("nd2", path.name, content)
        # The metadata alone: what follows the name of each chunk that is no frame.
        place = content.find(b"\xda\xce\xbe\x0a")
        while place >= 0:
            length, size = struct.unpack_from("<IQ", content, place + 4)
            chunk = content[place + 16:place + 16 + length].split(b"!")[0].decode("latin-1")
            if not chunk.startswith("ImageDataSeq") and size < 65536:
                seed("nd2-metadata", f"{number}-{chunk.replace('|', '-').replace(' ', '-')}", content[place + 16 + length:place + 16 + length + size])
            place = content.find(b"\xda\xce\xbe\x0a", place + 1)
real("jpeg2000", "jp2/*", "truncated/*.jp2")
real("hdf5", "bdv/tiny/*.h5", "labels/*.h5")
real("bdv", "bdv/tiny/*.h5")
