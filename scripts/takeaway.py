"""Takes the files of a running recorder away, and counts what is left.

    python3 scripts/takeaway.py PATH-TO-FAUCET [--seconds 600] [--rate 2000] [--seed 1]

A synthetic feed drops and stalls its connections. A run follows it into a file while this script moves and
deletes the file, stops and continues the process, and sends SIGUSR1, at random moments. Nobody reads the log
of the run. At the end every received record must stand in exactly one file, or in a deleted one that this
script holds open; the report must say the same number; memory and descriptors must stay flat. Three runs: a
plain file, a file compressed by zstd, and rotated files compressed by gzip. Needs `zstd` and `gzip`.
"""

import argparse
import glob
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

SINKS = {
    "plain": {"path": "out.jsonl"},
    "zstd": {"path": "out.jsonl.zst", "compress": "zstd"},
    "rotated": {
        "path": "out-{date}.jsonl.gz",
        "compress": "gzip",
        "rotate": {"size": "1MiB", "every": "7s"},
    },
}


def numbers(data, name):
    """The numbers of the trades in a file's content."""
    for ending, tool in ((".zst", "zstd"), (".gz", "gzip")):
        if name.endswith(ending):
            done = subprocess.run([tool, "-dc"], input=data, capture_output=True, check=True)
            data = done.stdout
    return [json.loads(line)["t"] for line in data.splitlines()]


def usage(pid):
    """Resident memory in MiB, and open descriptors."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        line = next(line for line in status if line.startswith("VmRSS"))
    return int(line.split()[1]) // 1024, len(os.listdir(f"/proc/{pid}/fd"))


class Recorder:
    """A run whose files are taken away."""

    def __init__(self, faucet, sink, rate, seed, directory):
        self.directory, self.random = directory, random.Random(seed)
        self.moved, self.deleted, self.usages = 0, [], []
        faults = ["--drop", "7s", "--stall", "9s", "--seed", str(seed)]
        command = [faucet, "feed", "--listen", "127.0.0.1:0", "--rate", str(rate), *faults]
        self.feed = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        source = {
            "type": "websocket", "url": self.feed.stdout.readline().strip(), "unbounded": True,
            "reconnect": True, "reconnect_backoff": 0.05, "stale_timeout": 1, "batch_timeout": 0.05,
        }
        with open(f"{directory}/pipeline.json", "w", encoding="utf-8") as file:
            json.dump({"source": source, "sink": {"type": "jsonl", **sink}}, file)
        # Nobody reads this pipe.
        self.run = subprocess.Popen(
            [faucet, "run", "pipeline.json", "--report", "report.json", "--log-level", "debug"],
            cwd=directory, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )

    def files(self):
        return sorted(glob.glob(f"{self.directory}/out*"))

    def act(self):
        what, files = self.random.choice(["move", "delete", "ask", "freeze", "wait"]), self.files()
        if what == "move" and files:
            file = self.random.choice(files)
            self.moved += 1
            ending = os.path.basename(file).split(".", 1)[1]
            os.rename(file, f"{self.directory}/moved-{self.moved}.{ending}")
        elif what == "delete" and files:
            file = self.random.choice(files)
            self.deleted.append((open(file, "rb"), file))
            os.unlink(file)
        elif what == "ask":
            self.run.send_signal(signal.SIGUSR1)
        elif what == "freeze":
            self.run.send_signal(signal.SIGSTOP)
            time.sleep(self.random.random())
            self.run.send_signal(signal.SIGCONT)

    def judge(self, name):
        self.run.send_signal(signal.SIGTERM)
        code = self.run.wait()
        self.feed.kill()
        there, gone = [], []
        for file in self.files() + glob.glob(f"{self.directory}/moved-*"):
            with open(file, "rb") as content:
                there += numbers(content.read(), file)
        for content, file in self.deleted:
            gone += numbers(content.read(), file)
        with open(f"{self.directory}/report.json", encoding="utf-8") as file:
            report = json.load(file)
        every = len(set(there) | set(gone))
        once = len(there) == len(set(there))
        memory, descriptors = zip(*self.usages)
        late = self.usages[len(self.usages) // 2 :]
        flat = max(late)[0] <= 2 * min(memory) + 16 and max(descriptors) <= min(descriptors) + 4
        good = code == 0 and once and flat and every == report["records"] == report["delivered"]
        print(
            f"{'good ' if good else 'FAULT'} {name}: exit {code}, {report['records']} records, "
            f"{report['delivered']} delivered, {every} found, {len(there)} in files "
            f"({'once each' if once else 'some twice'}), {len(report['gaps'])} gaps, "
            f"{min(memory)} to {max(memory)} MiB, {min(descriptors)} to {max(descriptors)} descriptors"
        )
        return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("faucet")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--rate", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    good = True
    for name, sink in SINKS.items():
        with tempfile.TemporaryDirectory() as directory:
            faucet = os.path.abspath(args.faucet)
            recorder = Recorder(faucet, sink, args.rate, args.seed, directory)
            end = time.monotonic() + args.seconds
            while time.monotonic() < end and recorder.run.poll() is None:
                time.sleep(recorder.random.random() * 1.5)
                recorder.act()
                recorder.usages.append(usage(recorder.run.pid))
            good = recorder.judge(name) and good
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
