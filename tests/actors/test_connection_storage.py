"""The database goes away at the worst moments: no actor fails over it, nothing is forgotten or done with old values."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

import pytest

from actors.messages import DELIVERIES_DUE, Disconnect, Forward, Refresh
from actors.platforms.base import Call, Ended, Happening
from storage import connections
from storage.database import StorageUnavailable
from tests.actors.world import ADA, World
from tests.fakes.platform import HOST


@contextmanager
def reads_fail(world: World) -> Iterator[None]:
    read = world.database.read

    def refused(_: Callable[[Any], Any]) -> Any:
        raise StorageUnavailable("lost")

    world.database.read = refused  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        world.database.read = read  # type: ignore[method-assign]


@contextmanager
def writes_fail(world: World, after: int = 0) -> Iterator[None]:
    """Those after the first so many."""
    write, left = world.database.write, [after]

    def refused(unit: Callable[[Any], Any], **more: Any) -> "Future[Any]":
        if left[0] > 0:
            left[0] -= 1
            return write(unit, **more)
        future: Future[Any] = Future()
        future.set_exception(StorageUnavailable("full"))
        return future

    world.database.write = refused  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        world.database.write = write  # type: ignore[method-assign]


def test_a_call_that_is_to_be_forwarded_is_refused_and_the_actor_lives(world: World) -> None:
    world.connect()
    world.crash()
    world.start()  # the token is not in memory any more
    with reads_fail(world):
        answer = world.order(ADA, lambda r: Forward(Call("GET", f"{HOST}/api/me"), r))

    assert isinstance(answer.exception(0), StorageUnavailable)
    assert (world.status().state, world.status().restarts) == ("running", 0)


def test_a_token_that_was_stored_is_used_although_reading_fails_after(world: World) -> None:
    """The one before is spent: to send it again ends the grant at platforms that watch for that."""
    world.connect()
    with reads_fail(world):
        assert world.order(ADA, lambda r: Refresh(r)).exception(0) is None

    assert world.order(ADA, lambda r: Refresh(r)).exception(0) is None

    assert world.far.number == 3
    assert world.row().status == "connected"


def test_a_refresh_that_can_not_be_marked_is_tried_again_soon(world: World) -> None:
    world.connect()
    with writes_fail(world):
        answer = world.order(ADA, lambda r: Refresh(r))
    assert isinstance(answer.exception(0), StorageUnavailable)

    world.pass_time(6)

    assert world.far.number == 2
    assert world.status().restarts == 0


def test_a_disconnect_goes_on_when_the_database_is_back(world: World) -> None:
    world.connect()
    with writes_fail(world, after=1):
        answer = world.order(ADA, lambda r: Disconnect(True, r))
    assert isinstance(answer.exception(0), StorageUnavailable)

    world.pass_time(6)

    assert world.row().status == "disconnected"
    assert world.directory.status(ADA) is None


def test_a_disconnect_that_can_not_be_stored_is_not_begun_and_says_so(world: World) -> None:
    world.connect()
    with writes_fail(world):
        answer = world.order(ADA, lambda r: Disconnect(True, r))

    assert isinstance(answer.exception(0), StorageUnavailable)
    assert world.row().status == "connected"
    assert ("DELETE", "/api/hooks/hook-1") not in world.far.calls


def test_a_database_that_comes_and_goes_uses_up_no_tries_of_deliveries(world: World) -> None:
    """They are counted before they are made; what could not be stored afterwards was no fault of theirs."""
    world.connect()
    world.crash()
    world.start()
    world.arrive("d1", nudge=False, what="patient")
    for _ in range(12):
        with writes_fail(world, after=1):
            world.directory.tell(ADA, DELIVERIES_DUE)
            world.settle()

    world.pass_time(10)

    assert world.delivery_states() == ["done"]


def test_a_grant_that_a_webhook_ended_is_stored_with_the_webhook(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one commit: a delivery that is done is not read again."""
    world.connect()
    ended = Ended("user_revoked", "You removed the app there.")
    monkeypatch.setattr(world.platform, "parse", lambda _: Happening({"what": "revoked"}, ended=ended))
    with writes_fail(world, after=1):
        world.arrive("d1")
    assert world.row().status == "connected" or world.delivery_states() == ["done"]

    world.pass_time(6)

    assert world.delivery_states() == ["done"]
    assert world.row().status == "needs_reauth"
    assert len(world.events("ada", "needs_reauth")) == 1


def test_a_row_that_says_so_is_not_told_again(world: World) -> None:
    world.connect()
    world.far.refuse_refresh = "invalid_grant"
    with writes_fail(world, after=1):
        world.order(ADA, lambda r: Refresh(r))

    world.pass_time(600)

    assert len(world.events("ada", "needs_reauth")) == 1
    assert world.database.read(lambda tx: connections.get(tx, ADA)) is not None
