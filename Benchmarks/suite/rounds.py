"""Runs jobs in rounds: the programs of a job take turns, every other round in the opposite order."""
from dataclasses import dataclass

import process


@dataclass(frozen=True)
class Job:
    """The same work for several programs. `name` is chapter/set/job, by which ONLY chooses."""
    name: str
    title: str
    programs: tuple
    note: str = ""
    unit: str = ""                  # of the programs' x, where the job is a curve


class Rounds:
    def __init__(self, settings):
        self.settings = settings
        # Bytes a second by the name of the job without its set, and the program: of the set before.
        self.rates = {}

    def run(self, jobs, place):
        """Runs the jobs that are wanted, and writes a record a run."""
        settings = self.settings
        jobs = [job for job in jobs if settings.wants(job.name)]
        taking = [(job, self.able(job, place)) for job in jobs]
        taking = [(job, programs) for job, programs in taking if programs and self.answers_agree(job, programs, place)]
        for job, programs in taking:
            settings.write({
                "job": job.name, "title": job.title, "note": job.note, "unit": job.unit, "programs": [program.who for program in programs]})
        most, known = {}, {}
        for number in range(settings.rounds):
            place.memory.clear()
            for job, programs in taking:
                for program in programs if number % 2 == 0 else reversed(programs):
                    key = program.key()
                    if number >= most.get(key, settings.rounds):
                        continue
                    record = place.memory.get(key)
                    if record is None:
                        record = place.memory[key] = self.measure(program, place)
                    if "failed" in record:
                        if known.get((job.name, program.who)) == record["failed"]:
                            continue
                        known[job.name, program.who] = record["failed"]
                    elif record["seconds"] > settings.slow:
                        most[key] = 1 if record["seconds"] > 3 * settings.slow else 2
                    self.tell(job, program, number, record)

    def measure(self, program, place):
        if self.settings.is_cold:
            process.evict(process.files(place.folder) + process.files(self.settings.work / "prepared" / place.name))
        try:
            return program.measure(self.settings, place)
        finally:
            # What a failed run left behind must not fill the disk.
            process.remove(self.settings.work / "out/peer")

    def able(self, job, place):
        """The programs of a job that can run here; the others are said aloud."""
        programs = []
        for program in job.programs:
            reason = program.reason_to_skip(self.settings, place) or self.too_long(job, program, place)
            if reason:
                self.settings.skip(f"{job.name}, {program.who}", reason)
            else:
                programs.append(program)
        return programs

    def too_long(self, job, program, place):
        """Why a peer is not worth waiting for, going by its speed on a smaller set, or None."""
        rate = self.rates.get((without_set(job.name), program.who))
        if program.is_ours or rate is None or place.bytes / rate <= self.settings.longest:
            return None
        return f"about {place.bytes / rate / 60:.0f} minutes, by its speed on the set before (--longest)"

    def answers_agree(self, job, programs, place):
        """Whether all readers of a job find the same sum of bytes, before their speed is measured."""
        readers = [program for program in programs if hasattr(program, "sum_option")]
        if not readers:
            return True
        sums = {}
        for program in readers:
            record = program.measure(self.settings, place, wants_sum=True)
            sums[program.who] = record.get("failed") or record["sum"]
        if len(set(sums.values())) > 1:
            self.settings.skip(job.name, f"the readers do not agree: {sums}")
            return False
        self.settings.say(f"  {job.name}: {len(sums)} readers agree, sum of bytes {next(iter(sums.values()))}")
        return True

    def tell(self, job, program, number, record):
        settings = self.settings
        ours = {"is_ours": True} if program.is_ours else {}
        x = {} if program.x is None else {"x": program.x}
        settings.write({"job": job.name, "who": program.who, "round": number, **ours, **x, **record})
        if "failed" in record:
            settings.say(f"  {job.name}  {program.who}: {record['failed']}")
            return
        rate = record["bytes"] / record["seconds"] / 1e6
        self.rates[without_set(job.name), program.who] = rate * 1e6
        settings.say(
            f"  round {number + 1}/{settings.rounds}  {job.name:<26} {program.who:<44} {record['seconds']:8.2f} s {rate:8.0f} MB/s "
            f"{record['cpu']:8.2f} CPU s {record['peak']:7.0f} MiB")


def without_set(name):
    chapter, _, job = name.split("/")
    return chapter, job
