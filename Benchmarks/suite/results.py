"""The records of a run, read back: medians and spread of each program of each job."""
import json
import statistics
from dataclasses import dataclass, field


@dataclass
class Entry:
    """One program's runs of one job."""
    who: str
    is_ours: bool = False
    x: float | None = None
    runs: list = field(default_factory=list)
    failure: str = ""

    def values(self, name):
        return [run[name] for run in self.runs if name in run]

    def median(self, name):
        values = self.values(name)
        return statistics.median(values) if values else None

    @property
    def seconds(self):
        return self.median("seconds")

    @property
    def rates(self):
        """MB/s of every run, least first."""
        return sorted(run["bytes"] / run["seconds"] / 1e6 for run in self.runs)

    @property
    def rate(self):
        return statistics.median(self.rates)

    @property
    def cpu_rate(self):
        """MB per second of processor time; a run too short for the kernel's clock counts as a hundredth of a second."""
        return statistics.median(run["bytes"] / max(run["cpu"], 0.01) / 1e6 for run in self.runs)

    @property
    def spread(self):
        return self.rates[0], self.rates[-1]


@dataclass
class Result:
    """A job with all its programs, in the order of the table of jobs."""
    name: str
    title: str
    note: str
    unit: str
    entries: dict = field(default_factory=dict)

    @property
    def chapter(self):
        return self.name.split("/")[0]

    @property
    def set(self):
        return self.name.split("/")[1]

    @property
    def ran(self):
        return [entry for entry in self.entries.values() if entry.runs]


class Results:
    def __init__(self, path):
        self.machine, self.limits, self.skipped = {}, {}, []
        self.jobs, self.kernels = {}, None
        with open(path) as lines:
            for line in lines:
                self.add(json.loads(line))

    def add(self, record):
        if "machine" in record:
            self.machine = record["machine"]
        elif "limits" in record:
            self.limits |= record["limits"]
        elif "kernels" in record:
            self.kernels = record["kernels"]
        elif "skipped" in record:
            self.skipped.append((record["skipped"], record["why"]))
        elif "who" not in record:
            # The job again, of a later run: its old figures no longer count.
            self.jobs[record["job"]] = Result(record["job"], record["title"], record["note"], record["unit"])
            for who in record["programs"]:
                self.jobs[record["job"]].entries[who] = Entry(who)
        else:
            entry = self.jobs[record["job"]].entries[record["who"]]
            entry.is_ours, entry.x = record.get("is_ours", False), record.get("x")
            if "failed" in record:
                entry.failure = record["failed"]
            else:
                entry.runs.append(record)

    def chapter(self, name):
        return [job for job in self.jobs.values() if job.chapter == name and any(entry.runs or entry.failure for entry in job.entries.values())]

    def entry(self, job, who):
        """A program's runs of a job, or None where there are none."""
        found = self.jobs.get(job)
        entry = found.entries.get(who) if found else None
        return entry if entry and entry.runs else None

    def sets(self, chapter):
        """The sets of a chapter, in the order they ran."""
        return list(dict.fromkeys(job.set for job in self.chapter(chapter)))

    @property
    def others(self):
        """Shares of the processors that other processes had, of all runs."""
        return [run["others"] for job in self.jobs.values() for entry in job.entries.values() for run in entry.runs if "others" in run]
