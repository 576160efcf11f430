"""Kills a stitch or an import at random moments, runs it again until it is done, and compares with an undisturbed run.

    kill_test.py BIN --data FOLDER_OF_TILES [--command import] [--kills 20] [--seed 1] [-- more options of the command]

The store must come out byte for byte the same, and a shard that a killed run had finished must not be
written again: its inode and its time of change stay.
"""
import argparse
import glob
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time


def shards(store):
    """Inode, time of change and size of every finished file below a `c` folder of the store."""
    found = {}
    for folder, _, names in os.walk(store):
        parts = os.path.relpath(folder, store).split(os.sep)
        if "c" not in parts or "__brickwork" in parts:
            continue
        for name in names:
            if not name.isdigit():
                continue
            path = os.path.join(folder, name)
            status = os.stat(path)
            found[os.path.relpath(path, store)] = (status.st_ino, status.st_mtime_ns, status.st_size)
    return found


def digest(store):
    """SHA-256 of every file of the store, by relative path."""
    sums = {}
    for folder, _, names in os.walk(store):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                sums[os.path.relpath(path, store)] = hashlib.file_digest(file, "sha256").hexdigest()
    return sums


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("--data", required=True, help="folder with the tiles, and offsets.csv if needed")
    parser.add_argument("--command", choices=["stitch", "import"], default="stitch")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", help="folder for the stores, on the disk to be tested")
    parser.add_argument("more", nargs="*", help="more options of the command, after --")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    tiles = sorted(glob.glob(os.path.join(options.data, "*.tif")))
    command = [os.path.abspath(options.binary), options.command, *tiles, "--progress", "none"]
    # Small shards make many moments to be killed at.
    more = options.more or ["--brick", "16,32,32", "--shard", "32,128,128"]
    command += more
    for name, extra in (("offsets.csv", []), ("offsets.npy", ["--offset-layout", "exm"])):
        path = os.path.join(options.data, name)
        if os.path.exists(path) and "--offsets" not in more:
            command += ["--offsets", path, *extra]
            break

    problems = []
    with tempfile.TemporaryDirectory(prefix="brickwork-kill-", dir=options.work) as folder:
        # The same name in two folders: an image is named after its store.
        calm = os.path.join(folder, "calm", "store.ome.zarr")
        store = os.path.join(folder, "killed", "store.ome.zarr")
        os.mkdir(os.path.dirname(calm))
        os.mkdir(os.path.dirname(store))
        started = time.monotonic()
        subprocess.run(command + ["-o", calm], check=True, stdout=subprocess.DEVNULL)
        seconds = time.monotonic() - started
        wanted = digest(calm)

        # Each kill hits a run of its own length; a store that was finished starts anew.
        kills, stores, kept, runs = 0, 0, 0, 0
        before = {}
        while kills < options.kills or os.path.exists(store):
            runs += 1
            wait = chance.uniform(0.0, 0.6 * seconds) if kills < options.kills else None
            process = subprocess.Popen(
                command + ["-o", store], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            try:
                _, errors = process.communicate(timeout=wait)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.communicate()
            now = shards(store)
            for name, state in before.items():
                if now.get(name) != state:
                    problems.append(f"run {runs}: finished shard {name} was written again")
            kept += len(before)
            before = now
            if process.returncode == -signal.SIGKILL:
                kills += 1
                finished = os.path.exists(os.path.join(store, "zarr.json"))
                if finished and digest(store) != wanted and not os.path.exists(os.path.join(store, "__brickwork")):
                    problems.append(f"run {runs}: a store that was killed looks finished, and is not")
                continue
            if process.returncode != 0:
                problems.append(f"run {runs}: exit code {process.returncode}: {errors.decode().strip()}")
                break
            stores += 1
            got = digest(store)
            for name in sorted(wanted.keys() | got.keys()):
                if wanted.get(name) != got.get(name):
                    problems.append(f"after {kills} kills: {name} differs from the undisturbed run's")
            subprocess.run(["rm", "-rf", store], check=True)
            before = {}
    for problem in problems[:20]:
        print(problem)
    print(
        f"{kills} kills in {runs} runs, {stores} stores finished, {kept} finished shards met again, "
        f"{len(problems)} problems")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
