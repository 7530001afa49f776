#!/usr/bin/env python3
"""A receiver with Python `websockets` and its default keepalive: a Ping every 20 seconds."""

import asyncio

import websockets
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

from tally import Tally, arguments, until_the_end


async def main() -> None:
    port, wanted = arguments()
    tally = Tally(f"websockets {websockets.__version__}", wanted)

    async def receive(client) -> None:
        with tally.connected() as connection:
            try:
                async for message in client:
                    connection.see(message)
            except ConnectionClosed:
                pass

    async with serve(receive, "127.0.0.1", port) as server:
        await until_the_end(tally, server.sockets[0].getsockname()[1])


asyncio.run(main())
