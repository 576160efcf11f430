"""The report: Markdown with tables of all jobs, and the figures beside it."""
import statistics

import aims
import figures

MARK = "<!-- made by `make bench` -->"
CHAPTERS = {
    "stitch": "Stitching", "export": "Export", "labels": "Labels", "read": "Reading stores", "files": "Reading tile files", "jobs": "Whole jobs"}
ALIGN = "|---|" + "---:|" * 9


def write(results, folder):
    """Writes the report and its figures into a folder; returns the report's path."""
    folder.mkdir(parents=True, exist_ok=True)
    date = results.machine["date"]
    path = folder / f"{date}.md"
    # A page of the same day that somebody wrote is not replaced.
    if path.exists() and MARK not in path.read_text():
        path = folder / f"{date}-suite.md"
    drawn = figures.all_figures(results)
    for name, svg in drawn.items():
        (folder / f"{path.stem}-{name}.svg").write_text(svg)
    lines = [f"# The benchmark suite, {date}", "", MARK, "", *machine(results), *judged(results)]
    lines += picture(drawn, path, "limits", "Throughput against the machine's limits")
    lines += shares(results)
    for chapter, title in CHAPTERS.items():
        lines += tables(results, chapter, title, drawn, path)
    lines += curves(results, drawn, path)
    if results.kernels:
        lines += ["## Kernels beside C loops built for this processor", "", *results.kernels.splitlines(), ""]
    lines += left_out(results)
    path.write_text("\n".join(lines).rstrip() + "\n")
    return path


def picture(drawn, path, name, words):
    return [f"![{words}]({path.stem}-{name}.svg)", ""] if name in drawn else []


def machine(results):
    about, others = results.machine, results.others
    libraries = ", ".join(f"{name} {version}" for name, version in about["libraries"].items())
    peers = ", ".join(f"{name} {version}" for name, version in about["peers"].items())
    busy = f"the median share of other processes was {statistics.median(others) * 100:.0f} %, the largest {max(others) * 100:.0f} %" if others else "not measured"
    cache = "taken out of" if about["cold"] else "in"
    rounds = f"{about['rounds']} round" + ("s in turns" if about["rounds"] > 1 else "")
    lines = [
        f"{about['processor']}; {about['cores']} processors, {about['memory_gb']:.0f} GB; {about['disk']}; {about['system']}, {about['kernel']}. "
        f"Brickwork {about['brickwork']} ({about['commit']}), Swift {about['swift']}; {libraries}.", "",
        f"Peers: {peers}." if peers else "No peers.", "",
        f"{rounds}, {about['threads']} threads on as many pinned processors, tiles {cache} the page cache. Of the pinned "
        f"processors, {busy}.", ""]
    if results.limits:
        lines += ["| what the machine can do at most | MB/s |", "|---|---:|"]
        lines += [f"| {name} | {rate:.0f} |" for name, rate in results.limits.items()] + [""]
    return lines


def judged(results):
    verdicts = aims.verdicts(results)
    if not verdicts:
        return []
    lines = ["## What was aimed at", "", "| | aim | wall time | processor time | |", "|---|---|---:|---:|---|"]
    lines += [f"| {v.what} | {v.aim} | {v.wall} | {v.cpu} | {'met' if v.is_met else '**missed**'} |" for v in verdicts]
    return lines + [""]


def shares(results):
    found = aims.shares(results)
    if not found:
        return []
    lines = ["| voxels of the volume | MB/s | the limit | MB/s | share | the codec's share of the processor time |", "|---|---:|---|---:|---:|---:|"]
    for what, rate, limit, most, of_cpu in found:
        lines.append(f"| {what} | {rate:.0f} | {limit} | {most:.0f} | {rate / most * 100:.0f} % | {f'{of_cpu * 100:.0f} %' if of_cpu else ''} |")
    return lines + [""]


def tables(results, chapter, title, drawn, path):
    jobs = results.chapter(chapter)
    if not jobs:
        return []
    lines = [f"## {title}", ""]
    if chapter == "files":
        # A table of all: each file has but two rows, and as many again for each number of threads.
        return lines + table([row for job in jobs for row in compared(job, lambda who: f"{job.title}: {who}")]) + [""]
    for set_name in results.sets(chapter):
        of_set = [job for job in jobs if job.set == set_name]
        lines += [f"### Set {set_name}", ""]
        if chapter == "stitch":
            lines += picture(drawn, path, f"peers-{set_name}", f"Brickwork beside other programs, set {set_name}")
        alone = [job for job in of_set if len(job.entries) == 1]
        for job in of_set:
            if job not in alone:
                lines += [f"**{job.title}**", "", *table(compared(job)), "", *([job.note, ""] if job.note else [])]
        if alone:
            lines += [*table([(job.title, entry, None) for job in alone for entry in job.entries.values()]), ""]
            lines += [note for job in alone if job.note for note in (job.note, "")]
    return lines


