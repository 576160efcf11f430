"""Every job of the program, as memory_proof.py runs it: in this order, later ones read what earlier ones wrote.

{x} and {y} stand for half of the stitched volume's voxels, {planes} for what makes a blank file ten times the budget.
"""

from dataclasses import dataclass, field

ALL = ("tiny", "small", "L", "XL")
MOST = ("tiny", "small", "L")
# What takes long with the smallest budgets, where compressed bricks or pages are decoded again and again.
LARGE = ("L",)
# What differs little from another job: `make test` has no time for it with 1.3 GB.
ALIKE = ("tiny", "L")


@dataclass
class Job:
    name: str
    words: list
    reads: str = ""  # the tile set whose size is told; "" where voxels play no part
    scales: tuple = MOST
    keeps: list = field(default_factory=list)  # outputs that a later job reads; others are deleted at once
    drops: list = field(default_factory=list)  # what nobody needs afterwards
    learns: bool = False  # what its labels take is known only when they are read: it may ask for more then
    plans: bool = True  # takes --memory, and refuses too little of it before it starts


def stitch(name, source, *options, output="out.ome.zarr", **more):
    return Job(f"stitch {name}", ["stitch", f"{source}.json", *options, "-o", output], reads=source, **more)


JOBS = [
    stitch("linear", "tiles", output="s.ome.zarr", scales=ALL, keeps=["s.ome.zarr"]),
    *(stitch(kind, "tiles", "--fusion", kind) for kind in ("overwrite", "average", "max", "min")),
    stitch("mean 1,2,2", "tiles", "--downscale", "1,2,2", "--downscale-method", "mean"),
    stitch("flipped", "tiles", "--flip", "x", "--fusion", "overwrite"),
    stitch("harmonised", "tiles", "--harmonise", "gain"),
    stitch("masked, scaled", "tiles", "--mask", "mask.tif", "--scale-intensity", "auto"),
    stitch("deflated strips", "strips"),
    stitch("deflated pages", "pages", scales=LARGE),
    stitch("ND2", "nd2"),
    stitch("ND2 zlib", "nd2zlib", scales=ALIKE),
    stitch("HDF5 gzip", "h5"),
    stitch("JPEG 2000", "jp2"),
    Job("import TIFF", ["import", "tiles.json", "-o", "i.zarr"], "tiles", keeps=["i.zarr"]),
    Job("import deflated pages", ["import", "pages.json", "-o", "p.zarr"], "pages"),
    Job("import ND2 zlib", ["import", "nd2zlib.json", "-o", "n.zarr"], "nd2zlib"),
    Job("project new", ["project", "new", "i.zarr", "-o", "i.xml"], keeps=["i.xml"], plans=False),
    Job("project offsets", ["project", "offsets", "i.xml", "offsets.csv"], plans=False),
    Job("project fused", ["project", "fused", "i.xml", "s.ome.zarr", "-o", "f.xml"], drops=["i.xml"], plans=False),
    Job("stitch Zarr", ["stitch", "i.zarr", "-o", "out.ome.zarr"], "tiles", drops=["i.zarr"]),
    Job("export fused", ["export", "s.ome.zarr", "-o", "fused.h5"], "tiles", ALL, keeps=["fused.h5", "fused.xml"]),
    Job("export views", ["export", "tiles.json", "--layout", "views", "-o", "views.h5"], "tiles",
        keeps=["views.h5", "views.xml"]),
    Job("stitch BDV", ["stitch", "views.xml", "-o", "out.ome.zarr"], "tiles", drops=["views.h5", "views.xml"]),
    Job("export tiles fused", ["export", "tiles.json", "-o", "out.h5"], "tiles"),
    Job("export TIFF", ["export", "s.ome.zarr", "-o", "out.ome.tif", "--compression", "deflate"], "tiles", LARGE),
    Job("export TIFF roi", ["export", "s.ome.zarr", "-o", "out.ome.tif", "--roi", "0:{x},0:{y},:"], "tiles"),
    Job("export TIFF strips", ["export", "s.ome.zarr", "-o", "out.tif", "--levels", "1"], "tiles", LARGE),
    Job("export strips roi", ["export", "s.ome.zarr", "-o", "out.tif", "--levels", "1", "--roi", "0:800,:,:"], "tiles"),
    Job("export HDF5", ["export", "s.ome.zarr", "-o", "plain.h5", "--format", "hdf5"], "tiles"),
    Job("export NumPy", ["export", "s.ome.zarr", "-o", "out.npy"], "tiles"),
    Job("export JPEG 2000", ["export", "s.ome.zarr", "-o", "out.jp2", "--roi", "0:256,0:256,0:16"]),
    Job("intensity", ["intensity", "tiles.json", "-o", "out.json"], "tiles", ALL),
    Job("intensity per tile", ["intensity", "tiles.json", "--per-tile", "-o", "out.json"], "tiles", ALIKE),
    Job("intensity roi", ["intensity", "tiles.json", "--stitched", "--roi", "0:{x},0:{y},:", "-o", "out.json"], "tiles"),
    Job("surface", ["surface", "tiles.json", "--from", "both", "-o", "surface"], "tiles"),
    Job("surface of store", ["surface", "s.ome.zarr", "--from", "both", "-o", "surface"], "tiles", LARGE),
    Job("surface threshold", ["surface", "tiles.json", "--from", "top", "--threshold", "130", "-o", "surface"], "tiles"),
    Job("preview z", ["preview", "s.ome.zarr", "--z", "9", "-o", "out.png"], "tiles", ALL),
    Job("preview y", ["preview", "s.ome.zarr", "--y", "700", "-o", "out.png"], "tiles", ALL),
    Job("preview x", ["preview", "tiles.json", "--x", "700", "-o", "out.png"], "tiles", ALL),
    Job("preview projected", ["preview", "tiles.json", "--project", "max", "-o", "out.png"], "tiles"),
    stitch("again, changed", "changed", "--overwrite", output="s.ome.zarr", keeps=["s.ome.zarr"]),
    Job("export update", ["export", "s.ome.zarr", "-o", "fused.h5", "--update"], "tiles"),
    Job("export region", ["export", "s.ome.zarr", "-o", "fused.h5", "--region", "0:{x},0:{y},:"], "tiles",
        drops=["s.ome.zarr", "fused.h5", "fused.xml"]),
    Job("labels overlaps", ["labels", "overlaps", "labels.json", "-o", "out.csv"], "labels"),
    Job("labels dedup", ["labels", "dedup", "labels.json", "-o", "map.csv", "--report", "out.html"], "labels",
        keeps=["map.csv"]),
    Job("labels store", ["labels", "dedup", "labels.json", "-o", "l.ome.zarr", "--objects", "out.csv"], "labels",
        keeps=["l.ome.zarr"], learns=True),
    Job("labels centroids", ["labels", "centroids", "l.ome.zarr", "-o", "out.csv"], "labels", drops=["l.ome.zarr"]),
    Job("labels export", ["export", "labels.json", "--from-map", "map.csv", "-o", "out.h5"], "labels",
        drops=["map.csv"]),
    stitch("majority", "labels", "--fusion", "overwrite", "--downscale", "2,2,2", "--downscale-method", "majority"),
    Job("points", ["points", "tiles.json", "points.csv", "-o", "out.csv"], plans=False),
    Job("offsets", ["offsets", "tiles.json", "-o", "out.csv"], plans=False),
    Job("tileset", ["tileset", "tiles.json", "-o", "out.json"], plans=False),
    Job("info", ["info", "tiles.json", "--json"], plans=False),
    Job("blank", ["blank", "-o", "out.h5", "--size", "{planes},2048,1024", "--grid", "1,1,2", "--noise", "100"]),
    Job("benchmark", ["benchmark", "--size", "64MiB"]),
]
