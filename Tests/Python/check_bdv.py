"""Reads a BigDataViewer HDF5 + XML pair with h5py, npy2bdv and pybdv and compares every level.

    check_bdv.py DATA.xml --oracle-store STORE

A level equals the store's level of the same factors, or else the mean of the level before it.
"""
import argparse
import os
import sys
import xml.etree.ElementTree as ElementTree

import h5py
import numpy as np
import zarr

from check_store import multiscale, transformation
from stitch_oracle import differences, downsample


def store_levels(store):
    """Factors against level 0 (z, y, x) and the array, for each level."""
    _, image = multiscale(store)
    scales = [transformation(d, "scale") for d in image["datasets"]]
    return {
        tuple(np.rint(scale / scales[0]).astype(int).tolist()): zarr.open_array(
            os.path.join(store, dataset["path"]), mode="r")
        for dataset, scale in zip(image["datasets"], scales)
    }


def as_stored(voxels, expected):
    """The legacy convention keeps unsigned 16-bit voxels under a signed type: the bits count."""
    if voxels.dtype != expected.dtype and voxels.dtype.itemsize == expected.dtype.itemsize:
        return voxels.view(expected.dtype)
    return voxels


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("xml")
    parser.add_argument("--oracle-store", required=True)
    options = parser.parse_args()
    problems = []
    with open(options.xml, "rb") as file:
        if b"SpimData" not in file.read(100):
            problems.append('"SpimData" is not within the first 100 bytes')
    root = ElementTree.parse(options.xml).getroot()
    name = root.findtext(".//hdf5").strip()
    path = os.path.join(os.path.dirname(os.path.abspath(options.xml)), name)
    of_store = store_levels(options.oracle_store)

    expected = []
    with h5py.File(path, "r") as file:
        resolutions = file["s00/resolutions"][...]
        previous = None
        for level, factors_xyz in enumerate(resolutions):
            factor = tuple(int(f) for f in factors_xyz[::-1])
            if factor in of_store:
                wanted = of_store[factor][...]
            else:
                step = tuple(f // p for f, p in zip(factor, previous))
                wanted = downsample(expected[-1], step)
            dataset = file[f"t00000/s00/{level}/cells"]
            wrong = differences(as_stored(dataset[...], wanted), wanted, "pyramid")
            if wrong:
                problems.append(f"h5py, level {level}: {wrong}")
            if dataset.compression not in (None, "gzip"):
                problems.append(f"level {level} is compressed with {dataset.compression}")
            expected.append(wanted)
            previous = factor

    import npy2bdv

    editor = npy2bdv.BdvEditor(path, mode="r")
    for level, wanted in enumerate(expected):
        view = editor.read_view(time=0, illumination=0, channel=0, tile=0, angle=0, ilevel=level)
        wrong = differences(as_stored(view, wanted), wanted, "pyramid")
        if wrong:
            problems.append(f"npy2bdv, level {level}: {wrong}")
    editor._file_object_h5.close()

    from pybdv.metadata import get_data_path, get_size
    from pybdv.util import get_key, open_file

    if os.path.basename(get_data_path(options.xml)) != name:
        problems.append(f"pybdv finds the data at {get_data_path(options.xml)}")
    if tuple(get_size(options.xml, 0)) != expected[0].shape:
        problems.append(f"pybdv reads the size {get_size(options.xml, 0)}, not {expected[0].shape}")
    with open_file(path, "r") as file:
        for level, wanted in enumerate(expected):
            voxels = file[get_key(True, timepoint=0, setup_id=0, scale=level)][...]
            wrong = differences(as_stored(voxels, wanted), wanted, "pyramid")
            if wrong:
                problems.append(f"pybdv, level {level}: {wrong}")

    for problem in problems:
        print(f"{options.xml}: {problem}")
    if not problems:
        print(f"{options.xml}: {len(expected)} levels agree in h5py, npy2bdv and pybdv")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
