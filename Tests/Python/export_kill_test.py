"""Kills exports at random moments and lets their disk run full, runs them again, and compares with an undisturbed one.

    export_kill_test.py [--kills 50] [--full 10] [--seed 1] [--work FOLDER] BIN STORE [-- more options of export]

After a kill nothing may stand under the names of the finished files; the same command must end with voxels equal to
those of an undisturbed export, read by h5py. Work kept: bytes of chunks that the journal knows and whose checksum is
right, which the next run moves instead of encoding them, against these and all others in the unfinished file. Then a
store is changed, and updates of its file are killed. Full disks are a tmpfs of limited
size (needs root); room comes free by deleting a file beside the export, and the same command is run again.
"""
import argparse
import json
import os
import random
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time

import google_crc32c
import h5py
import numpy as np

RECORD = struct.Struct("<IIQQIII")


def journal(path):
    """The records of a journal whose checksums are right."""
    with open(path, "rb") as file:
        data = file.read()
    if len(data) < 24 or data[:8] != b"brickjnl":
        return []
    count = struct.unpack_from("<I", data, 16)[0]
    header = data[: 20 + count]
    records = []
    for place in range(24 + count, len(data) - RECORD.size - 3, RECORD.size + 4):
        body = data[place : place + RECORD.size]
        if body[:4] == b"\0\0\0\0":
            continue
        if google_crc32c.value(header + body) == struct.unpack_from("<I", data, place + RECORD.size)[0]:
            records.append(RECORD.unpack(body))
    return records


def kept(path):
    """Bytes of whole chunks in what a killed run left, and bytes of its youngest file that no journal knows."""
    chunks = {}
    lost = 0
    for name in sorted(os.listdir(os.path.dirname(path))):
        full = os.path.join(os.path.dirname(path), name)
        if not (name.endswith(".partial") or ".salvage-" in name) or name.endswith(".journal"):
            continue
        if not os.path.exists(full + ".journal"):
            continue
        known = 0
        with open(full, "rb") as file:
            for kind, dataset, chunk, address, size, _, checksum in journal(full + ".journal"):
                if kind != 1:
                    continue
                file.seek(address)
                if google_crc32c.value(file.read(size)) == checksum:
                    chunks[dataset, chunk] = size
                    known += size
        if name.endswith(".partial"):
            lost = max(0, os.path.getsize(full) - known)
    return sum(chunks.values()), lost


def content(path):
    """All datasets by name."""
    found = {}
    with h5py.File(path) as file:
        file.visititems(
            lambda name, item: found.__setitem__(name, item[...])
            if isinstance(item, h5py.Dataset) and not name.startswith("__brickwork__") else None)
    return found


def equal(a, b):
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


