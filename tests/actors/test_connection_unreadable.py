"""A sealed token that doesn't open is its own connection's trouble: said in words, and mended by a reconnect."""

from typing import Any

import pytest

from actors.messages import Disconnect, Forward, Poll
from actors.platforms.base import Call
from actors.platforms.failures import GrantRefused
from storage import hooks
from tests.actors.world import ADA, GRACE, World
from tests.fakes.platform import HOST


def spoil(world: World, column: str, value: str | None = "v1.00000000.c3BvaWxlZA==") -> None:
    """As a row that was copied from elsewhere, or a key that is gone."""
    sql = f"UPDATE platform_connections SET {column} = ?"
    world.database.write(lambda tx: tx.run(sql, value)).result()
    world.crash()
    world.start()


@pytest.mark.parametrize(("column", "value"), [("access_token", "v1.00000000.c3BvaWxlZA=="), ("access_token", None)])
def test_it_needs_to_be_connected_again_and_no_actor_fails(world: World, column: str, value: str | None) -> None:
    world.connect()
    spoil(world, column, value)

    world.pass_time(24 * 3600)

    assert (world.row().status, world.row().reason) == ("needs_reauth", "token_unreadable")
    (told,) = world.events("ada", "needs_reauth")
    assert "reconnect" in told["hint"]
    assert (world.status().state, world.status().restarts) == ("running", 0)


@pytest.mark.parametrize("order", [Poll, lambda r: Forward(Call("GET", f"{HOST}/api/me"), r)])
def test_an_order_is_told_why(world: World, order: Any) -> None:
    world.connect()
    spoil(world, "refresh_token")

    answer = world.order(ADA, order)

    assert isinstance(answer.exception(0), GrantRefused)
    assert world.row().reason == "token_unreadable"


def test_a_reconnect_mends_it(world: World) -> None:
    world.connect()
    spoil(world, "access_token")
    world.order(ADA, Poll)

    world.connect()

    assert (world.row().status, world.row().reason) == ("connected", None)
    assert world.order(ADA, Poll).exception(0) is None


def test_it_can_be_disconnected(world: World) -> None:
    world.connect()
    spoil(world, "access_token")

    assert world.order(ADA, lambda r: Disconnect(False, r)).exception(0) is None
    assert world.row().status == "disconnected"


def test_a_hook_whose_secret_does_not_open_is_made_anew(world: World) -> None:
    """What it sends can't be told from anybody's."""
    world.connect()
    world.database.write(lambda tx: tx.run("UPDATE platform_webhooks SET secret = 'v1.00000000.c3BvaWxlZA=='")).result()
    world.crash()
    world.start()

    world.pass_time(25 * 3600)

    assert world.far.count("/api/hooks") == 2
    assert len(world.database.read(lambda tx: hooks.of(tx, world.vault, ADA))) == 1
    assert world.status().restarts == 0


def test_each_refusal_is_an_error_of_its_own(world: World) -> None:
    """One that is raised again and again grows by a trace each time, and keeps what those frames hold."""
    world.connect(ADA)
    world.connect(GRACE)
    spoil(world, "access_token")

    ada, grace = (world.order(key, Poll).exception(0) for key in (ADA, GRACE))

    assert str(ada) == str(grace)
    assert ada is not grace
