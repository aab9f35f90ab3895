"""Python calls for an app that runs in this process: the same as over HTTP, for threads that may wait."""

import asyncio
from collections.abc import Coroutine, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from actors.messages import FreshToken
from handlers import orders, own_events
from handlers.parts import Parts
from handlers.sending import append_one
from handlers.userids import checked
from handlers.users import poll_all
from storage.records import ConnectionKey

T = TypeVar("T")

PATIENCE = 10.0
SPARE = 5.0
"""Seconds beyond its own that a call gets to come back from the loop."""


class Backend:
    """For any thread but the loop's. What can't be done raises `handlers.errors.ApiError` with the code that the same
    request over HTTP would be answered with; what takes longer than `timeout` goes on, and raises `TimeoutError` where
    there is an answer to wait for."""

    def __init__(self, parts: Parts, loop: asyncio.AbstractEventLoop) -> None:
        self._parts = parts
        self._loop = loop

    def ensure_fresh_token(self, user: str, platform: str, timeout: float = PATIENCE) -> datetime | None:
        """Until when the platform can be used, for a while at least; None: its token never expires. The token itself
        stays where it is: calls that need it go through `/api/users/{user}/proxy/{platform}/…`."""
        return self._wait(self._fresh(ConnectionKey(checked(user), platform), timeout), timeout)

    def poll_all_platforms_for_user(self, user: str, timeout: float = PATIENCE) -> dict[str, dict[str, Any]]:
        """How it went, by platform, as `POST /api/users/{user}/poll` says it."""
        return self._wait(poll_all(self._parts, checked(user), timeout), timeout)

    def send_to_user(self, user: str, message: Mapping[str, Any], timeout: float = PATIENCE) -> str:
        """Into the user's sequence, for every page they have open or will open; the event's cursor. `message` has a
        `type` of the app's own."""
        return self._wait(self._send(checked(user), message), timeout)

    async def _fresh(self, key: ConnectionKey, patience: float) -> datetime | None:
        directory = self._parts.directory
        done = await orders.give(self._parts, lambda reply: directory.tell(key, FreshToken(reply)), patience)
        if done is orders.STILL_AT_IT:
            raise TimeoutError(f"the token of {key} is still being refreshed")
        return None if done is None else datetime.fromtimestamp(done, UTC)

    async def _send(self, user: str, message: Mapping[str, Any]) -> str:
        unit = partial(append_one, user=user, draft=own_events.draft(message), at=self._parts.clock.now())
        cursor: str = (await self._parts.bridge.write(unit))["id"]
        return cursor

    def _wait(self, asked: Coroutine[Any, Any, T], timeout: float) -> T:
        try:
            if _running_loop() is self._loop:
                raise RuntimeError("this waits, and so would the whole service: call it from a thread of your own")
            future = asyncio.run_coroutine_threadsafe(asked, self._loop)
        except RuntimeError:
            asked.close()
            raise
        try:
            return future.result(timeout + SPARE)
        finally:
            future.cancel()


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
