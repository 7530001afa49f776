#!/usr/bin/env python3
"""A feed that sends five trades, pauses, sends five more and closes with 1000."""

import asyncio
import sys

from websockets.asyncio.server import serve


async def main() -> None:
    port, pause = int(sys.argv[1]), float(sys.argv[2])

    async def feed(client) -> None:
        for number in range(1, 6):
            await client.send(f'{{"t":{number}}}')
        await asyncio.sleep(pause)
        for number in range(6, 11):
            await client.send(f'{{"t":{number}}}')

    async with serve(feed, "127.0.0.1", port) as server:
        print(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/", flush=True)
        await asyncio.Event().wait()


asyncio.run(main())
