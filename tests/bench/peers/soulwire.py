"""Soulwire's own streams, as the service has them: events go through the database to one person's streams.

Its clock stands still, since readers that only count bytes answer no pings.
"""

import asyncio
import gc
import tempfile
from typing import Any

import uvloop

from storage.database import Database
from storage.records import Draft
from tests.bench.peers.driving import Server, payload_fields, serve
from tests.handlers.streaming import Service


class Soulwire(Server):
    async def listen(self) -> dict[str, Any]:
        self._folder = tempfile.TemporaryDirectory()
        database = Database.open(f"sqlite:///{self._folder.name}/events.db", durability="normal")
        self._service = Service(database)
        return {"port": self._service.port, "token": self._service.token("ada", seconds=1e6)}

    async def publish(self, count: int) -> None:
        drafts = [Draft("new_data", payload_fields()) for _ in range(count)]
        await self._service.append("ada", *drafts)

    async def each(self, events: int) -> None:
        """The next is committed while the one before is on its way; no two are ever joined."""
        for _ in range(events):
            await self.publish(1)
            await self._until_waiting(1)
        await self.handed_over()

    async def handed_over(self) -> None:
        await self._until_waiting(0)

    async def _until_waiting(self, most: int) -> None:
        while self._service.hub.standing().waiting > most:
            await asyncio.sleep(0)


if __name__ == "__main__":
    gc.set_threshold(100_000, 50, 50)  # as run.py has it
    serve(Soulwire(), uvloop.run)
