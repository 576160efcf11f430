#!/usr/bin/env python3
"""Makes the first inputs of every fuzzed parser: real files where they are there, small made ones always.

    seeds.py OUT [DATA]     DATA: a folder of real files (tiff/, bdv/, spimdata_xml/, omezarr/ ... below it)
"""
import io
import pathlib
import struct
import sys

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

array = b"""{"zarr_format":3,"node_type":"array","shape":[5,20,30],"data_type":"uint16","chunk_grid":{"name":"regular",
"configuration":{"chunk_shape":[8,32,32]}},"chunk_key_encoding":{"name":"default"},"fill_value":0,"codecs":[{"name":"sharding_indexed",
"configuration":{"chunk_shape":[8,16,16],"codecs":[{"name":"bytes","configuration":{"endian":"little"}}],"index_codecs":[{"name":"bytes",
"configuration":{"endian":"little"}}],"index_location":"end"}}]}"""
brick = bytes(8 * 16 * 16 * 2)
index = b"".join(struct.pack("<QQ", i * len(brick), len(brick)) for i in range(4))
for padding in (b"", b" "):
    seed("zarr", f"raw{len(padding)}", store(array + padding, brick * 4 + index))
for path in sorted(data.glob("omezarr/*/image")) if data else ():
    shards = [p.read_bytes() for p in sorted(path.glob("c/**/*")) if p.is_file()]
    seed("zarr", "real-" + path.parent.name, store((path / "zarr.json").read_bytes(), shards[0][:LARGEST] if shards else b""))
seed("zarr", "group", store(b"""{"zarr_format":3,"node_type":"group","attributes":{"ome":{"version":"0.5","multiscales":[{"axes":[
{"name":"z","type":"space"},{"name":"y","type":"space"},{"name":"x","type":"space"}],"datasets":[{"path":"0",
"coordinateTransformations":[{"type":"scale","scale":[1,1,1]}]}]}]}}}"""))
seed("json", "made", b'{"a":[1,-2.5e3,"\\u00e9\\ud83d\\ude00",null,true,18446744073709551615],"b":{}}')
real("json", "omezarr/**/zarr.json")
