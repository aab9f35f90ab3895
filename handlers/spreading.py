"""Broadcasts, to those who have a stream open or a device to push to: a few hundred at a time, so that neither the
loop nor the writer is held. Everybody else has them copied before the next thing that they are told or ask for."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import structlog

from handlers.bridge import Bridge
from handlers.errors import Unavailable
from handlers.hub import Hub
from storage import broadcasts
from storage.transaction import Transaction

log = structlog.get_logger()
T = TypeVar("T")

PIECE = 256
"""Users in one unit of work; it is also how many events the loop takes in at once."""
AGAIN = 1.0
"""Seconds until what the database couldn't do is tried again."""


class Spreading:
    def __init__(self, bridge: Bridge, hub: Hub) -> None:
        self._bridge = bridge
        self._hub = hub
        self._task: asyncio.Task[None] | None = None
        self._wanted = False

    def begin(self) -> None:
        """On the loop, once a broadcast is committed. What comes while others are still told is told after them."""
        self._wanted = True
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._spread())

    async def stop(self) -> None:
        """What is left is copied when its users come back."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _spread(self) -> None:
        while self._wanted:
            self._wanted = False
            users = self._hub.users()  # whoever comes after this hears of it while they subscribe
            for start in range(0, len(users), PIECE):
                await self._reach(users[start : start + PIECE])
            await self._reach_devices()

    async def _reach_devices(self) -> None:
        """What is pushed goes through the user's sequence like everything else."""
        after = ""
        while users := await self._until_done(partial(broadcasts.with_devices_behind, after=after, limit=PIECE)):
            await self._reach(users)
            after = users[-1]

    async def _reach(self, users: list[str]) -> None:
        await self._until_done(partial(broadcasts.hear, users=users))

    async def _until_done(self, unit: Callable[[Transaction], T]) -> T:
        failed = False
        while True:
            try:
                return await self._bridge.write(unit)
            except Unavailable as trouble:
                if not failed:
                    log.warning("broadcast_delayed", reason=str(trouble))
                failed = True
                await asyncio.sleep(AGAIN)
