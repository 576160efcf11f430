"""Runs a program under a limit of the kernel that counts the page cache, and watches what memory it takes of its own.

As root, on Linux with memory cgroups of either version; elsewhere only the program's own memory is watched.
"""

import os
import signal
import subprocess
import time
from dataclasses import dataclass

CGROUPS_1 = "/sys/fs/cgroup/memory"
CGROUPS_2 = "/sys/fs/cgroup"
SAMPLE_SECONDS = 0.02


@dataclass
class Run:
    """What came of a run. Memory in bytes, times in seconds."""

    code: int  # negative: ended by that signal
    killed: int  # processes the kernel ended for want of memory
    anonymous: int  # the largest sample of memory that is no file's page
    total: int  # the largest charge of the group, page cache included; 0 where none was counted
    cpu: float
    wall: float
    output: str
    errors: str


class Group:
    """A memory cgroup of its own that lives as long as the `with` block."""

    def __init__(self, limit):
        self.version = 1 if os.path.isdir(CGROUPS_1) else 2
        self.path = os.path.join(CGROUPS_1 if self.version == 1 else CGROUPS_2, f"brickwork.{os.getpid()}")
        self.limit = limit

    def __enter__(self):
        if self.version == 2:
            with open(f"{CGROUPS_2}/cgroup.subtree_control", "w") as control:
                control.write("+memory")
        elif not os.path.exists(f"{CGROUPS_1}/memory.limit_in_bytes"):
            raise FileNotFoundError(f"{CGROUPS_1} counts no memory")
        os.mkdir(self.path)
        try:
            if self.version == 1:
                self.write("memory.limit_in_bytes", self.limit)
                # With swap accounting in the kernel this forbids swap; without it there is nothing to forbid.
                if os.path.exists(f"{self.path}/memory.memsw.limit_in_bytes"):
                    self.write("memory.memsw.limit_in_bytes", self.limit)
            else:
                self.write("memory.max", self.limit)
                if os.path.exists(f"{self.path}/memory.swap.max"):
                    self.write("memory.swap.max", 0)
        except OSError:
            os.rmdir(self.path)
            raise
        return self

    def __exit__(self, *_):
        for _ in range(50):
            try:
                os.rmdir(self.path)
                return
            except OSError:  # the kernel takes a moment to see the last process go
                time.sleep(0.02)

    def write(self, name, value):
        with open(f"{self.path}/{name}", "w") as file:
            file.write(str(value))

    def peak(self):
        name = "memory.max_usage_in_bytes" if self.version == 1 else "memory.peak"
        try:
            with open(f"{self.path}/{name}") as file:
                return int(file.read())
        except OSError:  # kernels before 5.19
            return 0

    def killed(self):
        name = "memory.oom_control" if self.version == 1 else "memory.events"
        with open(f"{self.path}/{name}") as file:
            counts = dict(line.split() for line in file)
        return int(counts.get("oom_kill", 0))


def can_limit():
    """Whether a group can be made here; else the reason as the second value."""
    try:
        with Group(1 << 30):
            return True, ""
    except OSError as error:
        return False, str(error)


def run(words, folder, limit=None, sampling=SAMPLE_SECONDS):
    """Runs `words` in `folder`, limited to `limit` bytes if given, and waits for the end."""
    if limit is None:
        return watch(words, folder, None, sampling)
    with Group(limit) as group:
        return watch(words, folder, group, sampling)


def watch(words, folder, group, sampling):
    start = time.monotonic()
    # A shell steps into the group and becomes the program: so the group is charged with nothing of this process.
    step = ["/bin/sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', group.path] if group else []
    with open(f"{folder}/run.out", "wb") as output, open(f"{folder}/run.err", "wb") as errors:
        child = subprocess.Popen([*step, *words], cwd=folder, stdout=output, stderr=errors)
    try:
        anonymous = 0
        while True:
            ended, status, usage = os.wait4(child.pid, os.WNOHANG)
            if ended:
                break
            anonymous = max(anonymous, anonymous_bytes(child.pid))
            time.sleep(sampling)
    except BaseException:
        os.kill(child.pid, signal.SIGKILL)
        os.wait4(child.pid, 0)
        child.returncode = -signal.SIGKILL
        raise
    child.returncode = os.waitstatus_to_exitcode(status)
    return Run(
        child.returncode, group.killed() if group else 0, anonymous, group.peak() if group else 0,
        usage.ru_utime + usage.ru_stime, time.monotonic() - start,
        text(f"{folder}/run.out"), text(f"{folder}/run.err"))


def text(path):
    with open(path, errors="replace") as file:
        return file.read(1 << 16)


def anonymous_bytes(pid):
    """Memory of a process that no file stands for; 0 once it has ended."""
    try:
        with open(f"/proc/{pid}/status") as status:
            for line in status:
                if line.startswith("RssAnon:"):
                    return int(line.split()[1]) << 10
    except (FileNotFoundError, ProcessLookupError):
        pass
    return 0


def evict(folder):
    """Takes the files of a folder out of the page cache: pages stay charged to the group that brought them in."""
    for parent, _, names in os.walk(folder):
        for name in names:
            file = os.open(os.path.join(parent, name), os.O_RDONLY)
            try:
                os.fsync(file)
                os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(file)
