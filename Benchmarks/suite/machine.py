"""The machine: what it is, and what it can do at most."""
import datetime
import mmap
import os
import pathlib
import platform
import re
import subprocess
import time

import process
from settings import BRICK, HERE, available

LIBRARIES = ["libzstd", "blosc", "libdeflate", "libisal", "hdf5", "libtiff-4", "libopenjp2"]
# Of each limit: how many times, the best is taken. Other work only makes them smaller.
TIMES = 5


def describe(settings):
    """What the report says of the machine and the versions; nothing that names a folder."""
    about = {
        "date": datetime.date.today().isoformat(),
        "processor": processor(), "cores": len(available()), "memory_gb": round(memory() / 1e9, 1),
        "kernel": f"{platform.system()} {platform.release()}", "system": system(), "disk": disk(settings.work),
        "swift": first(["swift", "--version"], r"Swift version (\S+)"), "libraries": libraries(), "peers": settings.versions,
        "commit": first(["git", "-C", str(HERE), "describe", "--always", "--dirty"], r"(\S+)"),
        "brickwork": first([str(settings.brickwork), "--version"], r"(.*)"), "threads": settings.threads, "rounds": settings.rounds, "cold": settings.is_cold,
    }
    return about


def first(command, pattern):
    """What a pattern finds in the output of a command, or "unknown"."""
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError:
        return "unknown"
    found = re.search(pattern, done.stdout + done.stderr)
    return found.group(1) if found else "unknown"


def processor():
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text()
    except OSError:
        return first(["sysctl", "-n", "machdep.cpu.brand_string"], r"(.*)")
    name = re.search(r"model name\s*:\s*(.*)", text)
    flags = set((re.search(r"flags\s*:\s*(.*)", text) or re.match("()", "")).group(1).split())
    vectors = next((words for flag, words in (("avx512f", "AVX-512"), ("avx2", "AVX2")) if flag in flags), "")
    virtual = "virtual" if "hypervisor" in flags else ""
    return ", ".join(filter(None, [name.group(1) if name else platform.machine(), vectors, virtual]))


def memory():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def system():
    try:
        return re.search(r'PRETTY_NAME="?([^"\n]*)', pathlib.Path("/etc/os-release").read_text()).group(1)
    except (OSError, AttributeError):
        return platform.platform()


def disk(folder):
    """The kind of the file system, and whether its disk turns."""
    kind = first(["stat", "-f", "-c", "%T", str(folder)], r"(\S+)")
    device = first(["findmnt", "-n", "-o", "SOURCE", "-T", str(folder)], r"/dev/([a-z]+)")
    return f"{kind} on {device}" if device != "unknown" else kind


def libraries():
    versions = {name: first(["pkg-config", "--modversion", name], r"^([\d.]+)") for name in LIBRARIES}
    return {name: version for name, version in versions.items() if version != "unknown"}


def limits(settings):
    """What the machine can do at most, in MB/s: copying, and the disk both ways."""
    found = {}
    settings.say("measuring the machine's limits")
    one, all_of_ours = settings.cpus[:1], settings.cpus
    found["memcpy, 1 thread"] = copying(one)
    if len(all_of_ours) > 1:
        found[f"memcpy, {len(all_of_ours)} threads"] = copying(all_of_ours)
    if settings.room(2, "the limits of the disk"):
        found["disk, writing"], found["disk, reading"] = disk_speeds(settings.work / "out/limit")
    for name, rate in found.items():
        settings.say(f"  {name}: {rate:.0f} MB/s")
    return found


def copying(cpus):
    """MB/s of memcpy: 256 MiB back and forth in a process on each processor at once, the best of a few moments."""
    size = 256 << 20
    start, shared = time.time() + 1, mmap.mmap(-1, 8 * len(cpus))
    children = []
    for number, cpu in enumerate(cpus):
        child = os.fork()
        if child == 0:
            try:
                if hasattr(os, "sched_setaffinity"):
                    os.sched_setaffinity(0, {cpu})
                source, target = memoryview(bytearray(size)), memoryview(bytearray(size))
                target[:] = source
                time.sleep(max(0, start - time.time()))
                best = 0.0
                for _ in range(TIMES):
                    began = time.perf_counter()
                    target[:] = source
                    best = max(best, size / (time.perf_counter() - began) / 1e6)
                shared[8 * number : 8 * number + 8] = round(best).to_bytes(8, "little")
            finally:
                os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    return float(sum(int.from_bytes(shared[8 * number : 8 * number + 8], "little") for number in range(len(cpus))))


def disk_speeds(path):
    """MB/s of writing 1 GiB until it is on the disk, and of reading it when it is out of the page cache."""
    # Bytes that no disk compresses.
    block = os.urandom(8 << 20)
    count, written, read = 128, 0.0, 0.0
    for _ in range(2):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        began = time.perf_counter()
        for _ in range(count):
            os.write(descriptor, block)
        os.fsync(descriptor)
        written = max(written, count * len(block) / (time.perf_counter() - began) / 1e6)
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.lseek(descriptor, 0, os.SEEK_SET)
        began, buffer = time.perf_counter(), bytearray(8 << 20)
        while os.readv(descriptor, [buffer]):
            pass
        read = max(read, count * len(block) / (time.perf_counter() - began) / 1e6)
        os.close(descriptor)
        process.remove(path)
    return written, read


def codec(settings, place):
    """MB/s of the default codec on the bricks of a set's first tile, with one thread and with as many as are measured."""
    program = settings.readers / "CodecRate"
    found = {}
    if not program.exists():
        settings.skip("the limits of the codec", f"{program.name} is not built (make bench builds it)")
        return found
    for threads in sorted({1, settings.threads}):
        ended = process.run([program, threads, BRICK, place.folder / "tile_000.tif"], settings.cpus[:threads], settings.work / "out")
        if ended.code:
            settings.skip("the limits of the codec", ended.reason)
            return found
        words = f"{threads} thread{'s' if threads > 1 else ''}"
        found[f"default codec, compressing, {words}"] = ended.last_line["compress"] / 1e6
        found[f"default codec, decompressing, {words}"] = ended.last_line["decompress"] / 1e6
    for name, rate in found.items():
        settings.say(f"  {name}: {rate:.0f} MB/s")
    return found


def kernels(settings):
    """The table of kernels beside C loops, as Kernels prints it, or None where it can't be had."""
    program = settings.readers / "Kernels"
    if not program.exists():
        settings.skip("kernels", f"{program.name} is not built (make bench builds it)")
        return None
    settings.say("measuring kernels beside C loops")
    ended = process.run([program], settings.cpus[:1], settings.work / "out")
    if ended.code:
        # 3 is an answer that differs from the C loop's.
        settings.skip("kernels", ended.reason)
    return ended.out
