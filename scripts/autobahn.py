#!/usr/bin/env python3
"""Runs the client cases of the Autobahn testsuite against our client, and counts.

    scripts/autobahn.py SUITE [--cases 1.* 2.* ...] [--deflate]

SUITE is a folder with the testsuite: site/autobahntestsuite, and root/usr/bin/python2.7 where the
system has no Python 2.7. The fuzzing server listens on a free port of the loopback. The exit code
is 1 where a case is FAILED. Neither the tests nor CI need the suite.
"""

import argparse
import collections
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
RUN = (
    "import sys; sys.argv=['wstest','-m','fuzzingserver','-s',{spec!r},'--webport=0'];"
    "from autobahntestsuite.wstest import run; run()"
)


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def environment(suite):
    env = dict(os.environ, PYTHONPATH=str(suite / "site"))
    own = suite / "root/usr"
    if own.is_dir():
        libraries = [str(path) for path in (own / "lib").glob("*-linux-gnu")]
        env.update(LD_LIBRARY_PATH=":".join(libraries), PYTHONHOME=str(own))
    return env


def start(suite, folder, cases):
    port = free_port()
    spec = folder / "spec.json"
    spec.write_text(
        json.dumps(
            {
                "url": f"ws://127.0.0.1:{port}",
                "outdir": str(folder / "reports"),
                "cases": cases,
                "exclude-cases": [],
                "exclude-agent-cases": {},
            }
        )
    )
    own = suite / "root/usr/bin/python2.7"
    python = str(own) if own.exists() else "python2.7"
    log = open(folder / "server.log", "w")
    command = [python, "-c", RUN.format(spec=str(spec))]
    server = subprocess.Popen(command, env=environment(suite), stdout=log, stderr=log)
    for _ in range(100):
        time.sleep(0.1)
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                return server, f"ws://127.0.0.1:{port}"
    server.kill()
    sys.exit(f"the fuzzing server does not start: {(folder / 'server.log').read_text()}")


def count(folder):
    report = json.loads((folder / "reports/index.json").read_text())["faucet"]
    behaviours = collections.Counter(case["behavior"] for case in report.values())
    closes = collections.Counter(case["behaviorClose"] for case in report.values())
    print(f"{len(report)} cases: " + ", ".join(f"{n} {what}" for what, n in behaviours.most_common()))
    print("closes: " + ", ".join(f"{n} {what}" for what, n in closes.most_common()))
    failed = [name for name, case in report.items() if "FAILED" in case["behavior"]]
    failed += [name for name, case in report.items() if case["behaviorClose"] == "FAILED"]
    other = [n for n, case in report.items() if case["behavior"] not in ("OK", "UNIMPLEMENTED")]
    print("not simply OK: " + (", ".join(sorted(other)) or "none"))
    return bool(failed)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("suite", type=pathlib.Path)
    parser.add_argument("--cases", nargs="+", default=["*"])
    parser.add_argument("--deflate", action="store_true", help="offer permessage-deflate")
    parser.add_argument("--client", type=pathlib.Path, help="a client that was built before")
    options = parser.parse_args()
    build = ["cargo", "build", "--release", "-p", "faucet-common-websocket", "--example", "autobahn"]
    client = options.client or ROOT / "target/release/examples/autobahn"
    if options.client is None:
        subprocess.run(build, cwd=ROOT, check=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        server, url = start(options.suite.resolve(), folder, options.cases)
        try:
            subprocess.run([client, url] + ["--deflate"] * options.deflate, check=True)
        finally:
            server.kill()
        sys.exit(count(folder))


if __name__ == "__main__":
    main()
