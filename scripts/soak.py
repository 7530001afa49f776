#!/usr/bin/env python3
"""Runs a pipeline against a feed with faults and accounts for every record.

    scripts/soak.py FAUCET_BINARY [--minutes 20] [--to file|websocket]

The feed drops, stalls, floods and dribbles at random, the same for the same seed. With `--to
websocket` the records also go to a receiver that drops and stalls, with `delivery: at_least_once`.
Memory and open descriptors of the run are sampled each second. The exit code is 1 where a record is
not accounted for, and where memory or descriptors grow. Neither the tests nor CI run this script.
"""

import argparse
import collections
import json
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

FEED_FAULTS = ["--drop", "8s", "--stall", "10s", "--flood", "10s", "--dribble", "12s"]
RECEIVER_FAULTS = ["--drop", "7s", "--stall", "9s"]
MIB = 1 << 20


class Server:
    """`faucet feed` or `faucet receive`."""

    def __init__(self, name, faucet, folder, arguments):
        self.log, self.out = folder / f"{name}.log", folder / f"{name}.out"
        command = [faucet, name, "--listen", "127.0.0.1:0", "--log-format", "json"] + arguments
        with open(self.log, "wb") as log, open(self.out, "wb") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=log)
        for _ in range(100):
            self.url, end, _ = self.out.read_text().partition("\n")
            if end:
                return
            time.sleep(0.1)
        self.process.kill()
        sys.exit(f"{name} does not start: {self.log.read_text()}")

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)
        return [json.loads(line)["fields"] for line in self.log.read_text().splitlines()]


def pipeline(folder, feed, receiver):
    alive = {"ping_interval": "1s", "pong_timeout": "2s"}
    backoff = {"reconnect_backoff": "50ms", "reconnect_max_backoff": "1s"}
    source = {"type": "websocket", "url": feed.url, "reconnect": True, "unbounded": True}
    file = {"type": "jsonl", "path": str(folder / "records.jsonl"), "gap_records": True}
    spec = {"sources": {"feed": source | alive | backoff}, "sinks": {"file": file}, "grace": "20s"}
    if receiver:
        relay = {"type": "websocket", "url": receiver.url, "delivery": "at_least_once"}
        relay["max_reconnect_attempts"] = None
        spec["sinks"]["relay"] = relay | alive | backoff
        spec["state"] = {"path": str(folder / "state.json")}
    (folder / "pipeline.json").write_text(json.dumps(spec))
    return folder / "pipeline.json"


def sample(pid):
    """Resident bytes and open descriptors."""
    proc = pathlib.Path(f"/proc/{pid}")
    fields = dict(line.split(":", 1) for line in (proc / "status").read_text().splitlines())
    return int(fields["VmRSS"].split()[0]) * 1024, len(list((proc / "fd").iterdir()))


def watch(run, seconds):
    samples, start = [], time.monotonic()
    while len(samples) < seconds:
        time.sleep(max(0, start + len(samples) + 1 - time.monotonic()))
        if run.poll() is not None:
            break
        samples.append(sample(run.pid))
    return samples


class Account:
    """The records of the file beside the messages that the feed has written."""

    def __init__(self, log):
        self.connections = [entry for entry in log if "end" in entry]
        self.connections.sort(key=lambda entry: entry["connection"])
        self.written = sum(entry["messages"] for entry in self.connections)
        totals = [entry["messages"] for entry in log if entry["message"] == "the feed ends"]
        self.unexplained = [] if totals == [self.written] else [f"the feed's total is {totals}"]
        self.records = self.bytes = self.gaps = 0
        self.lost, self.losses = collections.Counter(), []
        self.seen, self.next, self.segment = bytearray(), 0, None

    def wrong(self, what):
        self.unexplained.append(f"record {self.records}: {what}")

    def read(self, file):
        with open(file, "rb") as lines:
            for line in lines:
                try:
                    record = json.loads(line)
                except ValueError:
                    self.wrong(f"no JSON: {line[:80]}")
                    continue
                if "faucet_gap" in record:
                    self.gaps += 1
                    if self.segment is None:
                        self.wrong("a gap without a record in front of it")
                    self.close()
                else:
                    self.records += 1
                    self.bytes += len(line) - 1
                    self.see(record["t"])
        self.close()
        for entry in self.connections[self.next :]:
            self.lose(entry, entry["messages"])

    def lose(self, entry, messages):
        self.lost[entry["end"]] += messages
        if messages:
            of = f"{messages:,} of {entry['messages']:,}"
            self.losses.append(f"connection {entry['connection']} ({entry['end']}): {of}")

    def see(self, number):
        if number < len(self.seen):
            self.wrong(f"trade {number} comes late or twice")
            return
        if self.segment is None:
            self.segment = [number, number]
        elif number != self.segment[1] + 1:
            self.wrong(f"a hole without a gap: trade {number} follows {self.segment[1]}")
        self.segment[1] = number
        self.seen.extend(bytes(number - len(self.seen)) + b"\1")

    def close(self):
        """Finds the connection of the records between two gaps. It may have brought more: bytes on
        their way are lost with a connection. Nothing may be missing at its beginning."""
        if self.segment is None:
            return
        first, last = self.segment
        self.segment = None
        for index in range(self.next, len(self.connections)):
            entry = self.connections[index]
            rest = entry["first_trade"] + entry["messages"] - 1 - last
            if entry["first_trade"] == first and rest >= 0:
                for skipped in self.connections[self.next : index]:
                    self.lose(skipped, skipped["messages"])
                self.lose(entry, rest)
                self.next = index + 1
                return
        self.wrong(f"no connection has written trades {first} to {last} from its beginning on")


