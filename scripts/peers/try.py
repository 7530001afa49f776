#!/usr/bin/env python3
"""Tries the WebSocket sink against foreign peers; exits with 1 when a record goes astray."""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
PEERS = {
    "websockets": [sys.executable, HERE / "receive_websockets.py"],
    "aiohttp": [sys.executable, HERE / "receive_aiohttp.py"],
    "ws": ["node", HERE / "receive_ws.mjs"],
}
DELIVERIES = ["at_most_once", "at_least_once"]
# How long a run may take on top of its pause, in seconds.
PATIENCE = 120
START = 15


class Failed(Exception):
    pass


class Child:
    """A server that prints its URL first."""

    def __init__(self, *command):
        command = [str(word) for word in command]
        self.name = Path(command[1] if command[0] in (sys.executable, "node") else command[0]).name
        self.stderr = tempfile.TemporaryFile("w+")
        try:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.stderr, text=True
            )
        except OSError as error:
            raise Failed(f"{command[0]}: {error.strerror}") from error

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.stderr.close()

    def line(self, seconds: float) -> str:
        # Whoever says nothing is killed, which ends the reading.
        watch = threading.Timer(seconds, self.process.kill)
        watch.start()
        line = self.process.stdout.readline().strip()
        watch.cancel()
        if not line:
            self.process.kill()
            self.process.wait()
            self.stderr.seek(0)
            said = self.stderr.read().strip().splitlines() or ["it says nothing"]
            why = [line for line in said if "rror" in line.split(":")[0]] or said
            raise Failed(f"{self.name}: {why[-1]}")
        return line


def expect(what: dict, expected: dict) -> None:
    for key, value in expected.items():
        if what[key] != value:
            raise Failed(f"{key}: {what[key]} instead of {value}")


def run(faucet: Path, feed: str, peer: str, delivery: str, most: int, patience: float) -> dict:
    """Runs a pipeline from `feed` to `peer` to its end and returns its report."""
    with tempfile.TemporaryDirectory() as directory:
        pipeline, report = Path(directory, "pipeline.yaml"), Path(directory, "report.json")
        pipeline.write_text(
            f"source:\n  type: websocket\n  url: {feed}\n  max_messages: {most}\n"
            f"sink:\n  type: websocket\n  url: {peer}\n  delivery: {delivery}\n"
        )
        command = [str(faucet), "run", str(pipeline), "--report", str(report)]
        try:
            ran = subprocess.run(command, capture_output=True, text=True, timeout=patience)
        except subprocess.TimeoutExpired as error:
            raise Failed(f"the run does not end within {patience:g} s") from error
        if ran.returncode != 0:
            errors = [line for line in ran.stderr.splitlines() if line.startswith("error: ")]
            raise Failed(f"exit code {ran.returncode}: {errors[-1] if errors else ran.stderr!r}")
        return json.loads(report.read_text())


def attempt(args, feed: str, peer: str, delivery: str, records: int, pause: float) -> tuple[dict, dict]:
    """One pipeline into one receiver; what the receiver got, and the report."""
    with Child(*PEERS[peer], 0, records) as receiver:
        url = receiver.line(START)
        report = run(args.faucet, feed, url, delivery, records, pause + PATIENCE)
        got = json.loads(receiver.line(START))
    expect(got, {"received": records, "distinct": records, "repeated": 0, "missing": 0, "disordered": 0})
    expect(report, {"records": records, "delivered": records, "unconfirmed": 0, "resent": 0, "reconnects": 0})
    return got, report


def show(peer: str, delivery: str, outcome: str, got: dict | None = None, report: dict | None = None) -> None:
    figures = ""
    if got and report:
        figures = f"{got['received']:>9,}  {report['elapsed_seconds']:>7.2f} s"
    print(f"{(got or {}).get('peer', peer):<20} {delivery:<14} {figures:<20} {outcome}", flush=True)


def try_all(args, trials) -> bool:
    """Tries and shows each; whether all went well."""
    print(f"{'peer':<20} {'delivery':<14} {'received':>9}  {'took':>9} outcome", flush=True)
    well = True
    for peer, delivery, feed, records, pause in trials:
        try:
            show(peer, delivery, "ok", *attempt(args, feed, peer, delivery, records, pause))
        except Failed as failure:
            well = False
            show(peer, delivery, f"FAILED: {failure}")
    return well


def stream(args) -> bool:
    with Child(args.faucet, "feed", "--listen", "127.0.0.1:0", "--rate", 0) as feed:
        url = feed.line(START)
        peers = [args.peer] if args.peer else PEERS
        trials = [(peer, delivery, url, args.records, 0) for peer in peers for delivery in DELIVERIES]
        return try_all(args, trials)


def idle(args) -> bool:
    with Child(sys.executable, HERE / "pausing_feed.py", 0, args.pause) as feed:
        url = feed.line(START)
        peer = args.peer or "websockets"
        begin = time.monotonic()
        well = try_all(args, [(peer, delivery, url, 10, args.pause) for delivery in args.delivery])
        if time.monotonic() - begin < args.pause * len(args.delivery) and well:
            print("FAILED: there was no pause")
            return False
        return well


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mode", nargs="?", choices=["stream", "idle"], default="stream")
    parser.add_argument("--faucet", type=Path, default=HERE.parents[1] / "target/release/faucet")
    parser.add_argument("--peer", choices=PEERS, help="only this one")
    parser.add_argument("--records", type=int, default=100_000, help="trades for each peer (stream)")
    parser.add_argument("--pause", type=float, default=130, help="seconds without a record (idle)")
    parser.add_argument(
        "--delivery", choices=DELIVERIES, action="append", help="of the idle sink; default: at_least_once"
    )
    args = parser.parse_args()
    args.delivery = args.delivery or ["at_least_once"]
    try:
        return 0 if {"stream": stream, "idle": idle}[args.mode](args) else 1
    except Failed as failure:
        print(f"FAILED: {failure}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
