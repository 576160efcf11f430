"""The table of jobs: what is compared with what, on each data set."""
from programs import Ours, Peer
from rounds import Job
from settings import BRICK, SHARD

GRID = f"--brick {BRICK} --shard {SHARD}"
STITCH = f"stitch {{tiles}} --fusion overwrite {GRID}"


def stitch(name):
    """Level 0 alone, with a pyramid, with each one's own codec: beside TensorStore, dask + zarr-python, multiview-stitcher."""
    level0 = Ours("brickwork", f"{STITCH} --levels 1", ".ome.zarr")
    all_levels = Ours("brickwork, all levels", STITCH, ".ome.zarr")
    three = Ours("brickwork, the same 3 levels", f"{STITCH} --voxel-size 1,1,1 --levels 3", ".ome.zarr")

    def steps(peer, codec, pyramid):
        both = (("stitch", peer, "--codec", codec), ("pyramid", peer, "--codec", codec))
        return both if pyramid else both[:1]

    def tensorstore(codec, pyramid=False):
        return Peer(f"TensorStore, {codec}", steps("tensorstore", codec, pyramid), ("tensorstore", "tifffile", "numpy"))

    def dask(codec, pyramid=False):
        # Its pyramid starts from a store that TensorStore has made.
        needs = ("dask", "zarr", "tifffile", "numpy") + (("tensorstore",) if pyramid else ())
        return Peer(f"dask + zarr-python, {codec}", steps("dask+zarr", codec, pyramid), needs)

    multiview = Peer(
        "multiview-stitcher, bzstd1", (("stitch", "mvstitcher", "--codec", "bzstd1"),), ("multiview_stitcher", "dask", "zarr", "tifffile"))
    return [
        Job(f"stitch/{name}/level0", "Stitching, level 0 alone, the same codec", (level0, tensorstore("bzstd1"), dask("bzstd1"), multiview),
            "Codec bzstd1: Blosc's frame, byte shuffle, zstd level 1. multiview-stitcher interpolates and feathers: more work than the others do."),
        Job(f"stitch/{name}/pyramid", "Stitching with a pyramid, the same codec",
            (three, all_levels, tensorstore("bzstd1", True), dask("bzstd1", True)),
            "The peers stitch, then make two more levels of 2×2×2 means: the sum of both. \"The same 3 levels\" does just that, by a voxel "
            "size of 1,1,1. With the set's own voxel size the first steps halve y and x alone, so all levels hold more voxels."),
        Job(f"stitch/{name}/default-level0", "Stitching, level 0 alone, each with its default codec",
            (level0, tensorstore("zstd3"), dask("zstd3")),
            "Ours by default bzstd1; zarr-python's default is zstd level 3 without shuffle. TensorStore has none: it takes zarr-python's."),
        Job(f"stitch/{name}/default-pyramid", "Stitching with a pyramid, each with its default codec",
            (three, all_levels, tensorstore("zstd3", True), dask("zstd3", True))),
        Job(f"stitch/{name}/raw", "Stitching, level 0 alone, no compression",
            (Ours("brickwork", f"{STITCH} --levels 1 --codec none", ".ome.zarr"), tensorstore("raw"))),
        Job(f"stitch/{name}/cost-of-pyramid", "What the pyramid costs in the same pass",
            (Ours("brickwork, level 0 alone", f"{STITCH} --levels 1", ".ome.zarr"),
             Ours("brickwork, all levels of cubes", f"{STITCH} --voxel-size 1,1,1", ".ome.zarr"),
             Ours("brickwork, all levels of this voxel size", STITCH, ".ome.zarr")),
            "A pyramid of halved cubes has 1/7 more voxels than level 0; halving y and x alone makes it 1/3 more at the first step."),
    ]


def export(name):
    like_theirs = "--levels bdv --chunk 4,256,256"
    return [
        Job(f"export/{name}/bdv", "Export to BigDataViewer HDF5 with a pyramid",
            (Ours("brickwork, views", f"export {{tiles}} --layout views {like_theirs}", ".h5"),
             Ours("brickwork, fused, from a store", "export {store}", ".h5"),
             Peer("h5py, direct chunks of libdeflate", (("bdv", "h5py-direct"),), ("h5py", "imagecodecs", "tifffile")),
             Peer("npy2bdv, gzip", (("bdv", "npy2bdv-gzip-pyr"),), ("npy2bdv", "h5py", "tifffile")),
             Peer("pybdv, gzip", (("bdv", "pybdv"),), ("pybdv", "h5py", "tifffile"))),
            "The peers write each tile as a view in chunks of 4×256×256 and three levels (1, 1×2×2, 2×4×4); \"views\" "
            "has the same chunks and the levels that BigDataViewer proposes: on set M the same three. "
            "\"Fused\" writes one stitched volume with the store's levels and default chunks. npy2bdv's mean truncates; pybdv leaves out blocks of zeros."),
    ]