def compared(job, name=str):
    """The rows of a job: what each is called, its runs, and the first of ours, which the others are compared with."""
    base = next((entry for entry in job.entries.values() if entry.is_ours and entry.runs), None)
    return [(name(who), entry, base) for who, entry in job.entries.items()]


def table(rows):
    """Rows of a name, an entry, and one to compare it with or None. Columns that nobody fills are left out."""
    filled = [cells(*row) for row in rows]
    heads = ["", "runs", "s", "from … to", "MB/s", "MB per CPU s", "CPU s", "peak MiB", "written MB", "answer", "time ÷ ours", "CPU ÷ ours"]
    kept = [column for column in range(len(heads)) if column < 2 or any(row[column] for row in filled)]
    lines = ["| " + " | ".join(heads[column] for column in kept) + " |", "|---|" + "---:|" * (len(kept) - 1)]
    return lines + ["| " + " | ".join(row[column] for column in kept) + " |" for row in filled]


def cells(name, entry, base):
    shown = f"**{name}**" if entry.is_ours and base else name
    if not entry.runs:
        return [f"{shown}: {entry.failure or 'did not run'}", "0"] + [""] * 10
    seconds, cpu = sorted(entry.values("seconds")), entry.median("cpu")
    written, answer = entry.median("written"), next(iter(entry.values("answer")), None)
    digits = 2 if seconds[0] < 100 else 0
    is_other = base is not None and base is not entry
    return [
        shown, str(len(seconds)), f"{entry.seconds:.{digits}f}", f"{seconds[0]:.{digits}f} … {seconds[-1]:.{digits}f}" if len(seconds) > 1 else "",
        f"{entry.rate:.0f}", f"{entry.cpu_rate:.0f}", f"{cpu:.2f}", f"{entry.median('peak'):.0f}", f"{written / 1e6:.0f}" if written else "",
        f"{answer}" if answer is not None else "",
        f"{entry.seconds / base.seconds:.2f}" if is_other else "", f"{max(cpu, 0.01) / max(base.median('cpu'), 0.01):.2f}" if is_other else ""]


def curves(results, drawn, path):
    lines = []
    for chapter, title in (("memory", "Throughput against the memory budget"), ("size", "Time against the size of the data"), ("threads", "Scaling with threads")):
        jobs = results.chapter(chapter)
        if not jobs:
            continue
        lines += [f"## {title}", "", *picture(drawn, path, chapter, title)]
        for job in jobs:
            lines += [f"**{job.title}** (set {job.set})", "", *curve(job, chapter), ""]
    return lines


def curve(job, chapter):
    """A curve as a table; what its last column compares with depends on the curve."""
    # Budgets with the largest one, threads with one thread, sizes with the line of proportion.
    base = {"memory": job.ran[-1:], "threads": job.ran[:1]}.get(chapter, [])
    last = {"memory": f"of {base[0].who if base else ''}", "threads": "× 1 thread", "size": "from proportion"}[chapter]
    away = dict(zip((entry.who for entry in job.ran), zip(aims.from_proportion(job, "seconds"), aims.from_proportion(job, "cpu")))) if chapter == "size" else {}
    lines = [f"| | runs | s | from … to | MB/s | MB per CPU s | peak MiB | {last} | CPU: {last} |", ALIGN.replace("---:|", "", 1)]
    for entry in job.entries.values():
        if not entry.runs:
            lines.append(f"| {entry.who}: {entry.failure or 'did not run'} | 0 | | | | | | | |")
            continue
        if chapter == "size":
            compared = [f"{share * 100:+.1f} %" for share in away[entry.who]]
        elif chapter == "memory":
            compared = [f"{entry.rate / base[0].rate * 100:.0f} %", f"{entry.cpu_rate / base[0].cpu_rate * 100:.0f} %"]
        else:
            compared = [f"{entry.rate / base[0].rate:.2f}", f"{entry.cpu_rate / base[0].cpu_rate:.2f}"]
        seconds = sorted(entry.values("seconds"))
        lines.append(
            f"| {entry.who} | {len(seconds)} | {entry.seconds:.2f} | {seconds[0]:.2f} … {seconds[-1]:.2f} | {entry.rate:.0f} | {entry.cpu_rate:.0f} "
            f"| {entry.median('peak'):.0f} | {compared[0]} | {compared[1]} |")
    return lines


def left_out(results):
    if not results.skipped:
        return []
    return ["## Left out", "", *dict.fromkeys(f"- {what}: {why}" for what, why in results.skipped), ""]
