"""What operations yield, and what they share."""

from collections.abc import Generator
from concurrent.futures import Future
from typing import Any

import msgspec

from actors.platforms.base import Answer, Call


class NotConnected(Exception):
    """There is nothing to poll or refresh."""

    def __init__(self, status: str, reason: str | None) -> None:
        super().__init__(f"the connection is {status}" + (f": {reason}" if reason else ""))
        self.status = status
        self.reason = reason


class Pause(msgspec.Struct, frozen=True):
    """Go on after so many seconds; the actor hears other messages meanwhile."""

    seconds: float


Steps = Generator[Call | Pause, Answer | None, Any]


class Operation:
    """One operation, wanted or under way, and those who wait for its result."""

    __slots__ = ("answered", "generation", "kind", "order", "replies", "steps")

    def __init__(self, kind: str, order: Any = None) -> None:
        self.kind = kind
        self.order = order
        self.replies: list[Future[Any]] = []
        self.steps: Steps | None = None
        self.answered = False
        """One of its calls has been."""
        self.generation: int | None = None
        """The token's when this was first wanted: a refresh that came in between serves as well."""

    def join(self, reply: "Future[Any] | None") -> None:
        if reply is not None:
            self.replies.append(reply)

    def resolve(self, result: Any) -> None:
        for reply in self.replies:
            if not reply.done():
                reply.set_result(result)

    def reject(self, error: BaseException) -> None:
        for reply in self.replies:
            if not reply.done():
                reply.set_exception(error)
