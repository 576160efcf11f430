"""Prints the versions of the packages that peers need, as JSON; leaves out what is not installed."""
import importlib.metadata
import json
import platform

NAMES = {
    "tensorstore": "tensorstore", "zarr": "zarr", "dask": "dask", "npy2bdv": "npy2bdv", "pybdv": "pybdv", "tifffile": "tifffile",
    "imagecodecs": "imagecodecs", "nd2": "nd2", "glymur": "Glymur", "fastremap": "fastremap", "cc3d": "connected-components-3d",
    "multiview_stitcher": "multiview-stitcher", "h5py": "h5py", "numpy": "numpy",
}
found = {"python": platform.python_version()}
for module, distribution in NAMES.items():
    try:
        found[module] = importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        pass
print(json.dumps(found))
