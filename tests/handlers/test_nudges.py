"""Actors are told of each webhook once, in order, at once while few come, and of several at a time while many do."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from actors.messages import WebhookArrived
from handlers import nudges
from handlers.nudges import Nudges
from storage.records import ConnectionKey, Delivery

ADA = ConnectionKey("ada", "github")


class Actors:
    """As much of the directory as is asked."""

    def __init__(self, mailbox: int = 0) -> None:
        self.told: defaultdict[ConnectionKey, list[WebhookArrived]] = defaultdict(list)
        self._mailbox = mailbox

    def tell(self, key: ConnectionKey, message: WebhookArrived) -> None:
        self.told[key].append(message)

    def mailbox(self, key: ConnectionKey) -> int:
        return self._mailbox

    def rows(self, key: ConnectionKey = ADA) -> list[int]:
        return [delivery.id for message in self.told[key] for delivery in message.deliveries]


def stored(nudging: Nudges, *rows: int, key: ConnectionKey = ADA, body: bytes = b"{}") -> None:
    for row in rows:
        nudging.arrived(Delivery(key, f"d-{row}", "push", body, 1.0), row)


def tell(actors: Actors, until: Callable[[], bool], *what: Callable[[Nudges], Any]) -> None:
    async def story() -> None:
        nudging = Nudges(actors)  # type: ignore[arg-type]
        for do in what:
            do(nudging)
            await asyncio.sleep(0)
        async with asyncio.timeout(10):
            while not until():
                await asyncio.sleep(0)

    asyncio.run(story())


def test_a_lone_one_is_told_at_once_with_its_row() -> None:
    actors = Actors()

    async def story() -> None:
        stored(Nudges(actors), 7)  # type: ignore[arg-type]
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    asyncio.run(story())
    (message,) = actors.told[ADA]
    assert (message.row, [(one.id, one.delivery_id) for one in message.deliveries]) == (7, [(7, "d-7")])


def test_those_that_were_stored_together_are_one_nudge() -> None:
    actors = Actors()
    tell(actors, lambda: bool(actors.told), lambda nudging: stored(nudging, 1, 2, 3))
    assert actors.rows() == [1, 2, 3]
    assert [message.row for message in actors.told[ADA]] == [3]


def test_of_a_flood_each_is_told_once_and_in_order_by_few_nudges() -> None:
    actors = Actors()
    keys = [ConnectionKey(name, "github") for name in ("ada", "grace", "alan")]

    def some(nudging: Nudges, first: int) -> None:
        for row in range(first, first + 9):
            stored(nudging, row, key=keys[row % 3])

    flood = [lambda nudging, first=first: some(nudging, first) for first in range(0, 900, 9)]
    tell(actors, lambda: sum(len(actors.rows(key)) for key in keys) == 900, *flood)
    for number, key in enumerate(keys):
        assert actors.rows(key) == list(range(number, 900, 3))
    assert sum(len(actors.told[key]) for key in keys) < 100


def test_nobody_waits_long_however_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nudges, "LONGEST", 0.0)
    actors = Actors()
    keys = [ConnectionKey(f"user-{number}", "github") for number in range(1000)]

    def all_of_them(nudging: Nudges) -> None:
        for row, key in enumerate(keys):
            stored(nudging, row, key=key)

    told: list[int] = []
    tell(actors, lambda: told.append(len(actors.told)) or told[-1] == 1000, all_of_them)
    assert list(actors.told) == keys
    assert len(set(told)) < 30


def test_no_more_at_a_time_than_an_actor_takes_in_one_turn() -> None:
    actors = Actors()
    tell(actors, lambda: len(actors.rows()) == 120, lambda nudging: stored(nudging, *range(120)))
    assert [len(message.deliveries) for message in actors.told[ADA]] == [50, 50, 20]
    assert actors.rows() == list(range(120))


def test_an_actor_that_is_behind_or_has_much_to_read_reads_it_itself() -> None:
    busy, idle = Actors(mailbox=nudges.FEW), Actors()
    tell(busy, lambda: bool(busy.told), lambda nudging: stored(nudging, 1))
    tell(idle, lambda: bool(idle.told), lambda nudging: stored(nudging, 1, body=b"x" * (nudges.SMALL + 1)))
    assert busy.told[ADA] == idle.told[ADA] == [WebhookArrived(1)]
