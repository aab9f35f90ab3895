"""Python's `websockets`: one line for each message; its own loop comes back. websockets_client.py URL TOKEN"""

import asyncio
import json
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


async def main(url: str, token: str) -> None:
    cursor = None
    async for connection in connect(url.replace("http", "ws", 1) + "/ws", proxy=None):
        try:
            await connection.send(json.dumps({"type": "auth", "token": token, "cursor": cursor}))
            async for text in connection:
                cursor = json.loads(text).get("cursor", cursor)
                print(text, flush=True)
        except ConnectionClosed:
            pass


asyncio.run(main(*sys.argv[1:]))
