"""One life of the recorder: a process of `faucet run`, and what is told about it."""

import fcntl
import http.client
import json
import os
import pty
import re
import select
import signal
import subprocess
import termios
import threading
import time

ADDRESS = re.compile(rb"serving http://(127\.0\.0\.1:\d+)/")
# So many samples of a life are those of its start.
STARTING = 4


class Run:
    """`how` is `log` (nobody reads the pipe of the log), `nohup` or `terminal`."""

    def __init__(self, faucet, directory, number, how):
        self.how, self.report_file = how, f"{directory}/report-{number}.json"
        self.usages, self.hung_up, self.address, self.event = [], False, None, b""
        if how == "log":
            self.said, theirs = os.pipe()
            # A pipe that holds little is stuck sooner.
            fcntl.fcntl(self.said, fcntl.F_SETPIPE_SZ, 4096)
        else:
            self.said, theirs = pty.openpty()

        def prepare():
            signal.signal(signal.SIGHUP, signal.SIG_IGN if how == "nohup" else signal.SIG_DFL)
            if how != "log":
                fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)

        command = [faucet, "run", "pipeline.json", "--report", self.report_file]
        command += ["--serve", "127.0.0.1:0", "--log-level", "debug"]
        streams = {"stdin": theirs, "stdout": theirs} if how != "log" else {"stdout": subprocess.DEVNULL}
        self.process = subprocess.Popen(
            command, cwd=directory, stderr=theirs, start_new_session=True, preexec_fn=prepare,
            pass_fds=[theirs], **streams,
        )
        os.close(theirs)
        self._find_address()
        if self.address:
            threading.Thread(target=self._look, daemon=True).start()

    def _find_address(self):
        """Reads the log to the address, and no further: from here on nobody reads it."""
        self.first_words = b""
        while not self.address and self.process.poll() is None:
            if select.select([self.said], [], [], 0.1)[0]:
                try:
                    self.first_words += os.read(self.said, 4096)
                except OSError:
                    return
            found = ADDRESS.search(self.first_words)
            self.address = found and found[1].decode()

    def get(self, path):
        connection = http.client.HTTPConnection(self.address, timeout=10)
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def _look(self):
        """Keeps the last event of the page."""
        while self.process.poll() is None:
            try:
                connection = http.client.HTTPConnection(self.address, timeout=10)
                connection.request("GET", "/events")
                for line in connection.getresponse():
                    if line.startswith(b"data: "):
                        self.event = line[6:]
            except (OSError, http.client.HTTPException):
                time.sleep(0.1)

    def alive(self):
        return self.process.poll() is None

    def signal(self, what):
        self.process.send_signal(what)

    def hang_up(self):
        """Closes the terminal: its session gets a HUP."""
        os.close(self.said)
        self.said, self.hung_up = None, True

    def sample(self):
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as status:
            line = next((line for line in status if line.startswith("VmRSS")), None)
        if line:
            descriptors = len(os.listdir(f"/proc/{self.process.pid}/fd"))
            self.usages.append((int(line.split()[1]) // 1024, descriptors))

    def ended(self):
        """Waits for the end, and returns the exit code and the report."""
        code = self.process.wait(30)
        if self.said is not None:
            os.close(self.said)
        try:
            with open(self.report_file, encoding="utf-8") as file:
                return code, json.load(file)
        except FileNotFoundError:
            return code, None
