"""Reads an OME-Zarr 0.5 store with zarr-python and TensorStore and checks everything that can be checked.

    check_store.py STORE [--collection] [--oracle EXPECTED.npy] [--method linear] [--percentiles LOW,HIGH]

Both readers agree on every level; level 0 equals the oracle; each level is the mean of the one before,
rounded half up; the metadata validates and says what it should. Holds a slab of a level at a time.
A label image's levels are majorities instead: 0 with more than half of the voxels that exist, else the most
frequent label, else the smallest. Images may have axes t and c; an oracle then has them too. A collection is what `brickwork import` writes:
all of its images are checked.
"""
import argparse
import json
import os
import sys

import numpy as np
import tensorstore
import zarr

from stitch_oracle import differences, downsample


def multiscale(store):
    with open(os.path.join(store, "zarr.json")) as file:
        attributes = json.load(file)["attributes"]
    return attributes["ome"], attributes["ome"]["multiscales"][0]


def transformation(dataset, kind):
    for entry in dataset["coordinateTransformations"]:
        if entry["type"] == kind:
            return np.array(entry[kind])
    return None


def factors(scales):
    """Factors of each level against the one before, z, y, x, from the scales in the metadata."""
    steps = [np.ones(3, int)]
    for finer, coarser in zip(scales, scales[1:]):
        steps.append(np.rint(coarser / finer).astype(int)[-3:])
    return steps


def metadata_problems(store):
    ome, image = multiscale(store)
    problems = []

    def expect(condition, sentence):
        if not condition:
            problems.append(sentence)

    expect(ome.get("version") == "0.5", f"version is {ome.get('version')!r}, not '0.5'")
    axes = image["axes"]
    names = [a["name"] for a in axes]
    expect(names in (["z", "y", "x"], list("czyx"), list("tzyx"), list("tczyx")), f"axes are {axes}")
    kinds = {"t": "time", "c": "channel"}
    # No validator notices when these two are missing.
    expect(all(a.get("type") == kinds.get(a["name"], "space") for a in axes), f"types of axes: {axes}")
    expect(all(a.get("unit") == "micrometer" for a in axes[-3:]), "an axis has no unit 'micrometer'")
    leading = len(axes) - 3
    scales = [transformation(d, "scale") for d in image["datasets"]]
    for level, (dataset, scale) in enumerate(zip(image["datasets"], scales)):
        kinds = [t["type"] for t in dataset["coordinateTransformations"]]
        expect(kinds in (["scale"], ["scale", "translation"]), f"level {level}: transformations {kinds}")
        shift = transformation(dataset, "translation")
        shift = np.zeros(len(axes)) if shift is None else shift
        expect(len(scale) == len(shift) == len(axes), f"level {level}: {len(scale)} factors for {len(axes)} axes")
        expect(np.all(scale[:leading] == 1) and np.all(shift[:leading] == 0), f"level {level}: scales time or channels")
        half = (scale / scales[0] - 1) / 2 * scales[0]
        if level > 0:
            base = transformation(image["datasets"][0], "translation")
            half = half + (0 if base is None else base)
            expect(np.allclose(shift, half), f"level {level}: translation {shift}, not {half}")
        array = zarr.open_array(os.path.join(store, dataset["path"]), mode="r")
        expect(
            list(array.metadata.dimension_names or ()) == names,
            f"level {level}: dimension names are {array.metadata.dimension_names}")
        expect(array.chunks[:leading] == (1,) * leading, f"level {level}: chunks {array.chunks}")
        shards = array.shards or ()
        expect(shards[:leading] == (1,) * leading, f"level {level}: shards {shards}")
    labels = "image-label" in ome
    expect(labels == (image["type"] == "mode"), f"image-label {labels}, levels of type {image['type']}")
    expect(not labels or "omero" not in ome, "a label image has a contrast")
    channels = ome.get("omero", {}).get("channels", [])
    wanted = 0 if labels else dict(zip(names, array.shape)).get("c", 1)
    expect(len(channels) == wanted, f"{len(channels)} channels in omero, and {wanted} in the arrays")
    for channel in channels:
        w = channel["window"]
        ordered = w["min"] <= w["start"] <= w["end"] <= w["max"]
        expect(ordered, f"omero window {w} is out of order")
    import ome_zarr_models.v05

    try:
        model = ome_zarr_models.v05.ImageLabel if labels else ome_zarr_models.v05.Image
        model.from_zarr(zarr.open_group(store, mode="r"))
    except Exception as error:
        problems.append(f"ome-zarr-models: {error}")
    return problems


