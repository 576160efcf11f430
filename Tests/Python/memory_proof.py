"""Shows that every job of brickwork keeps its promise of memory, on tiles at least ten times as large.

memory_proof.py BRICKWORK WORK [--scale tiny|small|L|XL] [--memory MIB] [--only WORD] [--smallest] [--threads 2]

Each job runs in a memory cgroup of its own, at --memory and 128 MiB more, in which the kernel counts the page cache and
there is no swap; all files are out of the cache before. It has to end well and unharmed, and memory that is no file's
has to stay within --memory, looked at every 20 ms. That takes root and writable cgroups; where they lack, this
says so and looks at the processes' own memory alone. --smallest gives each job 1 MiB first: it has to refuse at once and
name the smallest budget, with which it has to work and stay within, and 1 MiB below which it has to refuse again.

small has 1.3 GB of tiles and a budget of 128 MiB, L 6.4 GB and 512 MiB, XL 34 GB and 512 MiB; WORK takes 3, 12 and 22 GB.
tiny is for --smallest. small and tiny --smallest are parts of `make test`.
Prints a line a job; exits with 1 where one failed. Needs NumPy, tifffile, h5py and glymur.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys

import limited_run
import proof_tiles
from proof_jobs import JOBS

MIB = 1 << 20
ABOVE = 128 * MIB
TOO_SMALL = re.compile(r"takes at least (\d+) MiB")


class Proof:
    def __init__(self, options):
        self.options = options
        self.scale = proof_tiles.SCALES[options.scale]
        _, y, x = proof_tiles.extent(self.scale)
        self.memory = options.memory or self.scale.memory
        # Two tiles of 4 MiB a plane.
        planes = 8 if options.scale == "tiny" else 10 * self.memory // 8
        self.numbers = {"x": x // 2, "y": y // 2, "planes": planes}
        self.command = os.path.abspath(options.brickwork)
        self.work = os.path.abspath(options.work)
        self.can_limit, reason = limited_run.can_limit()
        if not self.can_limit:
            print(
                f"NOT LIMITED BY THE KERNEL ({reason}): the page cache is not counted, and only the processes' own memory"
                " is compared with the budget", flush=True)
        self.passed = self.failed = 0

    def size(self, job):
        """Bytes of the tiles that a job reads, as voxels."""
        z, y, x = self.scale.shape
        scale = self.scale
        voxels = z * y * x
        number = {
            "": 0, "tiles": scale.tiles, "changed": scale.tiles, "labels": scale.labels, "jp2": scale.jpeg2000
        }.get(job.reads, scale.compressed)
        if job.reads == "jp2":
            voxels = min(z, 32) * y * x
        return number * voxels * (4 if job.reads == "labels" else 2)

    def run(self, job, memory):
        """One run of a job with `memory` MiB, on files that are in nobody's page cache."""
        limited_run.evict(self.work)
        words = [self.command, *(word.format(**self.numbers) for word in job.words)]
        if job.plans:
            words += ["--memory", f"{memory}MiB", "--threads", str(self.options.threads), "--progress", "none"]
        return limited_run.run(words, self.work, memory * MIB + ABOVE if self.can_limit else None)

    def check(self, job):
        size = self.size(job)
        if self.options.smallest and job.plans:
            self.check_smallest(job)
            return
        run = self.run(job, self.memory)
        complaints = self.complaints(run, self.memory)
        # JPEG 2000 is decoded at some 30 MB/s: a set of that size would take longer than all others together.
        if self.options.scale != "tiny" and size and job.reads != "jp2" and size < 10 * self.memory * MIB:
            complaints.append(f"its tiles are only {size // MIB} MiB")
        self.tell(job, run, self.memory, size, complaints)

    def complaints(self, run, memory):
        found = []
        if run.killed:
            found.append(f"the kernel killed it at {memory + ABOVE // MIB} MiB")
        if run.code:
            lines = run.errors.strip().splitlines()
            found.append(f"exit {run.code}: {lines[-1] if lines else 'no word'}")
        if run.anonymous > memory * MIB:
            found.append(f"took {run.anonymous / MIB:.0f} MiB of its own")
        return found

    def check_smallest(self, job):
        """1 MiB is refused with the smallest budget, which works; 1 MiB less than that does not."""
        refused = self.run(job, 1)
        named = TOO_SMALL.search(refused.errors)
        if refused.code != 1 or not named:
            self.tell(job, refused, 1, 0, [f"exit {refused.code} with 1 MiB: {refused.errors.strip()[-300:]}"])
            return
        smallest = int(named[1])
        less = self.run(job, smallest - 1)
        complaints = []
        if less.code != 1 or not TOO_SMALL.search(less.errors):
            complaints.append(f"exit {less.code} with {smallest - 1} MiB: {less.errors.strip()[-300:]}")
        run = self.run(job, smallest)
        while job.learns and run.code == 1 and (named := TOO_SMALL.search(run.errors)) and int(named[1]) > smallest:
            smallest = int(named[1])
            run = self.run(job, smallest)
        self.tell(job, run, smallest, self.size(job), complaints + self.complaints(run, smallest))

    def tell(self, job, run, memory, size, complaints):
        self.passed += not complaints
        self.failed += bool(complaints)
        verdict = "ok" if not complaints else "FAILED: " + "; ".join(complaints)
        total = f"{run.total / MIB:6.0f}" if run.total else "     -"
        print(
            f"{job.name:22} {size / MIB:7.0f} {memory:6} {run.anonymous / MIB:6.0f} {total} {run.cpu:7.1f} {run.wall:7.1f}"
            f"  {verdict}", flush=True)

    def prove(self):
        print(
            f"{'':22}   tiles budget    own  group   CPU s  wall s      (MiB; own: no file's; group: page cache counted, "
            f"limit budget + {ABOVE // MIB})", flush=True)
        commands = self.commands()
        for job in JOBS:
            if self.options.scale not in job.scales or job.words[0] not in commands:
                continue
            if self.options.only and self.options.only not in job.name:
                continue
            before = set(os.listdir(self.work))
            self.check(job)
            for name in (set(os.listdir(self.work)) - before - set(job.keeps)) | set(job.drops):
                remove(os.path.join(self.work, name))
        # A command that is added later has to be added here.
        for command in commands - {job.words[0] for job in JOBS}:
            self.failed += 1
            print(f"FAILED: no job runs `brickwork {command}`: add one to proof_jobs.py")
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        return self.failed == 0

    def commands(self):
        """The names of the program's commands, from its help."""
        words = [self.command, "--help"]
        text = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        return set(re.findall(r"^  ([a-z]+) {2,}\S", text[text.index("SUBCOMMANDS:") :], re.MULTILINE))


def remove(path):
    if os.path.isdir(path):
        shutil.rmtree(path)
    elif os.path.exists(path):
        os.remove(path)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("brickwork")
    parser.add_argument("work")
    parser.add_argument("--scale", choices=proof_tiles.SCALES, default="small")
    parser.add_argument("--memory", type=int)
    parser.add_argument("--only")
    parser.add_argument("--smallest", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    if sys.platform != "linux":
        print("MEMORY IS NOT CHECKED: only Linux tells a process's own memory from pages of files")
        return
    remove(options.work)
    # In a process of its own: what NumPy takes is not in the way of the runs.
    here = os.path.dirname(os.path.abspath(__file__))
    subprocess.run([sys.executable, f"{here}/proof_tiles.py", options.work, options.scale], check=True)
    proof = Proof(options)
    offsets = [proof.command, "offsets", "tiles.json", "-o", "offsets.csv"]
    subprocess.run(offsets, cwd=options.work, check=True, capture_output=True)
    try:
        sys.exit(0 if proof.prove() else 1)
    finally:
        remove(options.work)


if __name__ == "__main__":
    main()
