"""Counts what jobs of brickwork do on tiny tiles, and compares it with what is stored: no regression slips in.

counts.py BRICKWORK WORK [--stored fixtures/counts.json] [--record] [--only WORD] [--rounds 1]

Times wobble; these don't. Each job runs with one thread on one processor, once by itself and once under Valgrind, whose
processor is always the same one, with AVX2 and without AVX-512. Counted are

  instructions    executed, of the program and all libraries (Valgrind's)
  calls           of read and write, by any name
  read, written   bytes of these calls; what is read from a mapped file is none
  stored          bytes of the files a job leaves

Page faults are not among them: they depend on the kernel's settings. Each has a tolerance in per cent, stored beside it. A count above it fails; one below says that it could be recorded anew
(--record, after a change that is meant). Instructions are those of one compiler and of one system's libraries: without
Valgrind, or where these are others than the stored counts come from, they are left out, and this says so. There, --record
with another --stored makes counts to compare with. Exits with 1 where a count failed.
"""

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys

from count_jobs import JOBS, Job, make

# Per cent. Instructions are the same to 0.03 %, whatever else the machine does; 1 % more is a change of the program.
TOLERANCES = {"instructions": 1.0, "calls": 10.0, "read": 5.0, "written": 2.0, "stored": 1.0}
# A few more are nothing, however few there were: files of /proc and libraries are read too, and threads wake each other.
SLACK = {"instructions": 0, "calls": 20, "read": 65536, "written": 4096, "stored": 256}

# Valgrind before 3.20 writes to the constant that a waiting main thread of libdispatch hands to sigsuspend.
SHIM = """
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>
int sigsuspend(const sigset_t *mask) {
  sigset_t copy = *mask;
  return (int)syscall(SYS_rt_sigsuspend, &copy, 8);
}
"""


class Counter:
    def __init__(self, brickwork, work):
        self.brickwork = os.path.abspath(brickwork)
        self.work = os.path.abspath(work)
        self.cpu = min(os.sched_getaffinity(0))
        # Nothing of the surroundings: a longer environment is more to parse.
        self.environment = {"PATH": "/usr/bin:/bin", "HOME": self.work, "LC_ALL": "C", "TZ": "UTC"}
        for name in ("LD_LIBRARY_PATH",):
            if name in os.environ:
                self.environment[name] = os.environ[name]
        self.valgrind, self.missing = self.prepare_valgrind()

    def prepare_valgrind(self):
        """The words to put before a command, and the program without what Valgrind can't read; or the reason why not."""
        if not shutil.which("valgrind"):
            return None, "Valgrind is not installed (apt-get install valgrind)"
        strip = shutil.which("strip") or shutil.which("llvm-strip")
        compiler = shutil.which("clang") or shutil.which("cc")
        if not strip or not compiler:
            return None, "there is no strip or no C compiler"
        self.stripped = f"{self.work}/stripped"
        subprocess.run([strip, "-g", "-o", self.stripped, self.brickwork], check=True)
        with open(f"{self.work}/shim.c", "w") as file:
            file.write(SHIM)
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", f"{self.work}/shim.so", f"{self.work}/shim.c"], check=True)
        words = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
        return [*words, f"--log-file={self.work}/valgrind.log"], ""

    def prepare(self):
        """The store that some jobs read."""
        job = Job("the store", ["stitch", "tiles.json", "-o", "store.zarr"])
        self.run(job, [self.brickwork, *job.words], self.environment)

    def count(self, job):
        """The counts of a job, each run of it on a place where nothing is left of the run before."""
        counts = self.run(job, [self.brickwork, *job.words], self.environment)
        counts["stored"] = self.clear(job)
        if self.valgrind:
            environment = {**self.environment, "LD_PRELOAD": f"{self.work}/shim.so"}
            self.run(job, [*self.valgrind, self.stripped, *job.words], environment)
            self.clear(job)
            with open(f"{self.work}/valgrind.log") as log:
                text = log.read()
            found = re.search(r"I\s+refs:\s+([\d,]+)", text)
            if not found:
                raise SystemExit(f"{job.name}: Valgrind counted nothing:\n{text[-2000:]}")
            counts["instructions"] = int(found[1].replace(",", ""))
        return counts

    def run(self, job, words, environment):
        words = [*words, *(["--threads", "1", "--memory", "256MiB", "--progress", "none"] if job.plans else [])]
        with open(f"{self.work}/job.err", "wb") as errors:
            child = subprocess.Popen(
                words, cwd=self.work, env=environment, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
                preexec_fn=lambda: os.sched_setaffinity(0, {self.cpu}))
            # Its accounts can be read as long as it is not taken away.
            os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
            with open(f"/proc/{child.pid}/io") as file:
                io = {name: int(value) for name, value in (line.split(": ") for line in file)}
            _, status = os.waitpid(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            with open(f"{self.work}/job.err", errors="replace") as file:
                raise SystemExit(f"{job.name}: exit {child.returncode}: {file.read()[-2000:]}")
        return {"calls": io["syscr"] + io["syscw"], "read": io["rchar"], "written": io["wchar"]}

    def clear(self, job):
        """Deletes a job's outputs, or keeps them where they are the source of others, and says how large they are."""
        size = 0
        for name in job.outputs:
            path = f"{self.work}/{name}"
            parts = [path]
            if os.path.isdir(path):
                parts = [os.path.join(parent, file) for parent, _, files in os.walk(path) for file in files]
            size += sum(map(os.path.getsize, parts))
            shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)
        return size


