"""Events at a steady pace, whatever becomes of those before: who waits for answers measures only what is fast."""

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from deploy.probing.address import Address
from deploy.probing.http import Answer, Connection
from deploy.probing.tokens import Person, bearer

CONNECTIONS = 32
TRIES = 5
TYPE = "load"


class Publisher:
    def __init__(self, address: Address, services: Sequence[Person], users: Sequence[Person], run: str) -> None:
        self._address, self._services, self._users, self._run = address, services, users, run
        self._waiting: asyncio.Queue[tuple[int, int] | None] = asyncio.Queue()
        self.accepted: Counter[str] = Counter()
        """By user."""
        self.refused: Counter[str] = Counter()
        """By status, or by what happened."""

    async def publish(self, per_second: float, seconds: float, size: int) -> float:
        """Round the users; how many seconds it took until all were answered."""
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for number in range(CONNECTIONS):
                group.create_task(self._work(self._services[number % len(self._services)], "x" * size))
            for number in range(round(per_second * seconds)):
                due = began + number / per_second
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                self._waiting.put_nowait((number, int(min(due, time.monotonic()) * 1e9)))  # timers are early, too
            for _ in range(CONNECTIONS):
                self._waiting.put_nowait(None)
        return time.monotonic() - began

    async def _work(self, service: Person, text: str) -> None:
        connection: Connection | None = None
        while (item := await self._waiting.get()) is not None:
            number, due = item
            user = self._users[number % len(self._users)].id
            event = {"type": TYPE, "run": self._run, "sent": due, "text": text}
            connection, answer = await self._send(connection, service, user, {"event": event})
            if answer is None:
                self.refused["no answer"] += 1
            elif answer.status == 202:
                self.accepted[user] += 1
            else:
                self.refused[f"{answer.status} {answer.error or ''}".strip()] += 1
        if connection is not None:
            connection.close()

    async def _send(
        self, connection: Connection | None, service: Person, user: str, body: Any
    ) -> tuple[Connection | None, Answer | None]:
        """Tried again when the connection breaks, under one key: so it is known what was accepted, and it is once."""
        headers = {**bearer(service.token), "Idempotency-Key": secrets.token_hex(12)}
        target = f"/api/users/{quote(user, safe='')}/send"
        for attempt in range(TRIES):
            with suppress(OSError, EOFError, TimeoutError):
                connection = connection or await Connection.open(self._address)
                async with asyncio.timeout(10):
                    return connection, await connection.ask("POST", target, body, headers)
            if connection is not None:
                connection.close()
                connection = None
            await asyncio.sleep(0.2 * (attempt + 1))
        return None, None
