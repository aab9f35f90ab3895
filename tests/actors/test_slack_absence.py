"""Slack after an absence: a page a minute, until all that was missed is there, each message told once."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from actors.clock import VirtualClock
from actors.messages import WebhookArrived
from actors.platforms.base import Answer, Call, Client
from actors.platforms.slack import Slack
from storage import data, deliveries
from storage.records import ConnectionKey, Delivery, Secret
from tests.actors.world import World
from tests.bench.day.book import Book
from tests.bench.day.ends.slack import CONVERSATIONS
from tests.bench.day.ends.slack import Slack as SlackEnd
from tests.fakes.platform import FarEnd

ADA = ConnectionKey("ada", "slack")
CODE = "code"
"""What ada connects with: by that she is known there."""
MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0


class Far(FarEnd):
    def __init__(self, end: SlackEnd) -> None:
        super().__init__()
        self.end = end

    def send(self, call: Call, bearer: Secret | None, client: Client | None) -> Answer:
        return self.end.answer(call, bearer)


class Office:
    """Ada in Slack, and the service that comes and goes."""

    def __init__(self, folder: Path) -> None:
        self.world = World(folder)
        self.world.crash()
        self.book = Book(lambda: self.world.clock.now())
        self.end = SlackEnd(self.world.clock, self.book, self._knock)
        self.world.far = Far(self.end)
        client = Client("id", Secret("secret"))
        self.world.platforms = {"slack": Slack(client, SlackEnd.endpoints(), signing_secret=Secret("signing"))}
        self.start()
        self.world.connect(ADA)
        self.world.pass_time(HOUR)
        self.say(CONVERSATIONS)  # the events are heard

    def start(self) -> None:
        self.world.start()
        self.end.clock = self.world.clock

    def away(self, seconds: float, *, said: int) -> None:
        """The service is gone, while so much is said; what Slack sends again for a while it sends in vain."""
        self.world.crash()
        self.end.clock, self.end.pushes = VirtualClock(self.world.clock.now()), False
        for _ in range(said):
            self.end.clock.advance(seconds / (said + 1))
            self.end.happen(CODE, "while away")
        self.world.clock = VirtualClock(self.world.clock.now() + seconds)
        self.end.pushes = True
        self.start()

    def say(self, count: int) -> None:
        for _ in range(count):
            self.end.happen(CODE, "while here")
            self.world.pass_time(7.0)

    def _knock(self, slug: str, headers: Mapping[str, str], body: bytes = b"", **_: Any) -> int:
        delivery = Delivery(ADA, json.loads(body)["event_id"], "message", body, self.world.clock.now())
        row = self.world.database.write(lambda tx: deliveries.add(tx, delivery)).result()
        assert row is not None
        self.world.directory.tell(ADA, WebhookArrived(row))
        return 200

    def stored(self) -> int:
        rows = self.world.database.read(lambda tx: data.page(tx, "ada", "slack", "messages", None, 1000).rows)
        return len({row.external_id for row in rows})

    def told(self) -> int:
        """Messages, one by one or by their number."""
        events = self.world.events("ada")
        counted = sum(one["count"] for one in events if one["type"] == "new_data" and one["dataType"] == "messages")
        return counted + sum(one["type"] == "webhook_received" for one in events)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.world.close()


def test_each_message_of_a_long_absence_is_told_once_within_a_page_a_minute(office: Office) -> None:
    before = office.told()
    office.away(10 * DAY, said=40 * CONVERSATIONS)  # three pages in each
    office.world.pass_time((1 + 3 * CONVERSATIONS + 1) * MINUTE)
    assert office.told() - before == 40 * CONVERSATIONS
    assert office.stored() == office.told()
    assert office.book.broken == []


def test_what_is_said_while_it_heals_comes_at_once_and_is_not_told_again(office: Office) -> None:
    before = office.told()
    office.away(2 * DAY, said=20 * CONVERSATIONS)
    office.say(100)
    office.world.pass_time(HOUR)
    assert office.told() - before == 20 * CONVERSATIONS + 100
    assert office.stored() == office.told()
    assert office.book.broken == []


def test_another_absence_in_the_midst_of_a_conversation_leaves_nothing_out(office: Office) -> None:
    before = office.told()
    office.away(20 * HOUR, said=40 * CONVERSATIONS)
    office.world.pass_time(1.5 * MINUTE)  # one page of the first conversation
    office.away(HOUR, said=10 * CONVERSATIONS)
    office.world.pass_time(HOUR)
    assert office.told() - before == 50 * CONVERSATIONS
    assert office.stored() == office.told()


def test_it_is_up_to_date_once_all_is_read_and_then_quiet(office: Office) -> None:
    before = len(office.world.events("ada", "platform_sync"))
    office.away(20 * HOUR, said=20 * CONVERSATIONS)
    office.world.pass_time(HOUR)
    syncs = office.world.events("ada", "platform_sync")
    said = [one["message"] for one in syncs]
    assert [one.get("more", False) for one in syncs[before:]] == [True] * (len(syncs) - before - 1) + [False]
    assert set(said[before:-1]) == {"Slack: a part is read, the rest follows"}
    assert said[-1] == "Slack is up to date"
    told = len(said)
    office.world.pass_time(6 * HOUR)
    assert len(office.world.events("ada", "platform_sync")) == told
