"""Curves: throughput against the memory budget and the threads, time against the size of the data."""
import json
import re

import process
import sets
from programs import Ours, Peer
from rounds import Job
from settings import BRICK, SHARD, available

BUDGETS = (128, 256, 512, 1024, 2048, 4096, 8192)      # MiB
LAYERS = (1, 3, 9, 27, 75)
STITCH = f"stitch {{tiles}} --brick {BRICK} --shard {SHARD}"


def none(words):
    """No smallest budget, where nobody has looked for it."""
    return 0


def memory(name, least=none):
    """The same job at budgets up to 8 GiB, from the smallest that does, which `least` finds, in MiB."""
    def at(words, output):
        smallest = least(words)
        budgets = [smallest] * (smallest > 0) + [mib for mib in BUDGETS if mib > smallest]
        return tuple(Ours(budget(mib), f"{words} --memory {mib}MiB", output, x=mib) for mib in budgets)

    return [
        Job(f"memory/{name}/stitch", "Stitching with all levels, linear fusion", at(STITCH, ".ome.zarr"), unit="MiB"),
        Job(f"memory/{name}/export", "Export of the stitched store to BDV HDF5", at("export {store}", ".h5"), unit="MiB"),
    ]


def smallest(settings, place):
    """What finds the smallest budget of a job in MiB: a plan for one that is too small tells it."""
    def least(words):
        if any(name not in place.paths for name in place.names(words)):
            return 0
        # The plan of a larger budget may need more than the message said: asked again until it is content.
        budget = 1
        for _ in range(9):
            output = settings.work / ("out/least.h5" if words.startswith("export") else "out/least.zarr")
            command = [
                settings.brickwork, *place.fill(words), "--threads", settings.threads, "--memory", f"{budget}MiB", "--dry-run", "-o", output]
            found = re.search(r"at least (\d+) MiB", process.run(command, settings.cpus, settings.work / "out").error)
            if not found:
                return budget if budget > 1 else 0
            budget = max(budget + 1, int(found.group(1)))
        return 0

    return least


def budget(mib):
    return f"{mib // 1024} GiB" if mib % 1024 == 0 else f"{mib} MiB"


def threads(name):
    """The same job with 1, 2, 4 … threads, as many processors each."""
    counts = [count for count in (1, 2, 4, 8, 16, 32, 64) if count <= len(available())]

    def ours(job, title, words, output):
        return Job(
            f"threads/{name}/{job}", title, tuple(Ours(threads_of(n), words, output, x=n, threads=n) for n in counts), unit="threads")

    level0 = f"{STITCH} --fusion overwrite --levels 1"
    return [
        ours("level0", "brickwork, level 0", level0, ".ome.zarr"),
        ours("pyramid", "brickwork, all levels", STITCH, ".ome.zarr"),
        ours("export", "brickwork, export to BDV HDF5", "export {store}", ".h5"),
        Job(f"threads/{name}/tensorstore", "TensorStore, level 0", tuple(
            Peer(threads_of(n), (("stitch", "tensorstore", "--codec", "bzstd1"),), ("tensorstore", "tifffile"), x=n, threads=n) for n in counts),
            unit="threads"),
    ]


def amount(gigabytes):
    return f"{gigabytes:.1f} GB" if gigabytes >= 0.3 else f"{gigabytes * 1000:.0f} MB"


def threads_of(count):
    return f"{count} thread{'s' if count > 1 else ''}"


def size(rounds, place):
    """Time against size: layers of two tiles on one another, the same tile files again and again.

    Layers touch without overlap, so that voxels read, fused and written all grow in proportion.
    """
    settings = rounds.settings
    name = f"size/{place.name}/stitch"
    if not settings.wants(name):
        return
    about = json.loads((place.folder / "dataset.json").read_text())
    depth, _, width = about["tile_zyx"]
    files = [place.folder / tile for tile in about["tiles"]]
    layer = 2 * about["tile_bytes"] // about["n_tiles"]
    programs = []
    for count in LAYERS:
        gigabytes = count * layer / 1e9
        if gigabytes > settings.largest:
            settings.say(f"  {name}: no {amount(gigabytes)}, which is more than LARGEST={settings.largest:g}")
            continue
        # What is written: 0.4 of the tiles' bytes at level 0, and a third more in all levels.
        if not settings.room(gigabytes * 0.55, f"{name}, {amount(gigabytes)}"):
            continue
        tiles = [files[number % len(files)] for number in range(2 * count)]
        offsets = [(number % 2 * (width - width // 10), 0, number // 2 * depth) for number in range(2 * count)]
        path = settings.work / "prepared" / place.name / f"layers{count}.json"
        place.paths[f"layers{count}"] = sets.tileset(path, tiles, about, offsets)
        words = STITCH.replace("{tiles}", f"{{layers{count}}}")
        programs.append(Ours(amount(gigabytes), f"{words} --levels 5", ".ome.zarr", x=gigabytes, bytes=count * layer))
    rounds.run([Job(name, "Stitching with five levels, linear fusion", tuple(programs), unit="GB")], place)
