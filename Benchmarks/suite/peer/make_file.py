"""Writes one file of camera-like uint16 planes of 2048²: offset, gain, shot noise and a few bright spots.

    make_file.py KIND PLANES OUT
"""
import sys

import numpy


def camera(planes):
    random = numpy.random.default_rng(7)
    size = (planes, 2048, 2048)
    spots = random.random((planes // 8 + 1, 64, 64)) ** 12 * 4000
    spots = spots.repeat(8, 0)[:planes].repeat(32, 1).repeat(32, 2)
    voxels = numpy.empty(size, "u2")
    for z in range(planes):
        voxels[z] = random.poisson(100 + spots[z]) + random.normal(0, 2, size[1:]).round().astype("i4") + 8
    return voxels


def tiff(path, voxels, **options):
    import tifffile
    tifffile.imwrite(path, voxels, **options)


def hdf5(path, voxels, **options):
    import h5py
    with h5py.File(path, "w") as file:
        file.create_dataset("tile", data=voxels, **options)


def jpeg2000(path, voxels):
    import glymur
    glymur.Jp2k(path, data=numpy.moveaxis(voxels, 0, -1), tilesize=(1024, 1024), mct=False)


WRITERS = {
    "tiff": tiff,
    "tiff-deflate": lambda path, voxels: tiff(path, voxels, compression="zlib", predictor=True, rowsperstrip=2048),
    "tiff-lzw": lambda path, voxels: tiff(path, voxels, compression="lzw", predictor=True, rowsperstrip=64),
    "hdf5": hdf5,
    "hdf5-deflate": lambda path, voxels: hdf5(path, voxels, chunks=(16, 128, 128), shuffle=True, compression="gzip", compression_opts=1),
    "jpeg2000": jpeg2000,
}
kind, planes, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
WRITERS[kind](path, camera(planes))
