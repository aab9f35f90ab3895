"""Webhooks on their way out: written down with what caused them, sent, their outcome kept.

A platform may have one sent again after a while, or later from the start. What was not sent when the process
was killed, and what still waits, is sent by the next one.
"""

import asyncio
import uuid
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

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
AgainIn = Callable[[Delivery, int, int], float | None]
"""Seconds until a delivery is sent again, from how often it was and the status of the last time; None: it is done."""


class Reply(NamedTuple):
    """What a receiver answered; where it didn't, a status in place of that."""

    code: int
    status: str
    body: bytes = b""
    content_type: str | None = None


Answered = Callable[[Delivery, Reply], None]
"""What a platform makes of an answer."""


def never(_delivery: Delivery, _attempts: int, _code: int) -> None:
    return None


def whatever(_delivery: Delivery, _reply: Reply) -> None:
    return None


class Door(NamedTuple):
    request_for: RequestFor
    again_in: AgainIn
    answered: Answered


class Outbox:
    """`service`: where the webhooks go that are set up with a platform once, and not by a call of the service's."""

    def __init__(self, state: State, now: Callable[[], float], service: str = "") -> None:
        self._state = state
        self._now = now
        self.service = service
        self._doors: dict[str, Door] = {}
        self._alarm: asyncio.TimerHandle | None = None
        self._free = asyncio.Semaphore(AT_ONCE)
        self._client: SimpleAsyncHTTPClient | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def open(
        self, platform: str, request_for: RequestFor, again_in: AgainIn = never, answered: Answered = whatever
    ) -> None:
        self._doors[platform] = Door(request_for, again_in, answered)

    def add(
        self, platform: str, hook_id: int, event: str, action: str | None, body: bytes, guid: str | None = None
    ) -> Delivery:
        """Within the change that caused it; `send` it once that is committed."""
        return self._add(platform, hook_id, guid or str(uuid.uuid4()), event, action, body, False)

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
            self._begin(delivery)

    async def deliver(self, delivery: Delivery) -> None:
        """Sends it, and is back when it has an outcome."""
        await self._begin(delivery)

    def _begin(self, delivery: Delivery) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(self._send(delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def resume(self) -> None:
        """Sends what an earlier process left unsent, and forgets what is too old to be asked for."""
        self._state.run(
            "DELETE FROM deliveries WHERE at < ? AND id NOT IN (SELECT delivery FROM waiting)", self._now() - KEPT_FOR
        )
        rows = self._state.all(
            "SELECT * FROM deliveries WHERE sent = 0 AND id NOT IN (SELECT delivery FROM waiting) ORDER BY id"
        )
        self.send([_delivery(row) for row in rows])
        self._state.run("UPDATE waiting SET due_at = ? WHERE due_at IS NULL", self._now())  # a kill cut these off
        self.send_due()

    async def _send(self, delivery: Delivery) -> None:
        door = self._doors[delivery.platform]
        request = door.request_for(delivery)
        if request is None:
            self._state.run("DELETE FROM deliveries WHERE id = ?", delivery.id)
            self._state.run("DELETE FROM waiting WHERE delivery = ?", delivery.id)
            return
        async with self._free:
            began = asyncio.get_running_loop().time()
            reply = await self._outcome(request)
            took = asyncio.get_running_loop().time() - began
        with self._state.change():
            self._state.run(
                "UPDATE deliveries SET sent = 1, status = ?, code = ?, duration = ? WHERE id = ?",
                reply.status, reply.code, round(took, 2), delivery.id,
            )  # fmt: skip
            self._state.run("UPDATE hooks SET last_status = ?, last_code = ? WHERE id = ? AND platform = ?",
                            reply.status, reply.code, delivery.hook_id, delivery.platform)  # fmt: skip
            self._decide(door, delivery, reply.code)
            door.answered(delivery, reply)

    # -- later ---------------------------------------------------------------------------------------
    def attempts(self, delivery: Delivery) -> int:
        """How often it was sent before."""
        row = self._state.one("SELECT attempts FROM waiting WHERE delivery = ?", delivery.id)
        return int(row[0]) if row else 0

    def send_at(self, delivery: Delivery, at: float) -> None:
        self._wait(delivery, 0, at)

    def send_due(self) -> None:
        """What waits and whose time has come."""
        now = self._now()
        rows = self._state.all(
            "SELECT d.* FROM waiting w JOIN deliveries d ON d.id = w.delivery WHERE w.due_at <= ? ORDER BY d.id", now
        )
        self._state.run("UPDATE waiting SET due_at = NULL WHERE due_at <= ?", now)  # on their way
        self.send([_delivery(row) for row in rows])
        self._set_alarm()

    def _decide(self, door: Door, delivery: Delivery, code: int) -> None:
        attempts = self.attempts(delivery) + 1
        again_in = door.again_in(delivery, attempts, code)
        if again_in is None:
            self._state.run("DELETE FROM waiting WHERE delivery = ?", delivery.id)
        else:
            self._wait(delivery, attempts, self._now() + again_in)

    def _wait(self, delivery: Delivery, attempts: int, until: float) -> None:
        self._state.run("REPLACE INTO waiting VALUES (?, ?, ?)", delivery.id, attempts, until)
        self._set_alarm()

    def _set_alarm(self) -> None:
        """For the first of those that wait."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        row = self._state.one("SELECT min(due_at) FROM waiting")
        if row and row[0] is not None:
            seconds = max(0.05, row[0] - self._now())
            self._alarm = asyncio.get_running_loop().call_later(seconds, self.send_due)

    async def _outcome(self, request: HTTPRequest) -> Reply:
        if self._client is None:
            self._client = SimpleAsyncHTTPClient(force_instance=True, max_clients=AT_ONCE, max_body_size=LARGEST_ANSWER)
        try:
            answer = await self._client.fetch(request, raise_error=False)
        except HTTPTimeoutError:
            return Reply(504, "timed out")
        except (HTTPStreamClosedError, HTTPClientError, HTTPError, OSError, ValueError):
            return Reply(502, "failed to connect to host")
        status = "OK" if 200 <= answer.code < 300 else f"Invalid HTTP Response: {answer.code}"
        return Reply(answer.code, status, answer.body, answer.headers.get("Content-Type"))

    async def idle(self) -> None:
        """Until everything that is on its way has an outcome."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def close(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._client is not None:
            self._client.close()


def _delivery(row: tuple[Any, ...]) -> Delivery:
    columns = [*row[:8], bool(row[8]), bool(row[9]), *row[10:]]
    return Delivery(*columns)
