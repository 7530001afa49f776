"""Takes everything away from a running recorder, and counts what is left.

    python3 scripts/takeaway PATH-TO-FAUCET [--seconds 600] [--rate 2000] [--seed 1] [--only plain|zstd|rotated]

A run follows a synthetic feed into a file, and serves its numbers. At random moments this script moves and
deletes the file, stops the process for a while, sends SIGUSR1, closes the terminal, kills, freezes and slows
the feed, and fills the disk. Nobody reads the log of the run. A run that ends is started again, as a service
manager does. The first half of the time nothing ends it: memory and descriptors of that life must stay flat.

Each record that a run has received must stand in exactly one file (or in a deleted one, which this script
holds open), or be counted by reason. While the feed is frozen, and at the end of each life, the page's events,
/metrics, /report, the file of --report and the lines of the files must agree exactly.

Three sinks: a plain file and rotated files compressed by gzip, both with a state, and a file compressed by
zstd without one. Linux; needs `zstd` and `gzip`. As root a small file system is the disk; otherwise a limit
for the size of files takes its place.
"""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time

from account import Files, holes, is_flat
from agreement import compare, of_report
from disk import disk
from feed import Feed
from run import STARTING, Run

SINKS = {
    "plain": {"path": "disk/out.jsonl"},
    "zstd": {"path": "disk/out.jsonl.zst", "compress": "zstd"},
    "rotated": {
        "path": "disk/out-{date}.jsonl.gz",
        "compress": "gzip",
        "rotate": {"size": "1MiB", "every": "7s"},
    },
}
# What may happen at any moment, and what ends a life too.
HARMLESS = ["move", "delete", "ask", "stop", "kill_feed", "freeze_feed", "slow_feed", "wait", "agree"]
ENDING = ["hang_up", "fill", "fill", "restart"]
FULL = 7