def majority(volume, factor):
    """The winner of each block of `factor` (z, y, x) voxels; blocks at the end count what is there."""
    out = np.zeros(tuple(-(-n // f) for n, f in zip(volume.shape, factor)), volume.dtype)
    for place in np.ndindex(out.shape):
        block = volume[tuple(slice(p * f, (p + 1) * f) for p, f in zip(place, factor))]
        names, votes = np.unique(block, return_counts=True)
        if names[0] == 0:
            if 2 * votes[0] > block.size:
                continue
            names, votes = names[1:], votes[1:]
        # Names ascend, and the first of the largest counts is taken.
        out[place] = names[np.argmax(votes)]
    return out


def voxel_problems(store, oracle=None, method="overwrite", slab=64):
    ome, image = multiscale(store)
    reduce = majority if "image-label" in ome else downsample
    paths = [os.path.join(os.path.abspath(store), d["path"]) for d in image["datasets"]]
    steps = factors([transformation(d, "scale") for d in image["datasets"]])
    arrays = [zarr.open_array(path, mode="r") for path in paths]
    others = [
        tensorstore.open(
            {"driver": "zarr3", "kvstore": {"driver": "file", "path": path}}, read=True
        ).result()
        for path in paths
    ]
    problems = []
    for part in np.ndindex(arrays[0].shape[:-3]):
        found = part_problems(part, arrays, others, steps, oracle, method, slab, reduce)
        problems += [f"part {part}, {problem}" for problem in found] if part else found
    return problems


class Part:
    """One channel at one time point of an array: a volume with z, y, x."""

    def __init__(self, array, part, read=lambda voxels: voxels):
        self.array, self.part, self.read, self.shape = array, part, read, tuple(array.shape[-3:])

    def __getitem__(self, planes):
        return self.read(self.array[self.part + (planes,)])


def part_problems(part, arrays, others, steps, oracle, method, slab, reduce):
    arrays = [Part(array, part) for array in arrays]
    others = [Part(other, part, lambda voxels: voxels.read().result()) for other in others]
    oracle = None if oracle is None else oracle[part]
    problems = []
    for level, (array, other, step) in enumerate(zip(arrays, others, steps)):
        if level > 0:
            wanted = tuple(-(-n // f) for n, f in zip(arrays[level - 1].shape, step))
            if array.shape != wanted:
                problems.append(f"level {level}: size {array.shape}, not {wanted}")
                continue
        for z in range(0, array.shape[0], slab):
            end = min(z + slab, array.shape[0])
            voxels = array[z:end]
            theirs = other[z:end]
            if not np.array_equal(voxels, theirs, equal_nan=voxels.dtype.kind == "f"):
                problems.append(f"level {level}: zarr-python and TensorStore disagree in z {z}..<{end}")
            if level == 0 and oracle is not None:
                if array.shape != oracle.shape:
                    return problems + [f"level 0: size {array.shape}, not {oracle.shape}"]
                wrong = differences(voxels, oracle[z:end], method)
                if wrong:
                    problems.append(f"level 0, z {z}..<{end}: {wrong}")
            if level > 0:
                finer = arrays[level - 1]
                parent = finer[z * step[0] : min(end * step[0], finer.shape[0])]
                with np.errstate(all="ignore"):
                    wrong = differences(voxels, reduce(parent, tuple(step)), "pyramid")
                if wrong:
                    problems.append(f"level {level}, z {z}..<{end}: {wrong}")
    return problems


def window_problems(store, low, high):
    ome, image = multiscale(store)
    voxels = zarr.open_array(os.path.join(store, image["datasets"][0]["path"]), mode="r")[:]
    names = [axis["name"] for axis in image["axes"]]
    if "c" in names:
        voxels = np.moveaxis(voxels, names.index("c"), 0)
    else:
        voxels = voxels[None]
    problems = []
    for number, channel in enumerate(ome["omero"]["channels"]):
        wanted = np.percentile(voxels[number], [low, high])
        window = channel["window"]
        if not np.allclose([window["start"], window["end"]], wanted, rtol=1e-12):
            problems.append(
                f"channel {number}: omero window {window['start']}...{window['end']}, exact percentiles {wanted}")
    return problems


def collection_problems(store):
    """The groups of bioformats2raw's layout, and that nothing unfinished is left."""
    import ome_zarr_models.v05

    problems = []
    for name, model in (("", "BioFormats2Raw"), ("OME", "Series")):
        with open(os.path.join(store, name, "zarr.json")) as file:
            document = json.load(file)
        if document["node_type"] != "group" or document["attributes"]["ome"].get("version") != "0.5":
            problems.append(f"{name or 'root'}: no group of OME-Zarr 0.5")
        if hasattr(ome_zarr_models.v05, model):
            try:
                getattr(ome_zarr_models.v05, model).from_zarr(zarr.open_group(os.path.join(store, name), mode="r"))
            except Exception as error:
                problems.append(f"{name or 'root'}: ome-zarr-models: {error}")
    if os.path.exists(os.path.join(store, "__brickwork")):
        problems.append("__brickwork is still there")
    return problems


def images(store):
    with open(os.path.join(store, "OME", "zarr.json")) as file:
        return json.load(file)["attributes"]["ome"]["series"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store")
    parser.add_argument("--oracle", help="level 0 as .npy, from stitch_oracle.py")
    parser.add_argument("--method", default="overwrite", help="how the oracle was fused: sets the tolerance")
    parser.add_argument("--percentiles", help="LOW,HIGH that the omero window has to equal")
    parser.add_argument("--collection", action="store_true", help="a store of imported tiles")
    options = parser.parse_args()
    if options.collection:
        problems = collection_problems(options.store)
        for name in images(options.store):
            image = os.path.join(options.store, name)
            problems += [f"{name}: {p}" for p in metadata_problems(image) + voxel_problems(image)]
            _, multiscales = multiscale(image)
            moved = transformation(multiscales["datasets"][0], "translation")
            with open(os.path.join(image, "zarr.json")) as file:
                place = json.load(file)["attributes"]["brickwork"].get("position_um_xyz")
            if (moved is None) != (place is None) or (place and list(moved[-3:]) != place[::-1]):
                problems.append(f"{name}: translation {moved}, position {place}")
        for problem in problems:
            print(f"{options.store}: {problem}")
        if not problems:
            print(f"{options.store}: {len(images(options.store))} images agree")
        sys.exit(1 if problems else 0)
    oracle = np.load(options.oracle, mmap_mode="r") if options.oracle else None
    problems = metadata_problems(options.store)
    problems += voxel_problems(options.store, oracle, options.method)
    if options.percentiles:
        problems += window_problems(options.store, *map(float, options.percentiles.split(",")))
    for problem in problems:
        print(f"{options.store}: {problem}")
    if not problems:
        levels = len(multiscale(options.store)[1]["datasets"])
        print(f"{options.store}: {levels} levels agree")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
