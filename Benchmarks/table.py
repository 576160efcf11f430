"""The table of a paired run, from the JSON lines of speed.sh: medians, spread, and how many times faster.

    table.py Results/speed.jsonl
"""
import json
import statistics
import sys
from collections import defaultdict

runs = defaultdict(list)
with open(sys.argv[1]) as lines:
    for line in lines:
        run = json.loads(line)
        runs[run["job"], run.get("task", ""), run["who"]].append(run)


def median(key, entries):
    values = [e[key] for e in entries if isinstance(e.get(key), (int, float))]
    return statistics.median(values) if values else float("nan")


def spread(entries):
    values = [e["seconds"] for e in entries if isinstance(e.get("seconds"), (int, float))]
    return f"{min(values):.1f}…{max(values):.1f}" if values else "failed"


print("| job | program | runs | s (median) | s (range) | MB/s | MB per CPU s | peak RSS MB | output MB | × ours |")
print("|---|---|---|---|---|---|---|---|---|---|")
for job in dict.fromkeys(key[0] for key in runs):
    ours = next((median("seconds", v) for k, v in runs.items() if k[0] == job and k[2] == "cmd"), None)
    parts = [v for k, v in runs.items() if k[0] == job and k[2] == "tensorstore"]
    if len(parts) == 2 and ours:
        seconds = sum(median("seconds", p) for p in parts)
        print(f"| {job} | tensorstore, both steps | | {seconds:.2f} | | | | | | {seconds / ours:.1f} |")
    for (name, task, who), entries in runs.items():
        if name != job:
            continue
        seconds = median("seconds", entries)
        program = "**brickwork**" if who == "cmd" else f"{who} ({task})"
        ratio = f"{seconds / ours:.1f}" if ours else ""
        print(
            f"| {job} | {program} | {len(entries)} | {seconds:.2f} | {spread(entries)} "
            f"| {median('MBps', entries):.0f} | {median('MB_per_cpu_s', entries):.0f} "
            f"| {median('peak_rss_mb', entries):.0f} | {median('out_mb', entries):.0f} | {ratio} |")
