"""The deployment as the checks see it: who they are there, and what they can do."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from urllib.parse import quote

from deploy.probing.address import Address
from deploy.probing.http import Answer, Connection, Headers
from deploy.probing.streams import Kind, Message, SocketClient, SseClient, StreamClient
from deploy.probing.tokens import Person, Signer, bearer

TYPE = "conformance"
"""Of the events that are sent."""


class Terms(NamedTuple):
    """In seconds."""

    patience: float = 10.0
    """After so long something that should have come is missed."""
    prompt: float = 0.5
    """From the answer to who sends an event until it is on screen."""
    beat: float = 35.0
    """The longest silence: the service says something every 20 to 25."""
    admission: float = 20.0
    """Until a socket that doesn't say who it is is closed: 10, and what a busy machine takes."""


class Deployment:
    def __init__(
        self,
        address: Address,
        user: Person,
        service: Person,
        *,
        other: Person | None = None,
        signer: Signer | None = None,
        origin: str | None = None,
        broadcast: bool = False,
        terms: Terms | None = None,
    ) -> None:
        self.address = address
        self.user = user
        self.service = service
        self.other = other
        self.signer = signer
        self.origin = origin or address.origin
        """Of a page that may call the service."""
        self.broadcast = broadcast
        self.terms = terms or Terms()

    @property
    def somebody_else(self) -> Person:
        assert self.other is not None
        return self.other

    def passing(self, ttl: int, role: str = "user", **claims: str) -> Person:
        """The user, with a token that ends soon or is otherwise special."""
        assert self.signer is not None
        return self.signer.person(self.user.id, role, ttl, **claims)

    # -- requests ---------------------------------------------------------------------------------

    async def ask(
        self, method: str, target: str, by: Person | None = None, body: Any = None, headers: Headers | None = None
    ) -> Answer:
        told = {**(bearer(by.token) if by else {}), **(headers or {})}
        async with asyncio.timeout(self.terms.patience):
            connection = await Connection.open(self.address)
            try:
                return await connection.ask(method, target, body, told)
            finally:
                connection.close()

    async def send(self, mark: str, number: int = 0, to: Person | None = None, **event: Any) -> str:
        """An event into the sequence of a user; its cursor. Whoever sends finds it again by its mark."""
        told = {"type": TYPE, "mark": mark, "number": number, **event}
        answer = await self.ask("POST", self.sending((to or self.user).id), self.service, {"event": told})
        if answer.status != 202 or not isinstance(answer.json, dict) or "id" not in answer.json:
            raise NotSent(answer)
        return str(answer.json["id"])

    @staticmethod
    def sending(user: str) -> str:
        return f"/api/users/{quote(user, safe='')}/send"

    async def forget(self, person: Person) -> Answer:
        return await self.ask("DELETE", f"/api/users/{quote(person.id, safe='')}", self.service)

    # -- streams ----------------------------------------------------------------------------------

    @asynccontextmanager
    async def open(
        self,
        kind: Kind,
        by: Person | None = None,
        query: str = "",
        headers: Headers | None = None,
        within: float | None = None,
    ) -> AsyncIterator[StreamClient]:
        """A stream that is signed in by header. All that is done with it has to happen `within` so many seconds."""
        told = {**(bearer(by.token) if by else {}), **(headers or {})}
        async with asyncio.timeout(within or self.terms.patience):
            client: StreamClient
            if kind == "websocket":
                client = await SocketClient.open(self.address, query, told)
            else:
                client = await SseClient.open(self.address, query, told)
            try:
                yield client
            finally:
                client.close()

    @asynccontextmanager
    async def greeted(
        self, kind: Kind, by: Person | None = None, cursor: str | None = None, query: str = ""
    ) -> AsyncIterator[tuple[StreamClient, Message]]:
        """A stream, and its first message."""
        asked = query
        if cursor is not None:
            asked += ("&" if "?" in asked else "?") + f"cursor={quote(cursor, safe='')}"
        async with self.open(kind, by or self.user, asked) as client:
            yield client, await client.message()

    @asynccontextmanager
    async def socket(
        self, by: Person | None = None, *, headers: Headers | None = None, within: float | None = None
    ) -> AsyncIterator[SocketClient]:
        """A WebSocket, which one can say something to."""
        async with self.open("websocket", by, headers=headers, within=within) as client:
            assert isinstance(client, SocketClient)
            yield client


class NotSent(Exception):
    """Nothing that concerns events can be looked at."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"an event of the app could not be sent: {answer}")


def mark() -> str:
    return secrets.token_hex(8)