class Story:
    """A recorder with one sink, through all of its lives."""

    def __init__(self, faucet, name, options, directory):
        self.faucet, self.name, self.directory = faucet, name, directory
        self.random = random.Random(options.seed)
        self.disk, self.feed = disk(f"{directory}/disk"), Feed(faucet, options.rate, options.seed)
        self.files, self.faults, self.counts = Files(f"{directory}/disk"), [], {}
        self.lives, self.sums, self.gaps, self.found, self.most = 0, {}, 0, 0, (0, 0)
        source = {
            "type": "websocket", "url": self.feed.url, "unbounded": True, "reconnect": True,
            "reconnect_backoff": 0.05, "reconnect_max_backoff": 0.5, "stale_timeout": 1, "batch_timeout": 0.05,
        }
        pipeline = {"source": source, "sink": {"type": "jsonl", **SINKS[name]}}
        if name != "zstd":
            pipeline["state"] = {"path": "disk/state.json"}
        with open(f"{directory}/pipeline.json", "w", encoding="utf-8") as file:
            json.dump(pipeline, file)
        self.begin("log")

    def fault(self, what):
        self.faults.append(f"life {self.lives}: {what}")
        print(f"FAULT {self.name}: {self.faults[-1]}", flush=True)

    def count(self, what, n=1):
        self.counts[what] = self.counts.get(what, 0) + n

    def begin(self, how):
        self.lives += 1
        self.run = Run(self.faucet, self.directory, self.lives, how)

    def end(self, what, codes):
        """Takes the life that ends into account."""
        code, report = self.run.ended()
        if code not in codes:
            self.fault(f"{what}: exit {code}: {self.run.first_words[-300:]}")
        if report is None:
            if self.run.address or code == 0:
                self.fault(f"{what}: no report, exit {code}")
            return
        now = of_report(report)
        skipped = now["skipped"]
        accounted = now["delivered"] + now["unconfirmed"] + skipped.get("not_written", 0)
        if now["read"] != accounted:
            self.fault(f"{what}: {now['read']} records read, {accounted} accounted for: {now}")
        before, self.found = self.found, self.look()
        least, most = now["delivered"], now["delivered"] + now["unconfirmed"]
        if not least <= self.found - before <= most:
            self.fault(f"{what}: {self.found - before} more in files, {least} delivered: {now}")
        for key in ("read", "delivered", "unconfirmed"):
            self.sums[key] = self.sums.get(key, 0) + now[key]
        for reason, n in skipped.items():
            self.count(f"skipped as {reason}", n)
        self.gaps += now["gaps"]
        usages = self.run.usages[STARTING:]
        if usages:
            self.most = tuple(max(of) for of in zip(self.most, *usages))
        if not is_flat(usages):
            self.fault(f"{what}: memory or descriptors grow: {usages}")

    def look(self):
        """How many different records are in files."""
        there, gone = self.files.read()
        if len(there) != len(set(there)):
            self.fault(f"{len(there) - len(set(there))} records stand in files twice")
        if self.files.odd:
            self.fault(f"{self.files.odd} lines are no trades")
        self.all = set(there) | set(gone)
        return len(self.all)

    # What happens.

    def move(self):
        if files := self.files.current():
            self.files.move(self.random.choice(files))

    def delete(self):
        if files := self.files.current():
            self.files.delete(self.random.choice(files))

    def ask(self):
        self.run.signal(signal.SIGUSR1)

    def stop(self):
        self.run.signal(signal.SIGSTOP)
        time.sleep(self.random.random())
        self.run.signal(signal.SIGCONT)

    def kill_feed(self):
        self.feed.kill(self.random.random())

    def freeze_feed(self):
        self.feed.freeze()
        time.sleep(2 * self.random.random())
        self.feed.thaw()

    def slow_feed(self):
        self.feed.slow(2 * self.random.random())

    def wait(self):
        pass

    def hang_up(self):
        if self.run.how == "log" or self.run.hung_up:
            return False
        self.run.hang_up()
        if self.run.how == "terminal":
            self.end("the terminal is closed", [0])
            self.again()

    def restart(self):
        self.run.signal(signal.SIGTERM)
        self.end("TERM", [0])
        self.again()

    def fill(self):
        self.disk.fill(self.run.process.pid)
        if self.random.random() < 0.3:
            # Room again before the run has noticed, or just after.
            time.sleep(0.1 * self.random.random())
            self.disk.free(self.run.process.pid)
            # A run that has noticed ends within its grace.
            self.until_ended(3)
            if not self.run.alive():
                self.end("full for a moment", [FULL])
                self.again()
            return
        self.until_ended(20)
        if self.run.alive():
            self.fault("the disk is full, and the run goes on")
            self.disk.free(self.run.process.pid)
            return
        self.end("the disk is full", [FULL])
        if self.disk.how.startswith("a tmpfs"):
            self.begin("log")
            self.until_ended(20)
            self.count("starts on a full disk")
            if self.run.alive():
                self.fault("a run goes on with a full disk")
                self.run.signal(signal.SIGTERM)
            self.end("started on a full disk", [FULL])
        self.disk.free(self.run.process.pid)
        self.again()

    def until_ended(self, seconds):
        end = time.monotonic() + seconds
        while self.run.alive() and time.monotonic() < end:
            time.sleep(0.05)

    def again(self, how=None):
        """Starts the run again."""
        self.begin(how or self.random.choice(["log", "nohup", "terminal"]))
        if not self.run.alive() and b"remove the state file" in self.run.first_words:
            # As the error says; what its commit names was taken away with the disk full.
            self.count("states removed")
            self.run.ended()
            os.unlink(f"{self.directory}/disk/state.json")
            self.begin("log")
        if not self.run.alive():
            raise SystemExit(f"the run does not start again: {self.run.first_words.decode()}")

    def agree(self):
        """Compares all that is told while nothing arrives."""
        self.feed.freeze()
        try:
            # A frozen feed is left after `stale_timeout`, and half a frame with it.
            time.sleep(1.5)
            metrics, differences = compare(self.run)
        finally:
            lines = self.look() - self.found
            self.feed.thaw()
        for difference in differences:
            self.fault(f"agree: {difference}")
        if metrics and lines != metrics["delivered"]:
            self.fault(f"agree: {lines} in files, {metrics['delivered']} delivered")
        self.count("agreements")

    def act(self, kinds):
        what = self.random.choice(kinds)
        if getattr(self, what)() is not False:
            self.count(what)
        if not self.run.alive():
            self.end(f"by itself, after {what}", [])
            self.again()
        self.run.sample()
        self.run.get("/metrics")

    def play(self, seconds):
        start = time.monotonic()
        while (elapsed := time.monotonic() - start) < seconds:
            time.sleep(self.random.random() * 1.5)
            if elapsed < seconds / 2:
                self.act(HARMLESS)
            elif self.lives == 1:
                self.agree()
                self.restart()
            else:
                self.act(HARMLESS + ENDING)
        self.agree()
        self.run.signal(signal.SIGTERM)
        self.end("the last TERM", [0])
        self.feed.stop()
        missing = holes(self.all, self.feed.begins)
        if missing > self.gaps + self.lives:
            self.fault(f"{missing} holes, {self.gaps} gaps in {self.lives} lives")
        if not self.sums["delivered"] <= self.found <= self.sums["delivered"] + self.sums["unconfirmed"]:
            self.fault(f"{self.found} in files: {self.sums}")
        word, of = "FAULT" if self.faults else "good ", self.sums
        print(
            f"{word} {self.name}: {self.found} in files, {of['read']} read, {of['delivered']} delivered, "
            f"{of['unconfirmed']} unconfirmed; {self.lives} lives, {self.gaps} gaps, {missing} holes; at most "
            f"{self.most[0]} MiB and {self.most[1]} descriptors; disk: {self.disk.how}"
        )
        print("      " + ", ".join(f"{n} {what}" for what, n in sorted(self.counts.items())), flush=True)
        return not self.faults


def main():
    parser = argparse.ArgumentParser(prog="takeaway", description=__doc__.splitlines()[0])
    parser.add_argument("faucet", type=os.path.abspath)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--rate", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=SINKS)
    options = parser.parse_args()
    good = True
    for name in [options.only] if options.only else SINKS:
        with tempfile.TemporaryDirectory(prefix="faucet-takeaway-") as directory:
            story = Story(options.faucet, name, options, directory)
            try:
                good = story.play(options.seconds) and good
            finally:
                for process in (story.run.process, story.feed.process):
                    process.kill()
                story.disk.close()
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