class Trial:
    def __init__(self, command, calm):
        self.command = command
        self.calm = calm
        self.problems = []

    def run(self, output, wait=None, more=()):
        """Runs the export; None where it was killed."""
        process = subprocess.Popen(
            self.command + ["-o", output, "--json", *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            out, errors = process.communicate(timeout=wait)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            return None
        return process.returncode, out.decode(), errors.decode()

    def check(self, output, what):
        xml = output[:-3] + ".xml"
        if not equal(content(output), self.calm):
            self.problems.append(f"{what}: the voxels differ")
        names = sorted(os.listdir(os.path.dirname(output)))
        names = [name for name in names if name != "ballast"]
        if names != sorted(os.path.basename(n) for n in (output, xml)):
            self.problems.append(f"{what}: files are left over: {names}")
        for name in (output, xml):
            if os.path.exists(name):
                os.remove(name)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("store")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--full", type=int, default=10)
    parser.add_argument("--updates", type=int, default=10, help="kills of updates")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", help="folder for the files, on the disk to be tested")
    parser.add_argument("more", nargs="*", help="more options of the command, after --")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    command = [os.path.abspath(options.binary), "export", os.path.abspath(options.store), "--progress", "none"]
    command += options.more
    with tempfile.TemporaryDirectory(prefix="brickwork-export-", dir=options.work) as folder:
        calm = os.path.join(folder, "calm.h5")
        started = time.monotonic()
        subprocess.run(command + ["-o", calm], check=True, stdout=subprocess.DEVNULL)
        seconds = time.monotonic() - started
        size = os.path.getsize(calm)
        trial = Trial(command, content(calm))
        kills(trial, chance, os.path.join(folder, "killed"), options.kills, seconds)
        if options.updates:
            updates(trial, chance, os.path.join(folder, "updated"), options.updates, options.store, calm)
        if options.full:
            full_disks(trial, chance, os.path.join(folder, "full"), options.full, size)
    for problem in trial.problems[:20]:
        print(problem)
    print(f"{len(trial.problems)} problems")
    sys.exit(1 if trial.problems else 0)


def kills(trial, chance, folder, count, seconds):
    os.mkdir(folder)
    output = os.path.join(folder, "out.h5")
    done, files, shares, items = 0, 0, [], []
    while done < count or files == 0 or os.listdir(folder):
        # Each kill hits a run of its own length; a file that was finished starts anew.
        result = trial.run(output, chance.uniform(0.0, 0.7 * seconds) if done < count else None)
        if result is None:
            done += 1
            bytes_kept, lost = kept(output)
            # The tables and empty datasets that each file begins with are no work.
            if bytes_kept + lost > 1 << 20:
                shares.append(bytes_kept / (bytes_kept + lost))
            if os.path.exists(output) and not equal(content(output), trial.calm):
                trial.problems.append(f"kill {done}: a killed file looks finished, and is not")
            if os.path.exists(output) and os.path.exists(output[:-3] + ".xml"):
                if not os.path.exists(output + ".partial.journal"):
                    # Killed when nothing but the lock was left to be deleted: the same command says that it is there.
                    if os.path.exists(output + ".partial.lock"):
                        os.remove(output + ".partial.lock")
                    files += 1
                    trial.check(output, f"kill {done}, after the end")
            continue
        code, out, errors = result
        if code != 0:
            trial.problems.append(f"after {done} kills: exit code {code}: {errors.strip()}")
            break
        files += 1
        summary = json.loads(out)
        items.append((summary.get("kept_items", 0), summary.get("total_items", 0)))
        trial.check(output, f"after {done} kills")
    percent = [100 * share for share in shares] or [0]
    print(
        f"{done} kills, {files} files finished; of the bytes written before a kill {min(percent):.1f} % at least and "
        f"{statistics.mean(percent):.1f} % on average are kept ({len(shares)} kills with more than 1 MiB written)")
    print("pieces of work that last runs found done: " + ", ".join(f"{a} of {b}" for a, b in items))


def updates(trial, chance, folder, count, store, calm):
    """Changes a tenth of a store, and kills updates of a file that was made of it."""
    import zarr

    os.mkdir(folder)
    changed = os.path.join(folder, "changed", os.path.basename(store))
    shutil.copytree(store, changed)
    arrays = []
    for place, _, names in os.walk(changed):
        if "zarr.json" in names:
            with open(os.path.join(place, "zarr.json")) as file:
                node = json.load(file)
            if node["node_type"] == "array":
                arrays.append((np.prod(node["shape"]), place))
    array = zarr.open_array(max(arrays)[1], mode="r+")
    rows = max(1, array.shape[-2] // 10)
    array[..., :rows, :] = array[..., :rows, :] ^ 1
    command = [changed if part == os.path.abspath(store) else part for part in trial.command]
    wanted = os.path.join(folder, "wanted.h5")
    subprocess.run(command + ["-o", wanted], check=True, stdout=subprocess.DEVNULL)
    wanted = content(wanted)
    os.mkdir(os.path.join(folder, "out"))
    output = os.path.join(folder, "out", "out.h5")
    trial = Trial(command + ["--update"], wanted)
    done, files, seconds, states = 0, 0, None, {}
    while done < count or files == 0:
        shutil.copy2(calm, output)
        shutil.copy2(calm[:-3] + ".xml", output[:-3] + ".xml")
        while True:
            started = time.monotonic()
            wait = None if seconds is None or done >= count else chance.uniform(0.2, 1.0) * seconds
            result = trial.run(output, wait)
            if result is not None:
                break
            done += 1
            names = " ".join(sorted(name[7:] for name in os.listdir(os.path.dirname(output)) if name != "out.xml"))
            states[names] = states.get(names, 0) + 1
            if os.path.exists(output):
                if not (equal(content(output), wanted) or equal(content(output), content(calm))):
                    trial.problems.append(f"update {done}: a killed update looks finished, and is not")
        seconds = seconds or time.monotonic() - started
        code, _, errors = result
        if code != 0:
            trial.problems.append(f"after {done} kills of updates: exit code {code}: {errors.strip()}")
            break
        files += 1
        trial.check(output, f"after {done} kills of updates")
    print(f"{done} kills of updates, {files} files updated; left by kills: {states}")
    for problem in trial.problems:
        print(problem)
    if trial.problems:
        sys.exit(1)


def full_disks(trial, chance, folder, count, size):
    os.mkdir(folder)
    shares = []
    for fault in range(count):
        # Room for the file, twice its journal and some more once the ballast is gone; with it, for a part.
        room = int(size * 1.3) + (48 << 20)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={room}", "tmpfs", folder], check=True)
        try:
            output = os.path.join(folder, "out.h5")
            ballast = os.path.join(folder, "ballast")
            with open(ballast, "wb") as file:
                os.posix_fallocate(file.fileno(), 0, room - int(size * chance.uniform(0.1, 0.9)) - (1 << 20))
            # First it is refused, with nothing written; then it starts all the same, as if the disk filled up meanwhile.
            code, _, errors = trial.run(output)
            if code != 73 or "--ignore-free-disk" not in errors or os.listdir(folder) != ["ballast"]:
                trial.problems.append(f"full disk {fault}: not refused: {code}, {errors.strip()}, {os.listdir(folder)}")
            code, _, errors = trial.run(output, more=["--ignore-free-disk"])
            if code == 0:
                trial.problems.append(f"full disk {fault}: was not full")
            elif code < 0 or "No space left" not in errors or "run the same command again" not in errors:
                trial.problems.append(f"full disk {fault}: exit code {code}: {errors.strip()}")
            if os.path.exists(output):
                trial.problems.append(f"full disk {fault}: the file looks finished")
            bytes_kept, lost = kept(output)
            if bytes_kept + lost > 1 << 20:
                shares.append(100 * bytes_kept / (bytes_kept + lost))
            os.remove(ballast)
            code, out, errors = trial.run(output)
            if code != 0:
                trial.problems.append(f"full disk {fault}, run again: exit code {code}: {errors.strip()}")
                continue
            summary = json.loads(out)
            print(f"full disk {fault}: {summary.get('kept_items')} of {summary.get('total_items')} pieces of work were kept")
            trial.check(output, f"full disk {fault}")
        finally:
            subprocess.run(["umount", folder], check=True)
    if shares:
        print(f"{count} full disks; {min(shares):.1f} % of the bytes written are kept at least")


if __name__ == "__main__":
    main()
