"""Orders to a connection that there is not, or not any more."""

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

import pytest

from actors.messages import Connect, Disconnect, Forward, FreshToken, Poll, Refresh
from actors.operations.base import NotConnected
from actors.platforms.base import Call
from actors.supervisor import Supervisor
from storage.database import StorageUnavailable
from storage.records import ConnectionKey, Secret
from tests.actors.world import World

NOBODY = ConnectionKey("nobody", "tiny")
ORDERS: list[Callable[["Future[Any]"], Any]] = [
    Poll,
    Refresh,
    FreshToken,
    partial(Forward, Call("GET", "https://tiny.example/me")),
    partial(Disconnect, False),
    partial(Connect, Secret("code"), "https://soulwire.example/back", None),
]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[ConnectionKey]:
    """Whose actors were made; many for one order end the supervisor, which else would make them for ever."""
    made: list[ConnectionKey] = []
    start = Supervisor._start

    def counted(self: Supervisor, key: ConnectionKey, wake: Any) -> None:
        made.append(key)
        assert len(made) < 5
        start(self, key, wake)

    monkeypatch.setattr(Supervisor, "_start", counted)
    return made


@pytest.mark.parametrize("order", ORDERS)
def test_an_order_to_nobody_is_answered_at_once_and_makes_one_actor(
    world: World, started: list[ConnectionKey], order: Callable[["Future[Any]"], Any]
) -> None:
    answer = world.order(NOBODY, order)

    assert isinstance(answer.exception(0), NotConnected)
    assert started == [NOBODY]
    assert not world.fatal
    assert world.directory.ref(NOBODY) is None


def test_without_a_database_an_order_to_nobody_is_refused_for_that(
    world: World, started: list[ConnectionKey], monkeypatch: pytest.MonkeyPatch
) -> None:
    read, reads = world.database.read, iter((True, True))

    def fails_later(query: Any) -> Any:
        if next(reads, False):
            return read(query)
        raise StorageUnavailable("lost")

    monkeypatch.setattr(world.database, "read", fails_later)

    assert isinstance(world.order(NOBODY, FreshToken).exception(0), StorageUnavailable)
    assert started == [NOBODY]
