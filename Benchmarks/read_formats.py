#!/usr/bin/env python3
"""How fast tiles come out of their files: ReadTiles beside the usual Python reader of each format, in one paired run.

    read_formats.py READ_TILES MAKE_ND2 WORK [--rounds 5] [--megabytes 256]

MAKE_ND2 is a script that writes ND2 files (`MAKE_ND2 OUT --size WxH --z N --pattern noise [--compress]`). The files are made in WORK, once.
Both read every voxel from the page cache and sum all bytes; the sums have to agree. Prints a table of medians and ranges.
The interpreter needs numpy, nd2, tifffile, imagecodecs, glymur and h5py.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

PEERS = {
    "nd2": "import nd2; f = nd2.ND2File(path); a = f.asarray()",
    "tifffile": "import tifffile; a = tifffile.imread(path, maxworkers=threads)",
    "glymur": "import glymur; glymur.set_option('lib.num_threads', threads); a = glymur.Jp2k(path)[:]",
    "h5py": """import h5py
with h5py.File(path) as f: a = f['tile'][:]""",
}
RUN_PEER = """
import sys, time, json
path, threads = sys.argv[1], int(sys.argv[2])
import numpy
started = time.perf_counter()
%s
n = a.nbytes
s = int(numpy.ascontiguousarray(a).view('u1').sum(dtype='u8')) if sys.argv[3] == 'sum' else 0
print(json.dumps({'bytes': n, 'sum': s, 'seconds': time.perf_counter() - started}))
"""


def make(work, make_nd2, megabytes):
    """The files by job: path, peer, planes a slab. Camera-like voxels: offset, gain, shot noise and a few bright spots."""
    import glymur
    import h5py
    import numpy
    import tifffile

    rng = numpy.random.default_rng(7)
    planes = max(8, megabytes // 8)
    size = (planes, 2048, 2048)
    spots = rng.random((planes // 8 + 1, 64, 64)) ** 12 * 4000
    spots = spots.repeat(8, 0)[:planes].repeat(32, 1).repeat(32, 2)

    def voxels():
        voxels = numpy.empty(size, "u2")
        for z in range(planes):
            voxels[z] = rng.poisson(100 + spots[z]) + rng.normal(0, 2, size[1:]).round().astype("i4") + 8
        return voxels

    data = None
    jobs = {}

    def job(name, peer, file, planes_a_slab, write):
        nonlocal data
        path = work / file
        if not path.exists():
            if data is None:
                data = voxels()
            write(path, data)
        jobs[name] = (path, peer, planes_a_slab)

    def chunks(**options):
        def write(path, data):
            with h5py.File(path, "w") as file:
                file.create_dataset("tile", data=data, **options)
        return write

    def nd2(*options):
        def write(path, data):
            subprocess.run([sys.executable, make_nd2, path, "--size", "2048x2048", "--z", str(planes), "--no-xy", "--pattern", "noise", "--bits", "10", *options],
                           check=True, stdout=subprocess.DEVNULL)
        return write

    def jp2(path, data):
        # Planes as components: a quarter of the data, since decoding takes long.
        part = numpy.moveaxis(data[: max(8, planes // 4)], 0, -1)
        glymur.Jp2k(path, data=part, tilesize=(1024, 1024), mct=False)

    job("TIFF, uncompressed", "tifffile", "raw.tif", 1, lambda p, d: tifffile.imwrite(p, d))
    job("TIFF, deflate + predictor, one strip a page", "tifffile", "deflate.tif", 1,
        lambda p, d: tifffile.imwrite(p, d, compression="zlib", predictor=True, rowsperstrip=2048))
    job("TIFF, LZW, strips of 64 rows", "tifffile", "lzw.tif", 1,
        lambda p, d: tifffile.imwrite(p, d, compression="lzw", predictor=True, rowsperstrip=64))
    job("ND2, uncompressed", "nd2", "raw.nd2", 1, nd2())
    job("ND2, zlib", "nd2", "zlib.nd2", 1, nd2("--compress"))
    job("HDF5, contiguous", "h5py", "raw.h5", 1, chunks())
    job("HDF5, chunks 16×128×128, shuffle + deflate", "h5py", "deflate.h5", 16,
        chunks(chunks=(16, 128, 128), shuffle=True, compression="gzip", compression_opts=1))
    job("JPEG 2000, planes as components", "glymur", "components.jp2", 1, jp2)
    return jobs


def run(command):
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("read_tiles")
    parser.add_argument("make_nd2")
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--megabytes", type=int, default=256)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    print("| file | reader | threads | MB/s (median) | MB/s (range) | times |", flush=True)
    print("|---|---|---|---|---|---|")
    for name, (path, peer, planes) in make(options.work, options.make_nd2, options.megabytes).items():
        if options.only not in name:
            continue
        checks = {
            "brickwork": run([options.read_tiles, "1", str(planes), "64", "sum", path])["sum"],
            peer: run([sys.executable, "-c", RUN_PEER % PEERS[peer], path, "1", "sum"])["sum"],
        }
        if len(set(checks.values())) > 1:
            sys.exit(f"{name}: the readers disagree: {checks}")
        for threads in (1, 2):
            speeds = {"brickwork": [], peer: []}
            cpus = set(range(threads))
            for turn in range(options.rounds):
                programs = [
                    ("brickwork", [options.read_tiles, str(threads), str(planes), "64", "read", path]),
                    (peer, [sys.executable, "-c", RUN_PEER % PEERS[peer], path, str(threads), "read"]),
                ]
                for who, command in programs if turn % 2 else reversed(programs):
                    os.sched_setaffinity(0, cpus)
                    result = run(command)
                    speeds[who].append(result["bytes"] / result["seconds"] / 1e6)
            medians = {who: statistics.median(values) for who, values in speeds.items()}
            for who, values in speeds.items():
                times = f"{medians['brickwork'] / medians[peer]:.2f}" if who == "brickwork" else ""
                print(f"| {name} | {who} | {threads} | {medians[who]:.0f} | {min(values):.0f}…{max(values):.0f} | {times} |", flush=True)


main()
