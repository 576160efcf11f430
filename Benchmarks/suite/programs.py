"""The kinds of programs that take part: ours as whole processes, the peers' script, and readers with a clock of their own."""
import json
import os
import pathlib
from dataclasses import dataclass, field

import process
from settings import BRICK, PEER_SCRIPTS, SHARD


def too_large(place):
    """Why a program that holds everything in memory, and a copy, can't run with these tiles, or None."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if 2 * place.bytes <= memory:
        return None
    return f"it would hold {place.bytes / 1e9:.0f} GB in memory, of which there are {memory / 1e9:.0f}"


@dataclass(frozen=True)
class Ours:
    """brickwork as a whole process: its start, its work, and everything being on the disk.

    `words` follow the command's name and may hold {tiles} and the like, which the place fills in. `output` is the ending
    of what it writes, if anything.
    """
    who: str
    words: str
    output: str = ""
    answer: str = ""                # a key of its JSON, to be compared with the peers'
    x: float | None = None          # where it stands in a curve
    threads: int | None = None
    bytes: int | None = None        # of its tiles, where they are not those of the place
    is_ours = True

    def reason_to_skip(self, settings, place):
        absent = [name for name in place.names(self.words) if name not in place.paths]
        return f"there is no {', '.join(absent)} of this set" if absent else None

    def key(self):
        return ("ours", self.words, self.output, self.threads)

    def measure(self, settings, place):
        folder = settings.work / "out"

        def written():
            # An export has its XML beside it, and a surface is a name that three files begin with.
            return list(folder.glob("ours*"))

        for path in written():
            process.remove(path)
        threads = self.threads or settings.threads
        words = place.fill(self.words)
        command = [settings.brickwork, *words, "--threads", str(threads), "--json"]
        if self.output:
            command += ["-o", folder / f"ours{self.output}"]
        command += ["--progress", "none"]
        ended = process.run(command, settings.cpus[:threads], folder, after=lambda: [process.flush(path) for path in written()])
        if ended.code:
            return {"failed": ended.reason}
        record = {"seconds": ended.seconds, "cpu": ended.cpu, "peak": ended.peak, "others": ended.others, "bytes": self.bytes or place.bytes}
        if self.output:
            record["written"] = sum(map(process.size, written()))
        for path in written():
            process.remove(path)
        about = json.loads(ended.out)
        if self.answer:
            record["answer"] = about.get(self.answer)
        if self.words.startswith("stitch"):
            # Of the stitched volume at level 0, which is less than the tiles where they overlap.
            record["volume"] = about["voxel_bytes"]
        return record


@dataclass(frozen=True)
class Peer:
    """Another program by way of the peers' script, whose clock runs around the work alone, flushing included.

    Where it loads the tiles before that clock starts, and ours does not, the whole process counts on both sides. Each step
    is a task, a peer and options of the script; the seconds of all of them are summed.
    """
    who: str
    steps: tuple
    modules: tuple
    answer: str = ""
    x: float | None = None
    threads: int | None = None
    is_whole: bool = False          # the clock of the whole process, start and loading included
    loads: bool = False             # holds all tiles in memory
    is_ours = False

    def reason_to_skip(self, settings, place):
        if settings.peers is None:
            return "the peers' script is not given (PEERS)"
        return settings.missing(self.modules) or (too_large(place) if self.loads else None)

    def key(self):
        return ("peer", self.steps, self.threads, self.is_whole)

    def measure(self, settings, place):
        total = {}
        for step in self.steps:
            key = ("step", step, self.threads, self.is_whole)
            # A step that stands in two rows is run once a round.
            record = place.memory.get(key)
            if record is None:
                record = place.memory[key] = self.run(step, settings, place)
            if "failed" in record:
                return record
            for name, value in record.items():
                # Peaks are not summed, and the bytes of the first step, the tiles, are those of all.
                if name == "peak":
                    total[name] = max(total.get(name, 0), value)
                elif name in ("seconds", "cpu", "written"):
                    total[name] = total.get(name, 0) + value
                else:
                    total.setdefault(name, value)
        return total

    def run(self, step, settings, place):
        task, peer, *options = step
        threads = self.threads or settings.threads
        cpus = settings.cpus[:threads]
        command = [
            settings.python, settings.peers, task, "--peer", peer, "--data", place.folder, "--out", settings.work / "out/peer", "--reps", "1",
            "--cpus", ",".join(map(str, cpus)), "--threads", threads, "--chunk", *BRICK.split(","), "--shard", *SHARD.split(","),
            "--cap-gb", "0", "--timeout", "3000", *options]
        ended = process.run(command, cpus, settings.work / "out")
        if ended.code:
            return {"failed": ended.reason}
        result = ended.last_line
        if "failed" in result:
            return {"failed": f"{result['failed'].strip()}: {result.get('err', '').strip()[-200:]}"}
        record = {
            "seconds": result["proc_s" if self.is_whole else "seconds"], "cpu": result["proc_cpu_s" if self.is_whole else "cpu_s"],
            "peak": result["peak_rss_mb"], "others": ended.others,
            "bytes": round(result["input_mb"] * 1e6)}
        if result.get("out_mb"):
            record["written"] = round(result["out_mb"] * 1e6)
        if self.answer:
            record["answer"] = result.get(self.answer)
        return record


@dataclass(frozen=True)
class Reader:
    """A program that reads, and prints bytes, seconds, cpu_s and a sum as JSON; its clock goes around the reads.

    `command` begins with the name of one of our readers, or of a script in `peer/`, which the peers' interpreter runs.
    """
    who: str
    command: str
    modules: tuple = ()
    x: float | None = None
    threads: int | None = None
    sum_option: str = "--sum"       # asks for the sum; where it begins with '=', it replaces the last word `read`
    is_ours: bool = False
    loads: bool = False             # holds all voxels in memory

    def reason_to_skip(self, settings, place):
        reason = too_large(place) if self.loads else None
        if reason:
            return reason
        if self.is_ours:
            program = settings.readers / self.command.split(" ")[0]
            return None if program.exists() else f"{program.name} is not built (make bench builds it)"
        return settings.missing(self.modules)

    def key(self):
        return ("reader", self.command, self.threads)

    def measure(self, settings, place, wants_sum=False):
        threads = self.threads or settings.threads
        words = place.fill(self.command.replace("{threads}", str(threads)))
        if wants_sum:
            words = ["sum" if word == "read" else word for word in words] if self.sum_option == "=sum" else [*words, self.sum_option]
        if self.is_ours:
            command = [settings.readers / words[0], *words[1:]]
        else:
            command = [settings.python, PEER_SCRIPTS / words[0], *words[1:]]
        ended = process.run(command, settings.cpus[:threads], settings.work / "out")
        if ended.code:
            return {"failed": ended.reason}
        result = ended.last_line
        return {
            "seconds": result["seconds"], "cpu": result["cpu_s"], "peak": ended.peak, "others": ended.others, "bytes": result["bytes"],
            "sum": result["sum"]}


@dataclass
class Place:
    """Where the files of one data set are: a name in braces stands for each in the words of a command."""
    name: str
    folder: pathlib.Path
    bytes: int                      # of the voxels of all tiles
    paths: dict
    memory: dict = field(default_factory=dict)      # steps measured in this round

    def names(self, words):
        return [part.split("}")[0] for part in words.split("{")[1:]]

    def fill(self, words):
        """The words of a command, each name in braces replaced by its path, which may hold spaces."""
        filled = words.split()
        for name in self.names(words):
            filled = [word.replace("{" + name + "}", str(self.paths[name])) for word in filled]
        return filled
