"""Webhooks on their way out: written down with what caused them, sent once, their outcome kept.

A delivery that was not sent when the process was killed is sent at the next start.
"""

import asyncio
import uuid
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from tornado.httpclient import HTTPClientError, HTTPError, HTTPRequest
from tornado.simple_httpclient import HTTPStreamClosedError, HTTPTimeoutError, SimpleAsyncHTTPClient

from deploy.sandbox.state import State

AT_ONCE = 100
LARGEST_ANSWER = 1 << 20


KEPT_FOR = 3 * 86_400
"""Seconds that a delivery can be looked up and sent again."""


class Delivery(msgspec.Struct, frozen=True):
    """A row of `deliveries`, column by column."""

    id: int
    platform: str
    hook_id: int
    guid: str
    event: str
    action: str | None
    body: bytes
    at: float
    redelivery: bool
    sent: bool
    status: str | None
    code: int | None
    duration: float | None


RequestFor = Callable[[Delivery], HTTPRequest | None]
"""How a platform puts a delivery; None: it isn't sent at all."""


class Outbox:
    def __init__(self, state: State, now: Callable[[], float]) -> None:
        self._state = state
        self._now = now
        self._request_for: dict[str, RequestFor] = {}
        self._free = asyncio.Semaphore(AT_ONCE)
        self._client: SimpleAsyncHTTPClient | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self, platform: str, request_for: RequestFor) -> None:
        self._request_for[platform] = request_for

    def add(self, platform: str, hook_id: int, event: str, action: str | None, body: bytes) -> Delivery:
        """Within the change that caused it; `send` it once that is committed."""
        return self._add(platform, hook_id, str(uuid.uuid4()), event, action, body, False)

    def again(self, delivery: Delivery) -> Delivery:
        """The same happening under the same GUID, as a delivery of its own."""
        old = delivery
        return self._add(old.platform, old.hook_id, old.guid, old.event, old.action, old.body, True)

    def _add(
        self, platform: str, hook_id: int, guid: str, event: str, action: str | None, body: bytes, redelivery: bool
    ) -> Delivery:
        at = self._now()
        row = self._state.insert(
            "INSERT INTO deliveries (platform, hook_id, guid, event, action, body, at, redelivery, sent)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)",
            platform, hook_id, guid, event, action, body, at, redelivery,
        )  # fmt: skip
        return Delivery(
            row, platform, hook_id, guid, event, action, body, at, redelivery, False, None, None, None
        )  # fmt: skip

    # -- reading -------------------------------------------------------------------------------------
    def of_hook(self, hook_id: int, below: int | None, limit: int, only: str | None = None) -> list[Delivery]:
        """Those with an outcome, newest first; `only` `success` or `failure`."""
        good = None if only is None else only == "success"
        rows = self._state.all(
            "SELECT * FROM deliveries WHERE hook_id = ? AND sent AND at > ? AND id < ?"
            " AND (? IS NULL OR (status = 'OK') = ?) ORDER BY id DESC LIMIT ?",
            hook_id, self._now() - KEPT_FOR, below or 1 << 62, good, good, limit,
        )  # fmt: skip
        return [_delivery(row) for row in rows]

    def one(self, hook_id: int, delivery_id: int) -> Delivery | None:
        sql = "SELECT * FROM deliveries WHERE hook_id = ? AND id = ? AND at > ?"
        row = self._state.one(sql, hook_id, delivery_id, self._now() - KEPT_FOR)
        return _delivery(row) if row else None

    # -- sending -------------------------------------------------------------------------------------
    def send(self, deliveries: Iterable[Delivery]) -> None:
        for delivery in deliveries:
            task = asyncio.get_running_loop().create_task(self._send(delivery))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def resume(self) -> None:
        """Sends what an earlier process left unsent, and forgets what is too old to be asked for."""
        self._state.run("DELETE FROM deliveries WHERE at < ?", self._now() - KEPT_FOR)
        rows = self._state.all("SELECT * FROM deliveries WHERE sent = 0 ORDER BY id")
        self.send([_delivery(row) for row in rows])

    async def _send(self, delivery: Delivery) -> None:
        request = self._request_for[delivery.platform](delivery)
        if request is None:
            self._state.run("DELETE FROM deliveries WHERE id = ?", delivery.id)
            return
        async with self._free:
            began = asyncio.get_running_loop().time()
            code, status = await self._outcome(request)
            took = asyncio.get_running_loop().time() - began
        with self._state.change():
            self._state.run(
                "UPDATE deliveries SET sent = 1, status = ?, code = ?, duration = ? WHERE id = ?",
                status, code, round(took, 2), delivery.id,
            )  # fmt: skip
            self._state.run("UPDATE hooks SET last_status = ?, last_code = ? WHERE id = ?",
                            status, code, delivery.hook_id)  # fmt: skip

    async def _outcome(self, request: HTTPRequest) -> tuple[int, str]:
        if self._client is None:
            self._client = SimpleAsyncHTTPClient(force_instance=True, max_clients=AT_ONCE, max_body_size=LARGEST_ANSWER)
        try:
            answer = await self._client.fetch(request, raise_error=False)
        except HTTPTimeoutError:
            return 504, "timed out"
        except (HTTPStreamClosedError, HTTPClientError, HTTPError, OSError, ValueError):
            return 502, "failed to connect to host"
        return answer.code, "OK" if 200 <= answer.code < 300 else f"Invalid HTTP Response: {answer.code}"

    async def idle(self) -> None:
        """Until everything that is on its way has an outcome."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._client is not None:
            self._client.close()


def _delivery(row: tuple[Any, ...]) -> Delivery:
    columns = [*row[:8], bool(row[8]), bool(row[9]), *row[10:]]
    return Delivery(*columns)
