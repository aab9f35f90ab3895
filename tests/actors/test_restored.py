"""Ten thousand connections that all fell due while the service was down come back without a burst."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage import connections
from storage.records import Account, ConnectionKey, Secret, Token
from tests.actors.world import World
from tests.fakes.platform import FarEnd, reply

PEOPLE = 10_000
RATE, BURST = 20, 20
"""What `Pace` allows a platform that has said nothing of its own."""


class Popular(FarEnd):
    """Everyone has an account there, with a token of their own; keeps in which second who called what."""

    def __init__(self) -> None:
        super().__init__()
        self.at: list[float] = []
        self.polled: Counter[str] = Counter()
        self.renewed: Counter[str] = Counter()
        self.now = lambda: 0.0

    def send(self, call: Any, bearer: Any, client: Any) -> Any:
        self.at.append(self.now())
        if call.url.endswith("/token"):
            user = call.form["refresh_token"].reveal().partition(":")[0]
            self.renewed[user] += 1
            return reply(200, {"access": f"{user}:{self.renewed[user]}", "refresh": f"{user}:new", "expires_in": 86400})
        user, _, number = bearer.reveal().partition(":")
        if int(number) != self.renewed[user]:
            return reply(401, {})
        self.polled[user] += 1
        return reply(200, {"items": [1]})


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    world.far = Popular()
    now = world.clock.now()

    def overdue(tx: Any) -> None:
        for number in range(PEOPLE):
            key = ConnectionKey(f"user-{number:05}", "tiny")
            connections.create(tx, key, now - 86_400)
            token = Token(Secret(f"{key.user}:0"), Secret(f"{key.user}:refresh"), now - 60, now - 660)
            account = Account(str(number), key.user)
            connections.keep_token(tx, world.vault, key, 0, token, account=account, status="connected")
            connections.update(tx, key, next_poll=now - 3600, hook_error="none here")

    world.database.write(overdue).result()
    world.crash()
    yield world
    world.close()


def test_everyone_is_renewed_and_polled_once_within_the_platforms_pace(world: World) -> None:
    far = world.far
    assert isinstance(far, Popular)

    world.start()
    far.now = world.clock.elapsed
    assert world.directory.supervision.children == PEOPLE, "all are there before any has been called"
    assert len(far.at) <= BURST
    for _ in range(150):
        world.pass_time(10.0)

    everyone = {f"user-{number:05}": 1 for number in range(PEOPLE)}
    assert far.renewed == everyone
    assert {user for user, times in far.polled.items() if times} == everyone.keys()
    assert most_within(far.at, 1.0) <= RATE + BURST
    assert most_within(far.at, 60.0) <= 60 * RATE + BURST
    rows = world.database.read(lambda tx: connections.page(tx, None, PEOPLE + 1))
    assert {row.status for row in rows} == {"connected"}
    assert {row.error_message for row in rows} == {None}


def most_within(at: list[float], seconds: float) -> int:
    """The most calls in any such span of time."""
    first = most = 0
    for last, moment in enumerate(at):
        while at[first] <= moment - seconds:
            first += 1
        most = max(most, last - first + 1)
    return most
