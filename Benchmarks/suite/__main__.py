"""Brickwork beside other programs: one paired run, in turns, and its report.

    python3 Benchmarks/suite --brickwork PATH --readers FOLDER --work FOLDER [options]

`make bench` builds both and calls this. Records are kept in WORK/records.jsonl, from which --report-only makes the
report again. See Benchmarks/README.md.
"""
import argparse
import os
import pathlib
import re
import sys
import time

import curves
import formats
import jobs
import machine
import process
import reads
import report
import sets
from results import Results
from rounds import Rounds
from settings import HERE, Settings, available


def arguments():
    parser = argparse.ArgumentParser(prog="suite", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    # As `make` hands them over: what was not given is empty.
    path = lambda text: pathlib.Path(text).resolve() if text else None
    parser.add_argument("--brickwork", type=path, help="the command")
    parser.add_argument("--readers", type=path, help="the folder of ReadTiles, ReadStore and Kernels")
    parser.add_argument("--work", type=path, required=True, help="a folder for tiles, stores and records, on the disk that is measured")
    parser.add_argument("--peers", type=path, help="the peers' script, `SCRIPT TASK --peer NAME --data FOLDER …`")
    parser.add_argument("--datasets", type=path, help="the script that makes the tiles, `SCRIPT FOLDER --size S`")
    parser.add_argument("--nd2", type=path, help="a script that writes ND2 files")
    parser.add_argument("--peer-python", default="", help="an interpreter with the peers' packages")
    parser.add_argument("--sets", default="S,M", help="data sets, the smallest first, of S, M, L and XL")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--slow", type=float, default=20, help="programs that take more seconds run twice, those that take three times as many once")
    parser.add_argument("--longest", type=float, default=600, help="peers that would take more seconds, by their speed on the set before, are skipped")
    parser.add_argument("--only", default="", help="a regular expression that the names of jobs, chapter/set/job, have to hold")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--largest", type=float, default=42, help="GB of tiles at the end of the curve of time against size")
    parser.add_argument("--cold", action="store_true", help="take tiles and stores out of the page cache before each run")
    parser.add_argument("--results", type=path, default=HERE.parent / "Results", help="where the report is written")
    parser.add_argument("--report-only", action="store_true", help="make the report from the records of WORK")
    parser.add_argument("--list", action="store_true", help="print the names of jobs")
    return parser.parse_args()


def main():
    options = arguments()
    if not options.report_only and not options.list:
        for name, value in (("--brickwork", options.brickwork), ("--readers", options.readers)):
            if value is None or not value.exists():
                sys.exit(f"suite: {name} is not there: build with `make bench`, which gives it")
        for name, value in (("--peers", options.peers), ("--datasets", options.datasets), ("--nd2", options.nd2)):
            if value is not None and not value.exists():
                sys.exit(f"suite: {name} {value}: there is no such file")
    options.work.mkdir(parents=True, exist_ok=True)
    settings = Settings(
        brickwork=options.brickwork, readers=options.readers, work=options.work, peers=options.peers, datasets=options.datasets, nd2=options.nd2,
        python=options.peer_python or sys.executable, sets=[name for name in options.sets.split(",") if name], rounds=options.rounds,
        slow=options.slow, longest=options.longest,
        only=re.compile(options.only), threads=min(options.threads, len(available())), largest=options.largest,
        is_cold=options.cold)
    if options.list:
        for name in settings.sets:
            for job in every_job(settings, name):
                print(job.name)
        return
    if not options.report_only:
        measure(settings)
    if not settings.records.exists():
        sys.exit(f"suite: there are no records in {settings.work}: run without --report-only first")
    path = report.write(Results(settings.records), options.results)
    print(f"report: {os.path.relpath(path)}")


def every_job(settings, name):
    return [
        *jobs.stitch(name), *jobs.export(name), *jobs.labels(name), *reads.jobs(settings, name), *jobs.jobs(name), *curves.memory(name),
        *curves.threads(name)]


def measure(settings):
    began = time.monotonic()
    for folder in ("out", "sets", "prepared"):
        (settings.work / folder).mkdir(exist_ok=True)
    # The records of the run before stay beside the new ones until the next run.
    if settings.records.exists():
        settings.records.replace(settings.records.with_suffix(".before.jsonl"))
    settings.write({"machine": machine.describe(settings)})
    if settings.wants("limits"):
        settings.write({"limits": machine.limits(settings)})
    if settings.wants("kernels"):
        settings.write({"kernels": machine.kernels(settings)})
    rounds = Rounds(settings)
    for name in settings.sets:
        measure_set(settings, rounds, name)
        settings.say(f"set {name} done after {(time.monotonic() - began) / 60:.1f} minutes")
    formats.run(rounds)
    process.remove(settings.work / "out")
    settings.say(f"all done after {(time.monotonic() - began) / 60:.1f} minutes")


def measure_set(settings, rounds, name):
    # Curves are of the last set that is not larger than M: 8 GiB of budget and 40 GB of tiles are far beyond it.
    draws = name == ([one for one in settings.sets if one in ("S", "M")] or settings.sets)[-1]
    everything = [job for job in every_job(settings, name) if draws or job.name.split("/")[0] not in ("memory", "threads")]
    wanted = [job for job in everything if settings.wants(job.name)]
    if not wanted and not (draws and settings.wants(f"size/{name}/stitch")):
        return
    place = sets.place(settings, name)
    if place is None:
        return
    if draws and settings.wants("limits"):
        settings.write({"limits": machine.codec(settings, place)})
    prepare(settings, place, wanted)
    chapters = [jobs.stitch(name), jobs.export(name), jobs.labels(name), reads.jobs(settings, name), jobs.jobs(name)]
    if "labels" not in place.paths:
        settings.skip(f"labels/{name}", "the set has no labels")
        chapters.remove(jobs.labels(name))
    if draws:
        least = curves.smallest(settings, place) if any(job.name.startswith("memory/") for job in wanted) else curves.none
        chapters += [curves.memory(name, least), curves.threads(name)]
    for chapter in chapters:
        rounds.run(chapter, place)
    if draws:
        curves.size(rounds, place)


def prepare(settings, place, wanted):
    """Makes what the wanted jobs start from."""
    preparation = sets.Preparation(settings, place)
    needed = jobs.needed(wanted)
    made = {
        "store": preparation.store, "default_store": preparation.default_store, "views": preparation.views, "imported": preparation.imported,
        "deflated": preparation.deflated, "hdf5": preparation.hdf5, "nd2": preparation.nd2, "jp2": preparation.jpeg2000}
    for name, make in made.items():
        if name in needed:
            make()
    for codec in ("bzstd1", "zstd3"):
        if any(step[0] in ("pyramid", "read_volume") and codec in step for job in wanted for program in job.programs for step in getattr(program, "steps", ())):
            preparation.peers_store(codec)


try:
    main()
except KeyboardInterrupt:
    # What has been measured is in the records: --report-only makes a report of it.
    sys.exit(130)