def system():
    """What the instructions of a job depend on besides the program: processor, libraries, compiler, Valgrind."""
    def first(words, pattern):
        try:
            text = subprocess.run(words, capture_output=True, text=True, check=True).stdout
            return re.search(pattern, text)[1]
        except (OSError, subprocess.CalledProcessError, TypeError):
            return "none"

    with open("/proc/cpuinfo") as file:
        # Valgrind's processor has them where the real one does.
        vectors = "AVX2" if " avx2" in file.read() else "no AVX2"
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {}
    return ", ".join([
        f"{platform.machine()} with {vectors}", f"{release.get('ID')} {release.get('VERSION_ID')}",
        f"Swift {first(['swift', '--version'], r'Swift version ([0-9.]+)')}",
        f"Valgrind {first(['valgrind', '--version'], r'valgrind-([0-9.]+)')}",
    ])


def compare(job, counts, stored):
    """Prints the line of a job; the names of the counts that are too large."""
    words, failures = [], []
    for name, value in counts.items():
        if name not in stored:
            failures.append(f"{name} is not stored")
            continue
        most = stored[name]["count"] * (1 + stored[name]["per_cent"] / 100) + SLACK[name]
        least = stored[name]["count"] * (1 - stored[name]["per_cent"] / 100) - SLACK[name]
        change = 100 * (value / max(1, stored[name]["count"]) - 1)
        words.append(f"{name} {value} ({change:+.2f} %)")
        if value > most:
            failures.append(f"{name} {stored[name]['count']} became {value}, {change:+.1f} %")
        elif value < least:
            words[-1] += " better: record it"
    print(f"{'FAILED ' if failures else ''}{job.name}: {', '.join(words)}", flush=True)
    return failures


def write(document, path):
    """A line for each count."""
    jobs = []
    for job, counts in document["jobs"].items():
        lines = [f"      {json.dumps(name)}: {json.dumps(count)}" for name, count in counts.items()]
        jobs.append(f"    {json.dumps(job)}: {{\n" + ",\n".join(lines) + "\n    }")
    with open(path, "w") as file:
        file.write('{\n  "system": ' + json.dumps(document["system"]) + ',\n  "jobs": {\n')
        file.write(",\n".join(jobs) + "\n  }\n}\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("brickwork")
    parser.add_argument("work")
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    parser.add_argument("--stored", default=os.path.join(root, "fixtures/counts.json"))
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    if not hasattr(os, "sched_setaffinity"):
        print("COUNTS ARE NOT CHECKED: only Linux tells them")
        return 0
    shutil.rmtree(options.work, ignore_errors=True)
    os.makedirs(options.work)
    make(options.work)
    counter = Counter(options.brickwork, options.work)
    counter.prepare()
    here = system()
    document = {"system": here, "jobs": {}}
    if not options.record:
        with open(options.stored) as file:
            document = json.load(file)
    if not counter.valgrind or document["system"] != here:
        reason = counter.missing or f"the stored ones are of {document['system']}, and this is {here}"
        print(f"INSTRUCTIONS ARE NOT COUNTED: {reason}", flush=True)
        counter.valgrind = None
    failures = []
    for job in [job for job in JOBS if options.only in job.name]:
        for _ in range(options.rounds):
            counts = counter.count(job)
            if options.record:
                stored = {name: {"count": value, "per_cent": TOLERANCES[name]} for name, value in sorted(counts.items())}
                document["jobs"].setdefault(job.name, stored)
            failures += [f"{job.name}: {words}" for words in compare(job, counts, document["jobs"].get(job.name, {}))]
    if options.record:
        write(document, options.stored)
    shutil.rmtree(options.work)
    for words in failures:
        print(f"FAILED {words}")
    print(f"{len(failures)} counts too large" if failures else "all counts as stored")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
