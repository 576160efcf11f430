"""Where the processor time of a job goes: each sample of `perf` in one of a few classes.

where_time_goes.py [--json] -- COMMAND…

    where_time_goes.py -- brickwork stitch tiles/*.tif --offsets tiles/offsets.csv -o out.ome.zarr --overwrite

Codecs, our kernels (fusion, means, histograms …), copies of voxels, and what the kernel does for reading, writing and mapping
are told apart by the call chains. Then come wall time, processor time and how busy the cores were. Needs `perf` and
the right to use it; the command is run once.
"""

import argparse
import collections
import json
import os
import re
import subprocess
import sys
import tempfile
import time

# The first class whose pattern is found in a sample's own symbol or file, for user code.
OURS = [
    ("codec", r"libzstd|libdeflate|libisal|libblosc|liblz4|libopenjp2|libz\.so|Zstd|Shuffle|Blosc|Deflate|crc_by|make_shifts|crc32c|_bsf|igzip|isal_|adler"),
    ("fusion kernel", r"BrickStitch\d+Fus|Blend|overlay|BrickStitch"),
    ("means and majority", r"writePairMeans|PairMean|downsampl|Downsampl|ajority|VoxelMeanRule"),
    ("histogram", r"countShorts|countBytes|VoxelHistogram|Intensity"),
    ("labels", r"BrickLabels|elabel"),
    ("surface", r"BrickSurface"),
    ("copy of voxels", r"memmove|memcpy|memset|VoxelBlockV4copy"),
    ("HDF5", r"libhdf5"),
    ("Swift runtime", r"libswift"),
]
# For the kernel, the first class whose function is anywhere in the call chain.
KERNEL = [
    ("kernel: write", r"sys_pwrite|sys_write|vfs_write"),
    ("kernel: to disk", r"sys_fsync|sys_sync_file_range|sys_fdatasync"),
    ("kernel: drop written pages", r"sys_fadvise"),
    ("kernel: read", r"sys_pread|sys_read|vfs_read"),
    ("kernel: ask for and give back pages", r"madvise|munmap"),
    ("kernel: map pages", r"page_fault"),
    ("kernel: start of the process", r"execve|sys_mmap|do_exit|exit_mmap|sys_brk|sys_open|exit_group"),
]


def class_of(chain):
    """The class of a sample, whose own function comes first."""
    symbol, dso = chain[0]
    if "kernel" in dso or symbol.endswith("_[k]"):
        text = " ".join(s for s, _ in chain)
        return next((name for name, pattern in KERNEL if re.search(pattern, text)), "kernel: other")
    own = f"{symbol} {dso}"
    for name, pattern in OURS:
        if name == "copy of voxels" and "libc" in dso and re.search(r"memmove|memcpy|memset", own):
            return name
        if re.search(pattern, own):
            return name
    return "other"


def samples(data):
    script = subprocess.Popen(
        ["perf", "script", "-i", data, "-F", "ip,sym,dso"], stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True)
    chain = []
    for line in script.stdout:
        line = line.strip()
        if not line:
            if chain:
                yield chain
            chain = []
            continue
        match = re.match(r"[0-9a-f]+ (.*) \((.*)\)$", line)
        if match:
            chain.append((match.group(1), match.group(2)))
    if chain:
        yield chain


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("command", nargs=argparse.REMAINDER)
    options = arguments.parse_args()
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    with tempfile.TemporaryDirectory() as folder:
        data = f"{folder}/perf.data"
        before = os.times()
        start = time.monotonic()
        status = subprocess.run(
            ["perf", "record", "-q", "-F", "997", "-g", "-o", data, "--", *command], stdout=subprocess.DEVNULL)
        wall = time.monotonic() - start
        if status.returncode:
            sys.exit(f"the command ended with {status.returncode}")
        counts = collections.Counter(class_of(chain) for chain in samples(data))
    after = os.times()
    # perf's own part is small, but it is in here.
    seconds = sum(counts.values()) / 997
    total = sum(counts.values())
    shares = {name: count / total for name, count in counts.most_common()}
    if options.json:
        print(json.dumps({"wall_s": wall, "cpu_s": seconds, "shares": shares}))
        return
    for name, share in shares.items():
        print(f"{100 * share:5.1f} %  {name}")
    print(f"{seconds:.2f} s of processor time in {wall:.2f} s: {seconds / wall:.2f} cores busy")


main()
