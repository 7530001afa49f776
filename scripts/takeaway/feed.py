"""A synthetic feed that is killed, frozen and slowed."""

import signal
import subprocess
import time

FAULTS = ["--drop", "7s", "--stall", "9s", "--dribble", "12s"]


class Feed:
    """`faucet feed`, on one port for all of its lives."""

    def __init__(self, faucet, rate, seed):
        self.faucet, self.rate, self.seed, self.kills = faucet, rate, seed, 0
        # When each life began, in Unix milliseconds: a new life counts its trades from 1 again.
        self.begins = []
        self.url, self.process = None, None
        self.start()

    def start(self):
        address = self.url.split("/")[2] if self.url else "127.0.0.1:0"
        command = [self.faucet, "feed", "--listen", address, "--rate", str(self.rate), *FAULTS]
        for _ in range(100):
            self.begins.append(time.time_ns() // 1_000_000)
            self.process = subprocess.Popen(
                command + ["--seed", str(self.seed + self.kills)],
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            )
            line = self.process.stdout.readline().strip()
            if line:
                self.url = line
                return
            self.process.wait()
            self.begins.pop()
            time.sleep(0.1)
        raise SystemExit("the feed does not start")

    def kill(self, seconds):
        """Kills the feed, and starts it again after so long."""
        self.process.kill()
        self.process.wait()
        self.kills += 1
        time.sleep(seconds)
        self.start()

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def slow(self, seconds):
        """Lets the feed have a tenth of the time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.freeze()
            time.sleep(0.09)
            self.thaw()
            time.sleep(0.01)

    def stop(self):
        self.process.kill()
        self.process.wait()