def check_report(account, report, sinks):
    if report["ended"] != "shutdown" or report["error"]:
        yield f"the run ended with {report['ended']}: {report['error']}"
    if report["records"] != account.records * sinks:
        yield f"the report has {report['records']} records, the file {account.records}"
    if len(report["gaps"]) + report["more_gaps"] != account.gaps:
        yield f"the report has {len(report['gaps'])} gaps, the file {account.gaps}"
    cut_off = sum(entry["cut_off"] for entry in account.connections)
    # A connection that the run itself drops may end within a message too.
    others = sum(entry["end"] in ("left", "broken", "dismissed") for entry in account.connections)
    if report["skipped"].get("partial_frame", 0) > cut_off + others:
        yield f"{report['skipped']} with {cut_off} messages that were cut off"
    if account.written != account.records + sum(account.lost.values()):
        yield f"{account.written} written, {account.records} records, {account.lost} lost"


def check_receiver(account, report, lines, rows):
    """Each record of the file must arrive, and nothing else."""
    arrived, again, foreign = bytearray(len(account.seen)), 0, 0
    with open(lines, "rb") as received:
        next(received)
        for line in received:
            number = json.loads(line)["t"]
            if number >= len(arrived) or not account.seen[number]:
                foreign += 1
            elif arrived[number]:
                again += 1
            arrived[number : number + 1] = b"\1"
    missing = sum(account.seen) - sum(arrived[: len(account.seen)])
    rows.append(("sink reconnects", report["sink_reconnects"]))
    rows.append(("records that arrived twice", f"{again:,} of {report['resent']:,} sent again"))
    if foreign or missing or report["unconfirmed"]:
        yield f"to the receiver: {missing} missing, {foreign} foreign, {report['unconfirmed']} unconfirmed"
    if again > report["resent"]:
        yield f"{again} records arrived twice and {report['resent']} were sent again"


def grows(what, values, tolerance):
    """Compares the last quarter with the second: the first is the start."""
    quarter = len(values) // 4
    before, after = (statistics.median(part) for part in (values[quarter : 2 * quarter], values[-quarter:]))
    if after > before + tolerance(before):
        yield f"{what} grow from {before:,.0f} to {after:,.0f}"


def at_points(values, show):
    points = [values[len(values) // 10], values[len(values) // 2], values[-1], max(values)]
    return " / ".join(show(value) for value in points)


def soak(options, folder):
    seed = ["--seed", str(options.seed)]
    feed = Server("feed", options.faucet, folder, ["--rate", str(options.rate)] + FEED_FAULTS + seed)
    receiver = None
    if options.to == "websocket":
        receiver = Server("receive", options.faucet, folder, ["--print"] + RECEIVER_FAULTS + seed)
    report = folder / "report.json"
    command = [options.faucet, "run", pipeline(folder, feed, receiver), "--report", report]
    with open(folder / "run.log", "wb") as log:
        run = subprocess.Popen(command, stdout=log, stderr=log)
    start = time.monotonic()
    try:
        samples = watch(run, int(options.minutes * 60))
        duration = time.monotonic() - start
        run.send_signal(signal.SIGINT)
        run.wait(60)
    finally:
        run.kill()
        if receiver:
            receiver.stop()
        account = Account(feed.stop())
    report = json.loads(report.read_text())
    account.read(folder / "records.jsonl")

    faults = {kind: sum(entry[kind] for entry in account.connections) for kind in ("stalls", "floods", "dribbles")}
    ends = collections.Counter(entry["end"] for entry in account.connections)
    show = lambda counts: ", ".join(f"{n:,} {what}" for what, n in counts.items() if n) or "none"
    rss, descriptors = zip(*samples)
    rows = [
        ("duration", f"{duration:.0f} s"),
        ("connections of the feed", f"{len(account.connections)}: {show(ends)}"),
        ("other faults of the feed", show(faults)),
        ("reconnects", report["reconnects"]),
        ("records", f"{account.records:,}"),
        ("bytes", f"{account.bytes:,}"),
        ("messages written by the feed", f"{account.written:,}"),
        ("lost behind a connection's end", show(account.lost)),
        ("these are", "; ".join(account.losses) or "none"),
        ("gaps in the file", account.gaps),
        ("skipped by the run", show(report["skipped"])),
    ]
    problems = account.unexplained
    problems += check_report(account, report, 2 if receiver else 1)
    if receiver:
        problems += check_receiver(account, report, receiver.out, rows)
    rows += [
        ("RSS at 10 / 50 / 100 %, max", at_points(rss, lambda n: f"{n / MIB:.1f} MiB")),
        ("descriptors at the same", at_points(descriptors, str)),
        ("unexplained", len(problems)),
    ]
    problems += grows("bytes of memory", rss, lambda before: before / 10 + MIB)
    problems += grows("descriptors", descriptors, lambda _: 2)
    for name, value in rows:
        print(f"{name:<32} {value}")
    for problem in problems[:20]:
        print(f"PROBLEM: {problem}")
    return bool(problems)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("faucet", type=pathlib.Path)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--to", choices=["file", "websocket"], default="file")
    parser.add_argument("--rate", type=int, default=2000, help="trades a second")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="keep the files also after a success")
    options = parser.parse_args()
    if options.minutes * 60 < 8:
        parser.error("--minutes: a soak shorter than 8 s has no quarters to compare")
    options.faucet = options.faucet.resolve()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="faucet-soak-"))
    failed = soak(options, folder)
    if failed or options.keep:
        print(f"the files are in {folder}")
    else:
        shutil.rmtree(folder)
    sys.exit(failed)


if __name__ == "__main__":
    main()
