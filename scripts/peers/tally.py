"""What the Python receivers share: counting trades by their number, and an orderly end."""

import asyncio
import json
import signal
import sys

# How long the last client may take to leave: it may wait for a Pong.
LAST_WORD = 5


class Tally:
    def __init__(self, peer: str, wanted: int):
        self.peer = peer
        self.wanted = wanted
        self.received = self.repeated = self.disordered = 0
        self.seen: set[int] = set()
        self.greatest = -1
        self.clients = 0
        self.enough = asyncio.Event()
        self.alone = asyncio.Event()

    def connected(self) -> "Connection":
        self.clients += 1
        self.alone.clear()
        return Connection(self)

    def disconnected(self) -> None:
        self.clients -= 1
        if self.clients == 0:
            self.alone.set()

    def result(self) -> dict:
        span = max(self.seen) - min(self.seen) + 1 if self.seen else 0
        return {
            "peer": self.peer,
            "received": self.received,
            "distinct": len(self.seen),
            "repeated": self.repeated,
            "missing": span - len(self.seen),
            "disordered": self.disordered,
        }


class Connection:
    """The trades of one connection, which may only grow."""

    def __init__(self, tally: Tally):
        self.tally = tally
        self.previous = -1

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_) -> None:
        self.tally.disconnected()

    def see(self, message: str | bytes) -> None:
        tally = self.tally
        number = json.loads(message)["t"]
        tally.received += 1
        new = number not in tally.seen
        late = new and number < tally.greatest
        if late or number < self.previous:
            tally.disordered += 1
        if not new:
            tally.repeated += 1
        tally.seen.add(number)
        tally.greatest = max(tally.greatest, number)
        self.previous = number
        if len(tally.seen) >= tally.wanted:
            tally.enough.set()


def arguments() -> tuple[int, int]:
    """Port and number of trades from the command line."""
    if len(sys.argv) != 3:
        sys.exit(f"usage: {sys.argv[0]} PORT N")
    return int(sys.argv[1]), int(sys.argv[2])


async def until_the_end(tally: Tally, port: int) -> None:
    """Prints the URL, waits for all trades and the last client's end or for SIGTERM, and prints
    the result."""
    print(f"ws://127.0.0.1:{port}/", flush=True)
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)

    async def received() -> None:
        await tally.enough.wait()
        try:
            await asyncio.wait_for(tally.alone.wait(), LAST_WORD)
        except TimeoutError:
            pass

    waits = [asyncio.create_task(received()), asyncio.create_task(asked.wait())]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
    print(json.dumps(tally.result()), flush=True)
