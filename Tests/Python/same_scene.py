#!/usr/bin/env python3
"""Writes one scene of overlapping tiles in six formats, each with a program of that format's own.

    same_scene.py OUT MAKE_ND2

MAKE_ND2 is a script that writes ND2 files. OUT gets one entry per format below `tiles/`, `offsets.csv` with the tiles' offsets in voxels, and
`scene.json`: for each format the sources to name on a command line, and whether the files know their positions themselves.
"""
import json
import pathlib
import subprocess
import sys

import glymur
import h5py
import npy2bdv
import numpy
import tifffile
import zarr

out, make_nd2 = pathlib.Path(sys.argv[1]), sys.argv[2]
tiles = out / "tiles"
tiles.mkdir(parents=True)
VOXEL = (0.2, 0.2, 0.5)  # µm along x, y, z

# ND2: the scene comes from its own generator, which says where each tile lies. The other files repeat its voxels.
subprocess.run(
    [sys.executable, make_nd2, tiles / "scene.nd2", "--size", "56x48", "--grid", "2x2", "--overlap", "0.2", "--z", "7", "--voxel", ",".join(map(str, VOXEL)),
     "--pattern", "scene", "--json"], check=True, stdout=subprocess.DEVNULL)
import nd2  # noqa: E402  after the file it reads

with nd2.ND2File(tiles / "scene.nd2") as file:
    voxels = numpy.asarray(file.asarray())  # position, z, y, x
    stage = [point.stagePositionUm for loop in file.experiment if loop.type == "XYPosLoop" for point in loop.parameters.points]
assert voxels.ndim == 4, voxels.shape
# The stage's x points against the image's.
offsets = numpy.array([(-x / VOXEL[0], y / VOXEL[1], 0.0) for x, y, _ in stage])
offsets -= offsets.min(axis=0)
with open(out / "offsets.csv", "w") as table:
    table.write("tile,x,y,z\n")
    for number, (x, y, z) in enumerate(offsets):
        table.write(f"{number},{float(x)!r},{float(y)!r},{float(z)!r}\n")

sources = {"nd2": {"sources": ["tiles/scene.nd2"], "positions": True}}

for number, tile in enumerate(voxels):
    tifffile.imwrite(tiles / f"tile_{number}.tif", tile, compression="zlib", predictor=True, rowsperstrip=5)
sources["tiff"] = {"sources": [f"tiles/tile_{n}.tif" for n in range(len(voxels))], "positions": False}

for number, tile in enumerate(voxels):
    glymur.Jp2k(tiles / f"tile_{number}.jp2", data=numpy.moveaxis(tile, 0, -1), tilesize=(32, 32), mct=False)
sources["jp2"] = {"sources": [f"tiles/tile_{n}.jp2" for n in range(len(voxels))], "positions": False}

with h5py.File(tiles / "tiles.h5", "w") as file:
    for number, tile in enumerate(voxels):
        file.create_dataset(f"run/tile{number}", data=tile, chunks=(3, 16, 20), shuffle=True, compression="gzip")
sources["hdf5"] = {"sources": ["tiles/tiles.h5"], "positions": False}

writer = npy2bdv.BdvWriter(str(tiles / "bdv.h5"), ntiles=len(voxels), subsamp=((1, 1, 1), (1, 2, 2)), blockdim=((4, 16, 16),) * 2, compression="gzip", overwrite=True)
for number, (tile, offset) in enumerate(zip(voxels, offsets)):
    shift = numpy.eye(3, 4)
    shift[:, 3] = offset
    writer.append_view(tile, time=0, channel=0, tile=number, m_affine=shift, name_affine="stage", calibration=(1, 1, 1), voxel_size_xyz=VOXEL, voxel_units="um")
writer.write_xml()
writer.close()
sources["bdv"] = {"sources": ["tiles/bdv.xml"], "positions": True}

for number, tile in enumerate(voxels):
    for version in (2, 3):
        group = zarr.open_group(tiles / f"tile_{number}.v{version}.ome.zarr", mode="w", zarr_format=version)
        array = group.create_array("0", shape=tile.shape, dtype=tile.dtype, chunks=(4, 16, 16),
                                   **({"dimension_names": ("z", "y", "x")} if version == 3 else {}))
        array[:] = tile
        axes = [{"name": axis, "type": "space", "unit": "micrometer"} for axis in "zyx"]
        transforms = [{"type": "scale", "scale": list(VOXEL[::-1])},
                      {"type": "translation", "translation": [float(o * v) for o, v in zip(offsets[number][::-1], VOXEL[::-1])]}]
        image = {"axes": axes, "datasets": [{"path": "0", "coordinateTransformations": transforms}]}
        if version == 2:
            group.attrs["multiscales"] = [{"version": "0.4", **image}]
        else:
            group.attrs["ome"] = {"version": "0.5", "multiscales": [image]}
# A translation of zero says nothing, so these are stitched with the table alone.
for version in (2, 3):
    sources[f"zarr{version}"] = {"sources": [f"tiles/tile_{n}.v{version}.ome.zarr" for n in range(len(voxels))], "positions": False}

(out / "scene.json").write_text(json.dumps({"voxel_size_um_xyz": VOXEL, "formats": sources}, indent=2))
