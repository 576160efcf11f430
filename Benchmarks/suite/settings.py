"""What a run of the suite is told on its command line, and where it puts things."""
import json
import os
import pathlib
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from functools import cached_property

HERE = pathlib.Path(__file__).resolve().parent
PEER_SCRIPTS = HERE / "peer"
# Of every store that is compared, on both sides: voxels of a brick and of a shard, z,y,x.
BRICK = "32,128,128"
SHARD = "64,512,512"


@dataclass
class Settings:
    brickwork: pathlib.Path
    readers: pathlib.Path       # folder of ReadTiles, ReadStore and Kernels
    work: pathlib.Path
    peers: pathlib.Path | None
    datasets: pathlib.Path | None
    nd2: pathlib.Path | None
    python: str
    sets: list
    rounds: int
    slow: float                 # seconds from which a program runs fewer rounds
    longest: float              # seconds that a peer may take, by its speed on the set before
    only: re.Pattern
    threads: int
    largest: float              # GB of tiles in the curve of time against size
    is_cold: bool = False       # tiles and stores leave the page cache before each run
    skipped: list = field(default_factory=list)

    @property
    def cpus(self):
        """The processors that everything is pinned to: as many as there are threads."""
        return sorted(available())[: self.threads]

    @property
    def records(self):
        return self.work / "records.jsonl"

    def wants(self, name):
        return bool(self.only.search(name))

    def say(self, text):
        print(text, flush=True)

    def skip(self, what, why):
        """Says aloud, once, and remembers for the report what is not measured."""
        if (what, why) not in self.skipped:
            self.skipped.append((what, why))
            self.say(f"  skipped: {what}: {why}")
            self.write({"skipped": what, "why": why})

    def write(self, record):
        # A report is for others: messages of programs that failed may name folders of this machine.
        line = json.dumps(record)
        for name, path in (("WORK", self.work), ("PEERS", self.peers), ("DATASETS", self.datasets), ("ND2", self.nd2)):
            if path:
                line = line.replace(str(path), name)
        with open(self.records, "a") as lines:
            lines.write(line + "\n")

    @cached_property
    def versions(self):
        """Versions of the packages in the peers' interpreter, by name; those that are missing are not there."""
        try:
            done = subprocess.run([self.python, PEER_SCRIPTS / "versions.py"], capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            self.skip("every peer", f"PEER_PYTHON does not run: {type(error).__name__}")
            return {}
        return json.loads(done.stdout)

    def missing(self, modules):
        """Why a program that needs these packages can't run, or None."""
        absent = [name for name in modules if name not in self.versions]
        return f"{', '.join(absent)} not installed in PEER_PYTHON" if absent else None

    def room(self, gigabytes, what):
        """Whether the disk has so much room, and 5 GB more; says so where it has not."""
        free = shutil.disk_usage(self.work).free / 1e9
        if free >= gigabytes + 5:
            return True
        self.skip(what, f"takes {gigabytes:.0f} GB of disk and 5 GB to spare, {free:.0f} GB are free")
        return False


def available():
    """The processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return os.sched_getaffinity(0)
    return set(range(os.cpu_count() or 1))
