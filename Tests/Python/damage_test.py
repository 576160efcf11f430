"""Feeds damaged files to the command: it has to give an error or the right answer, and never crash.

    damage_test.py BIN FOLDER [--seed 1] [--shard-damages 60]

Every file in FOLDER is opened with `info` and `preview`. If two or more tiles among them stitch, or a
store is given by --store, its shards and metadata are cut and flipped and then exported. Each call has
20 seconds and 4 GB; a signal, a time-out or an exit code that is not in the contract is a failure.
"""
import argparse
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile

# done, failed, wrong command line, damaged, missing, output, I/O
ALLOWED = {0, 1, 64, 65, 66, 73, 74}
MEMORY = 4 << 30
SECONDS = 20


def limited():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class Runner:
    def __init__(self, binary):
        self.binary = binary
        self.codes = {}
        self.problems = []

    def __call__(self, what, *arguments):
        command = [self.binary, *arguments]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, errors="replace", timeout=SECONDS,
                preexec_fn=limited, stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            self.problems.append(f"{what}: {arguments[0]} still ran after {SECONDS} s")
            return None
        code = done.returncode
        self.codes[code] = self.codes.get(code, 0) + 1
        if code not in ALLOWED:
            end = done.stderr.strip().splitlines()[-1:] or [""]
            self.problems.append(f"{what}: {arguments[0]} ended with {code}: {end[0]}")
        elif code != 0 and not done.stderr.strip():
            self.problems.append(f"{what}: {arguments[0]} ended with {code} and no message")
        return code


def damaged(data, chance):
    """A copy of the bytes with one of the usual kinds of harm, and its name."""
    data = bytearray(data)
    kind = chance.choice(["cut", "flip", "zero", "lengthen", "garbage"])
    place = chance.randrange(max(1, len(data)))
    if chance.random() < 0.5:
        # The end is where the index of a shard stands, and the start of a file its header.
        place = max(0, len(data) - 1 - chance.randrange(min(600, max(1, len(data)))))
    if kind == "cut":
        del data[place:]
    elif kind == "flip" and data:
        data[place] ^= 1 << chance.randrange(8)
    elif kind == "zero":
        end = min(len(data), place + 64)
        data[place:end] = bytes(end - place)
    elif kind == "lengthen":
        data += bytes(chance.randrange(1, 300))
    else:
        end = min(len(data), place + 16)
        data[place:end] = bytes(chance.randrange(256) for _ in range(end - place))
    return bytes(data), f"{kind} at {place}"


def damage_store(run, store, folder, count, chance):
    """Harms one file of the store at a time, exports it, and puts the file back."""
    files = [os.path.join(d, n) for d, _, names in os.walk(store) for n in names]
    metadata = [f for f in files if f.endswith(".json")]
    shards = [f for f in files if not f.endswith(".json")]
    for i in range(count):
        path = chance.choice(metadata if metadata and i % 3 == 0 else shards or metadata)
        with open(path, "rb") as file:
            whole = file.read()
        broken, kind = damaged(whole, chance)
        with open(path, "wb") as file:
            file.write(broken)
        what = f"{os.path.relpath(path, store)} {kind}"
        output = os.path.join(folder, "out.h5")
        run(what, "export", store, "-o", output, "--overwrite", "--progress", "none")
        run(what, "info", store)
        with open(path, "wb") as file:
            file.write(whole)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("folder")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--file-damages", type=int, default=20, help="harmed copies of small files")
    parser.add_argument("--shard-damages", type=int, default=60)
    parser.add_argument("--store", help="a store whose copy is damaged; default: one stitched from the folder")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    run = Runner(os.path.abspath(options.binary))
    files = sorted(
        os.path.join(d, n) for d, _, names in os.walk(options.folder) for n in names)
    with tempfile.TemporaryDirectory(prefix="brickwork-damage-") as folder:
        picture = os.path.join(folder, "picture.png")
        good = []
        for path in files:
            if run(path, "info", path) == 0:
                good.append(path)
            run(path, "preview", path, "-o", picture)
        # Files of our own harming, from the small ones that can be read.
        small = [p for p in good if os.path.getsize(p) < 32 << 20]
        for _ in range(options.file_damages if small else 0):
            path = chance.choice(small)
            with open(path, "rb") as file:
                broken, kind = damaged(file.read(), chance)
            copy = os.path.join(folder, "broken" + os.path.splitext(path)[1])
            with open(copy, "wb") as file:
                file.write(broken)
            what = f"{path} {kind}"
            run(what, "info", copy)
            run(what, "preview", copy, "-o", picture)
        store = os.path.join(folder, "store.ome.zarr")
        if options.store:
            shutil.copytree(options.store, store)
        else:
            tiles = [p for p in small if p.endswith((".tif", ".tiff"))][:1]
            if tiles:
                run("a store to harm", "stitch", *tiles, "-o", store, "--progress", "none")
        if os.path.isdir(store):
            damage_store(run, store, folder, options.shard_damages, chance)
    for problem in run.problems[:30]:
        print(problem)
    counts = ", ".join(f"{n} x {code}" for code, n in sorted(run.codes.items()))
    print(f"{len(files)} files; exit codes {counts}; {len(run.problems)} problems")
    sys.exit(1 if run.problems else 0)


if __name__ == "__main__":
    main()
