#!/usr/bin/env python3
"""Is joining labels linear in the labels of an overlap, and in the tiles? Plots time against size.

    labels_linear.py BRICKWORK WORK OUT.svg [--rounds 3]

Two tiles that share all their voxels, each voxel a label of its own in both, up to 2 million; and up to 10 000 tiles in
a grid, each overlapping its neighbours by two voxels. Each point is the least CPU time (user + system, one thread, the
whole process) of a few runs of `brickwork labels dedup`, which are checked against the number of objects that must
result. The lines are through the smallest point and the largest. Needs NumPy and tifffile.
"""
import argparse
import json
import os
import resource
import shutil
import subprocess

import numpy as np
import tifffile


def seconds(brickwork, work, tiles, offsets, objects, rounds):
    """CPU seconds of the fastest run."""
    with open(f"{work}/offsets.csv", "w") as file:
        file.write("tile,x,y,z\n")
        for number, (z, y, x) in enumerate(offsets):
            file.write(f"{number},{x},{y},{z}\n")
    best = float("inf")
    for _ in range(rounds):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run = subprocess.run(
            [brickwork, "labels", "dedup", *tiles, "--offsets", f"{work}/offsets.csv", "-o", f"{work}/map.csv",
             "--voxel-size", "1,1,1", "--threads", "1", "--memory", "4GiB", "--overwrite", "--json", "--progress", "none"],
            capture_output=True, text=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found = json.loads(run.stdout)["new_labels"]
        assert found == objects, (found, objects)
        best = min(best, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return best


def pair(brickwork, work, labels, rounds):
    shape = (labels // 250_000, 500, 500)
    random = np.random.default_rng(labels)
    tiles = [f"{work}/first.tif", f"{work}/second.tif"]
    for path in tiles:
        voxels = random.permutation(labels).astype(np.uint32).reshape(shape) + 1
        tifffile.imwrite(path, voxels, photometric="minisblack", metadata=None)
    return seconds(brickwork, work, tiles, [(0, 0, 0)] * 2, labels, rounds)


def grid(brickwork, work, tiles, rounds):
    side = int(tiles**0.5)
    assert side * side == tiles
    # A label in each corner, which neighbours see too.
    voxels = np.zeros((4, 8, 8), np.uint16)
    for label, (y, x) in enumerate([(0, 0), (0, 6), (6, 0), (6, 6)]):
        voxels[1:3, y : y + 2, x : x + 2] = label + 1
    # As a folder: a command line of 10 000 names is slow to parse.
    folder = f"{work}/tiles{tiles}"
    os.makedirs(folder, exist_ok=True)
    tifffile.imwrite(f"{folder}/00000.tif", voxels, photometric="minisblack", metadata=None)
    for number in range(1, tiles):
        shutil.copyfile(f"{folder}/00000.tif", f"{folder}/{number:05}.tif")
    places = [(0, 6 * (n // side), 6 * (n % side)) for n in range(tiles)]
    return seconds(brickwork, work, [folder], places, (side + 1) ** 2, rounds)


def panel(left, title, unit, points):
    """One diagram, 360 wide, at `left`."""
    width, height, top = 300, 220, 50
    most_x = max(x for x, _ in points)
    most_y = max(y for _, y in points) * 1.08
    place = lambda x, y: (left + 50 + width * x / most_x, top + height * (1 - y / most_y))
    (x0, y0), (x1, y1) = points[0], points[-1]
    text = [f'<text x="{left + 50}" y="{top - 18}" font-size="14">{title}</text>']
    (ax, ay), (bx, by) = place(0, 0), place(most_x, most_y)
    text.append(f'<path d="M{ax:.1f},{by:.1f}V{ay:.1f}H{bx:.1f}" fill="none" stroke="#333"/>')
    slope = (y1 - y0) / (x1 - x0)
    (cx, cy), (dx, dy) = place(0, max(0, y0 - slope * x0)), place(x1, y1)
    text.append(f'<path d="M{cx:.1f},{cy:.1f}L{dx:.1f},{dy:.1f}" stroke="#bbb"/>')
    for x, y in points:
        px, py = place(x, y)
        text.append(f'<circle cx="{px:.1f}" cy="{py:.1f}" r="4" fill="#1f6f8b"/>')
        text.append(f'<text x="{px:.1f}" y="{py - 8:.1f}" font-size="10" text-anchor="end">{y:.2f} s</text>')
        text.append(f'<text x="{px:.1f}" y="{ay + 14:.1f}" font-size="9" text-anchor="middle">{label(x)}</text>')
    text.append(f'<text x="{(ax + bx) / 2:.1f}" y="{ay + 32:.1f}" font-size="11" text-anchor="middle">{unit}</text>')
    return text


def label(number):
    return f"{number / 1e6:g}M" if number >= 1_000_000 else f"{number / 1000:g}k" if number >= 1000 else f"{number}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("brickwork")
    parser.add_argument("work")
    parser.add_argument("svg")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    os.makedirs(options.work, exist_ok=True)
    pairs = [
        (n, pair(options.brickwork, options.work, n, options.rounds))
        for n in (250_000, 500_000, 1_000_000, 1_500_000, 2_000_000)]
    tiles = [
        (n, grid(options.brickwork, options.work, n, options.rounds)) for n in (100, 2500, 4900, 7225, 10_000)]
    for name, points in (("labels in one overlap", pairs), ("tiles", tiles)):
        print(f"| {name} | CPU s | µs each |\n|---|---|---|")
        for n, taken in points:
            print(f"| {n} | {taken:.2f} | {taken / n * 1e6:.2f} |")
    parts = panel(0, "Two tiles, every voxel a label", "labels in the overlap", pairs)
    parts += panel(380, "Many tiles, small overlaps", "tiles", tiles)
    with open(options.svg, "w") as file:
        file.write(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 320" font-family="sans-serif" fill="#333">\n'
            '<rect width="760" height="320" fill="#fff"/>\n' + "\n".join(parts) + "\n</svg>\n")


main()
