"""The figures of a report, each an SVG made from the records."""
from statistics import median

from curves import BUDGETS, amount, budget
from plots import COLOURS, Axis, Bars, Curves, number

OURS, LIMIT = COLOURS[0], "#9aa7b0"
THEIRS = COLOURS[1]


def all_figures(results):
    """Name and SVG of each figure there are records for."""
    figures = {}
    figures["limits"] = limits(results)
    for set_name in results.sets("stitch"):
        figures[f"peers-{set_name}"] = peers(results, set_name)
    figures["memory"] = memory(results)
    figures["size"] = size(results)
    figures["threads"] = threads(results)
    return {name: svg for name, svg in figures.items() if svg}


def decade(values):
    """A logarithmic range around values: from 1, 2 or 5 times a power of ten below the least to one above the most."""
    steps = [factor * 10.0**power for power in range(-3, 8) for factor in (1, 2, 5)]
    return max(step for step in steps if step <= min(values) * 0.95), min(step for step in steps if step >= max(values) * 1.05)


def limits(results):
    """Our throughput beside what the machine can do at most."""
    wanted = [
        ("stitch", "raw", "brickwork", "stitching, no compression, level 0"), ("stitch", "level0", "brickwork", "stitching, level 0"),
        ("stitch", "pyramid", "brickwork, all levels", "stitching, all levels"), ("jobs", "import", "brickwork", "import"),
        ("export", "bdv", "brickwork, fused, from a store", "export to BDV HDF5"), ("read", "stream", "brickwork", "reading a store"),
        ("jobs", "percentiles", "brickwork", "percentiles"), ("jobs", "surface", "brickwork", "both surfaces"),
        ("labels", "relabel", "brickwork, joined and written too", "labels joined and relabelled")]
    ours = []
    for chapter, job, who, words in wanted:
        for set_name in reversed(results.sets(chapter)):
            entry = results.entry(f"{chapter}/{set_name}/{job}", who)
            if entry:
                ours.append((words, entry, set_name))
                break
    if not ours or not results.limits:
        return None
    values = [entry.rate for _, entry, _ in ours] + list(results.limits.values())
    threads = results.machine["threads"]
    bars = Bars(
        "Throughput against the machine's limits", f"MB of uint16 voxels of the tiles (reading: of the volume) a second, {threads} threads, medians",
        *decade(values), "MB/s")
    bars.group("The machine at most")
    for name, rate in results.limits.items():
        bars.bar(name, rate, colour=LIMIT)
    bars.group("brickwork")
    for words, entry, set_name in ours:
        bars.bar(f"{words} ({set_name})", entry.rate, entry.spread, OURS)
    return bars.svg()


def peers(results, set_name):
    """Every comparison of a set: ours and theirs, MB/s."""
    jobs = [job for chapter in ("stitch", "export", "labels", "read") for job in results.chapter(chapter) if job.set == set_name]
    jobs = [job for job in jobs if any(entry.is_ours for entry in job.ran) and any(not entry.is_ours for entry in job.ran)]
    if not jobs:
        return None
    bars = Bars(
        f"Brickwork beside other programs, set {set_name}",
        f"MB/s, wall time, {results.machine['threads']} threads; medians, black lines from the slowest run to the fastest",
        *decade([rate for job in jobs for entry in job.ran for rate in entry.rates]), "MB/s")
    for job in jobs:
        bars.group(job.title)
        for entry in job.ran:
            bars.bar(entry.who, entry.rate, entry.spread, OURS if entry.is_ours else THEIRS)
    return bars.svg()


def memory(results):
    jobs = [job for job in results.chapter("memory") if len(job.ran) > 1]
    if not jobs:
        return None
    budgets = [entry.x for job in jobs for entry in job.ran]
    most = max(rate for job in jobs for entry in job.ran for rate in entry.rates)
    ticks = [mib for mib in BUDGETS if mib >= min(budgets)]
    # The smallest budget is an odd number; its name needs room before the next.
    if ticks[0] / min(budgets) > 1.5:
        ticks.insert(0, min(budgets))
    x = Axis(min(budgets) / 1.15, max(budgets) * 1.15, is_log=True, ticks=ticks, name=lambda mib: budget(int(mib)))
    plot = Curves(
        "Throughput against the memory budget", f"Set {jobs[0].set}, {results.machine['threads']} threads, medians; shaded from the slowest to the fastest run",
        x, Axis(0, most * 1.12, name=number), "--memory", "MB of tiles a second")
    for job in jobs:
        plot.line(job.title, [(entry.x, entry.rate) for entry in job.ran], [entry.spread for entry in job.ran])
    first = jobs[0]
    level = 0.85 * first.ran[-1].rate
    plot.rule("85 % of the first at its largest", [(min(budgets), level), (max(budgets), level)])
    return plot.svg()


def size(results):
    jobs = [job for job in results.chapter("size") if len(job.ran) > 1]
    if not jobs:
        return None
    job = jobs[-1]
    gigabytes = [entry.x for entry in job.ran]
    seconds = [value for entry in job.ran for name in ("seconds", "cpu") for value in entry.values(name)]
    slope = median(entry.seconds / entry.x for entry in job.ran)
    low, high = decade(seconds + [slope * gigabytes[0], slope * gigabytes[-1]])
    x = Axis(gigabytes[0] / 1.8, gigabytes[-1] * 1.3, is_log=True, ticks=gigabytes, name=amount)
    plot = Curves(
        "Time against the size of the data", f"{job.title}, {results.machine['threads']} threads, medians", x, Axis(low, high, is_log=True, name=number),
        "tiles", "seconds")
    plot.line("wall time", [(entry.x, entry.seconds) for entry in job.ran], labels=lambda value: f"{number(value)} s")
    plot.line("processor time", [(entry.x, entry.median("cpu")) for entry in job.ran])
    plot.rule("in proportion", [(value, slope * value) for value in (gigabytes[0], gigabytes[-1])])
    return plot.svg()


def threads(results):
    jobs = [job for job in results.chapter("threads") if len(job.ran) > 1]
    if not jobs:
        return None
    counts = sorted({entry.x for job in jobs for entry in job.ran})
    first = jobs[0].ran[0]
    ideal = first.rate * counts[-1] / first.x
    most = max([ideal] + [rate for job in jobs for entry in job.ran for rate in entry.rates])
    is_log = counts[-1] > 4
    x = Axis(counts[0] / 1.1 if is_log else 0.8, counts[-1] * 1.1 if is_log else counts[-1] + 0.2, is_log=is_log, ticks=counts, name=lambda n: f"{n:.0f}")
    plot = Curves(
        "Scaling with threads", f"Set {jobs[0].set}, one processor for each thread, medians; shaded from the slowest to the fastest run",
        x, Axis(0, most * 1.12, name=number), "threads", "MB of tiles a second")
    for job in jobs:
        plot.line(job.title, [(entry.x, entry.rate) for entry in job.ran], [entry.spread for entry in job.ran])
    # In proportion to the first; straight on a linear axis alone, so each count has its point.
    plot.rule("the first in proportion", [(count, first.rate * count / first.x) for count in counts])
    return plot.svg()