def labels(name):
    whole = "Whole processes on both sides: theirs load the tiles into memory first, ours reads as it goes."
    return [
        Job(f"labels/{name}/overlaps", "Pairs of labels that overlap",
            (Ours("brickwork", "labels overlaps {labels}", ".csv", answer="label_pairs"),
             Peer("NumPy, unique of the overlaps", (("overlaps", "numpy-crop"),), ("numpy", "tifffile"), answer="pairs", is_whole=True, loads=True),
             Peer("fastremap, unique of the overlaps", (("overlaps", "fastremap-crop"),), ("fastremap", "tifffile"), answer="pairs", is_whole=True, loads=True)),
            f"Answer: pairs found. {whole}"),
        Job(f"labels/{name}/dedup", "Labels joined across tiles",
            (Ours("brickwork, to a map", "labels dedup {labels}", ".csv", answer="new_labels"),
             Peer("NumPy, union-find", (("dedup", "numpy-unionfind"),), ("numpy", "tifffile"), answer="ids", is_whole=True, loads=True)),
            f"Answer: labels that are left. {whole}"),
        Job(f"labels/{name}/relabel", "Tiles relabelled",
            (Ours("brickwork, joined and written too", "labels dedup {labels}", ".ome.zarr", answer="new_labels"),
             Peer("fastremap.remap, in memory", (("relabel_lut", "fastremap-remap"),), ("fastremap", "tifffile"), loads=True),
             Peer("numpy.take, in memory", (("relabel_lut", "numpy-take"),), ("numpy", "tifffile"), loads=True)),
            "Not the same work: theirs is a table applied to tiles in memory, ours a store on the disk. The loops alone are in the table of kernels."),
        Job(f"labels/{name}/centroids", "Centroids of the stitched labels",
            (Ours("brickwork", "labels centroids {labels}", ".csv", answer="labels"),
             Peer("cc3d.statistics", (("centroids", "cc3d-statistics"),), ("cc3d", "tifffile"), answer="n", loads=True),
             Peer("NumPy, bincount of planes", (("centroids", "bincount-slabs"),), ("numpy", "tifffile"), answer="n", loads=True)),
            "Answer: objects found. The clocks of all include blending the tiles. cc3d counts the background as one."),
    ]


def jobs(name):
    """Whole jobs from end to end, most of them without a peer."""
    def ours(job, title, words, output="", **more):
        return Job(f"jobs/{name}/{job}", title, (Ours("brickwork", words, output, **more),))

    # The ND2 file shows another scene, in as many tiles of the same size.
    formats = [
        ("tiles", "uncompressed TIFF"), ("deflated", "TIFF, deflate"), ("hdf5", "HDF5"), ("views", "BigDataViewer HDF5"),
        ("imported", "imported OME-Zarr"), ("nd2", "ND2"), ("jp2", "JPEG 2000")]
    return [
        *(ours(f"stitch-{source}", f"Stitching {words} with all levels, linear fusion", f"stitch {{{source}}} {GRID}", ".ome.zarr")
          for source, words in formats),
        ours("import", "Import of uncompressed TIFF", "import {tiles}", ".zarr"),
        ours("import-deflated", "Import of deflated TIFF", "import {deflated}", ".zarr"),
        ours("export-fused", "Export of tiles to BDV HDF5, fused on the way", "export {tiles} --fusion linear", ".h5"),
        ours("export-tiff", "Export of a store to OME-TIFF, deflate", "export {store} --compression deflate", ".ome.tif"),
        Job(f"jobs/{name}/percentiles", "Percentiles of all tiles",
            (Ours("brickwork", "intensity {tiles} --percentiles 1,99.9 --per-tile"),
             Peer("NumPy, bincount", (("percentiles", "bincount"),), ("numpy", "tifffile"), is_whole=True, loads=True)),
            "Whole processes on both sides."),
        ours("surface", "Both surfaces of a store", "surface {store} --from both", "-surface"),
        ours("preview-store", "Preview of a store, the middle plane", "preview {store}", ".png"),
        ours("preview-tiles", "Preview of tiles, the middle plane", "preview {tiles}", ".png"),
    ]


def needed(jobs):
    """What the wanted jobs' words name in braces."""
    commands = [getattr(program, "words", "") or getattr(program, "command", "") for job in jobs for program in job.programs]
    return {part.split("}")[0] for words in commands for part in words.split("{")[1:]}
