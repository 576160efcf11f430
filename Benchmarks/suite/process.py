"""One process: pinned, alone, and measured by what the kernel says of it when it ends."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Ended:
    """How a process went. Seconds of wall and processor time, MiB of its largest resident set."""
    code: int
    seconds: float
    cpu: float
    peak: float
    others: float       # of the processors it was pinned to, the share that others had, 0 to 1
    out: str
    error: str

    @property
    def last_line(self):
        """The JSON object that a program prints last."""
        return json.loads(self.out.strip().splitlines()[-1])

    @property
    def reason(self):
        """Why it failed, in a line."""
        lines = self.error.strip().splitlines()
        return f"exit code {self.code}: {lines[-1][:200] if lines else 'no message'}"


def run(command, cpus, folder, after=None, timeout=3600):
    """Runs a command on some processors. `after` is called when it has ended, within the clock.

    Output goes through files in `folder`: a pipe that nobody empties would stop the program.
    """
    out, error = folder / "stdout.txt", folder / "stderr.txt"
    pin = (lambda: os.sched_setaffinity(0, cpus)) if hasattr(os, "sched_setaffinity") else None
    with open(out, "w") as stdout, open(error, "w") as stderr:
        busy, started = busy_seconds(cpus), time.perf_counter()
        # Of its own session, so that what it started ends with it when time is up.
        child = subprocess.Popen([str(word) for word in command], stdout=stdout, stderr=stderr, preexec_fn=pin, start_new_session=True)
        usage = wait(child, timeout)
        if after:
            after()
        seconds = time.perf_counter() - started
        busy = busy_seconds(cpus) - busy
    cpu = usage.ru_utime + usage.ru_stime
    # The kernel counts KiB, and bytes on macOS.
    peak = usage.ru_maxrss / (1 if os.uname().sysname == "Linux" else 1024) / 1024
    others = max(0.0, (busy - cpu) / seconds / max(1, len(cpus)))
    return Ended(child.returncode, seconds, cpu, peak, others, out.read_text(errors="replace"), error.read_text(errors="replace"))


def wait(child, timeout):
    """Waits for a child and returns its resource usage; kills it when its time is up."""
    def expired(_number, _frame):
        os.killpg(child.pid, signal.SIGKILL)

    before = signal.signal(signal.SIGALRM, expired)
    signal.alarm(timeout)
    try:
        _, status, usage = os.wait4(child.pid, 0)
    except BaseException:
        os.killpg(child.pid, signal.SIGKILL)
        raise
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    child.returncode = os.waitstatus_to_exitcode(status)
    return usage


def busy_seconds(cpus):
    """Seconds that these processors have been busy or taken away by the host, all processes together; 0 where unknown."""
    try:
        lines = pathlib.Path("/proc/stat").read_text().splitlines()
    except OSError:
        return 0.0
    names = {f"cpu{number}" for number in cpus}
    total = 0
    for words in map(str.split, lines):
        if words[0] in names:
            user, nice, system, _idle, _waiting, interrupts, soft, stolen = map(int, words[1:9])
            total += user + nice + system + interrupts + soft + stolen
    return total / TICKS


def files(path):
    """Every file of a file or folder."""
    path = pathlib.Path(path)
    return [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]


def flush(path):
    """Has every file on the disk, as the peers' clock does."""
    for file in files(path):
        descriptor = os.open(file, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


def size(path):
    """Bytes of a file or folder."""
    return sum(file.stat().st_size for file in files(path))


def remove(path):
    path = pathlib.Path(path)
    if path.is_dir():
        shutil.rmtree(path)
    elif path.exists():
        path.unlink()


def warm(paths):
    """Reads files once, so that they are in the page cache as far as it holds them."""
    buffer = bytearray(8 << 20)
    for path in paths:
        with open(path, "rb", buffering=0) as file:
            while file.readinto(buffer):
                pass


def evict(paths):
    """Takes files out of the page cache, as far as nobody else has them mapped; where the system can't, they stay."""
    if not hasattr(os, "posix_fadvise"):
        return
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)
