"""What the suite is judged by: each aim, the figure, and whether it is met."""
from dataclasses import dataclass


@dataclass
class Verdict:
    what: str
    aim: str
    wall: str
    cpu: str
    is_met: bool


def verdicts(results):
    """Every aim that the records say something about; of several sets, the one that ran last, which is the largest."""
    found = []
    for set_name in reversed(results.sets("stitch")):
        found += stitching(results, f"stitch/{set_name}")
        if found:
            break
    for set_name in reversed(results.sets("export")):
        found += exporting(results, f"export/{set_name}/bdv")
        break
    for set_name in reversed(results.sets("read")):
        found += reading(results, f"read/{set_name}")
        break
    return found + curves(results)


def times(ours, theirs, what, least):
    """How many times as long they take as we do, by the wall's clock and the processors'."""
    wall = theirs.seconds / ours.seconds
    cpu = max(theirs.median("cpu"), 0.01) / max(ours.median("cpu"), 0.01)
    return Verdict(what, f"≥ {least:g} ×", f"{wall:.2f} ×", f"{cpu:.2f} ×", wall >= least and cpu >= least)


def stitching(results, chapter):
    aims = [
        ("level0", "brickwork", "TensorStore, bzstd1", 1.5, "level 0 alone, same codec: TensorStore"),
        ("level0", "brickwork", "dask + zarr-python, bzstd1", 3, "level 0 alone, same codec: dask + zarr-python"),
        ("pyramid", "brickwork, the same 3 levels", "TensorStore, bzstd1", 3, "with pyramid, same codec and levels: TensorStore, both steps"),
        ("pyramid", "brickwork, the same 3 levels", "dask + zarr-python, bzstd1", 3, "with pyramid, same codec and levels: dask + zarr-python, both steps"),
        ("default-level0", "brickwork", "TensorStore, zstd3", 5, "level 0 alone, default codecs: TensorStore"),
        ("default-level0", "brickwork", "dask + zarr-python, zstd3", 5, "level 0 alone, default codecs: dask + zarr-python"),
        ("default-pyramid", "brickwork, the same 3 levels", "TensorStore, zstd3", 5, "with pyramid, default codecs: TensorStore, both steps"),
        ("default-pyramid", "brickwork, the same 3 levels", "dask + zarr-python, zstd3", 5, "with pyramid, default codecs: dask + zarr-python, both steps"),
    ]
    name = chapter.split("/")[1]
    found = []
    for job, ours, theirs, least, words in aims:
        one, other = results.entry(f"{chapter}/{job}", ours), results.entry(f"{chapter}/{job}", theirs)
        if one and other:
            found.append(times(one, other, f"stitching {name}, {words}", least))
    plain = results.entry(f"{chapter}/cost-of-pyramid", "brickwork, level 0 alone")
    for who in ("brickwork, all levels of cubes", "brickwork, all levels of this voxel size"):
        entry = results.entry(f"{chapter}/cost-of-pyramid", who)
        if plain and entry:
            wall, cpu = entry.seconds / plain.seconds - 1, entry.median("cpu") / plain.median("cpu") - 1
            found.append(Verdict(
                f"stitching {name}, what the pyramid costs: {who.split(', ')[1]}", "≤ 20 %", f"{wall * 100:.0f} %", f"{cpu * 100:.0f} %",
                wall <= 0.2 and cpu <= 0.2))
    return found


def exporting(results, job):
    found = []
    for own, words in (("brickwork, views", "views"), ("brickwork, fused, from a store", "from a store")):
        ours = results.entry(job, own)
        for who in ("npy2bdv, gzip", "pybdv, gzip"):
            theirs = results.entry(job, who)
            if ours and theirs:
                verdict = times(ours, theirs, f"export of {job.split('/')[1]}, {words}: {who}", 20)
                ratio = ours.median("written") / theirs.median("written")
                verdict.what += f" (our file has {ratio * 100:.0f} % of its bytes)"
                verdict.aim += ", no larger"
                verdict.is_met = verdict.is_met and ratio <= 1
                found.append(verdict)
    return found


def reading(results, chapter):
    found = []
    for job, least in (("bricks", 1.3), ("boxes", 1.3), ("volume", 1.5), ("stream", 1.5)):
        result = results.jobs.get(f"{chapter}/{job}")
        ours = result.entries.get("brickwork") if result else None
        theirs = [entry for entry in result.ran if not entry.is_ours] if result else []
        if ours and ours.runs and theirs:
            best = min(theirs, key=lambda entry: entry.seconds)
            found.append(times(ours, best, f"reading {chapter.split('/')[1]}, {result.title}: {best.who}", least))
    return found


def curves(results):
    found = []
    for job in results.chapter("memory"):
        least, most = job.ran[0], job.ran[-1]
        if len(job.ran) > 1:
            wall, cpu = least.rate / most.rate, least.cpu_rate / most.cpu_rate
            found.append(Verdict(
                f"{job.set}, {job.title}: throughput at {least.who} of that at {most.who}", "≥ 85 %", f"{wall * 100:.0f} %", f"{cpu * 100:.0f} %",
                wall >= 0.85 and cpu >= 0.85))
    for job in results.chapter("size"):
        if len(job.ran) > 1:
            wall, cpu = farthest(job, "seconds"), farthest(job, "cpu")
            found.append(Verdict(
                f"{job.title}, {job.ran[0].who} to {job.ran[-1].who}: farthest from proportion", "± 10 %", f"{wall * 100:+.1f} %", f"{cpu * 100:+.1f} %",
                abs(wall) <= 0.1 and abs(cpu) <= 0.1))
    return found


def shares(results):
    """How near some jobs come to the machine's limit for them: what, MB/s, the limit's name and MB/s, and the share of their
    processor time that the codec alone would take."""
    threads = results.machine["threads"]
    words = f"{threads} thread{'s' if threads > 1 else ''}"
    wanted = [
        ("stitch", "level0", "brickwork", f"default codec, compressing, {words}"), ("stitch", "raw", "brickwork", "disk, writing"),
        ("read", "bricks", "brickwork", f"default codec, decompressing, {words}"), ("read", "stream", "brickwork", f"default codec, decompressing, {words}")]
    found = []
    for chapter, job, who, limit in wanted:
        for set_name in reversed(results.sets(chapter)):
            entry = results.entry(f"{chapter}/{set_name}/{job}", who)
            if entry and limit in results.limits:
                moved = entry.median("volume") or entry.median("bytes")
                most = results.limits[limit]
                title = results.jobs[f"{chapter}/{set_name}/{job}"].title
                of_cpu = moved / 1e6 / (most / threads) / max(entry.median("cpu"), 0.01) if "codec" in limit else None
                found.append((f"{title} ({set_name})", moved / entry.seconds / 1e6, limit, most, of_cpu))
                break
    return found


def from_proportion(job, name):
    """How far each point lies from the line of proportion through all of them, as a share; in the order of size.

    The line's slope is the median of all times per GB, so that no single point draws it to itself.
    """
    slopes = [entry.median(name) / entry.x for entry in job.ran]
    middle = sorted(slopes)[len(slopes) // 2] if len(slopes) % 2 else sum(sorted(slopes)[len(slopes) // 2 - 1 : len(slopes) // 2 + 1]) / 2
    return [slope / middle - 1 for slope in slopes]


def farthest(job, name):
    return max(from_proportion(job, name), key=abs)
