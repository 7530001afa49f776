#!/usr/bin/env python3
"""A receiver with Python `aiohttp`."""

import asyncio

import aiohttp
from aiohttp import web

from tally import Tally, arguments, until_the_end


async def main() -> None:
    port, wanted = arguments()
    tally = Tally(f"aiohttp {aiohttp.__version__}", wanted)

    async def receive(request: web.Request) -> web.WebSocketResponse:
        client = web.WebSocketResponse()
        await client.prepare(request)
        with tally.connected() as connection:
            async for message in client:
                if message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                    connection.see(message.data)
        return client

    app = web.Application()
    app.router.add_get("/", receive)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, shutdown_timeout=1).start()
    await until_the_end(tally, runner.addresses[0][1])
    await runner.cleanup()


asyncio.run(main())
