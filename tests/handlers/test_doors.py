"""One address for a platform's webhooks of all users: who is concerned, what is stored, what is answered."""

from collections.abc import Callable
from typing import Any

import pytest

from actors.messages import HookHeard
from actors.platforms.base import (
    Account,
    Client,
    Endpoints,
    Handshake,
    Inbound,
    Parcel,
    Platform,
    Reading,
    Reads,
    Receives,
    Refused,
    Taken,
    Whose,
)
from storage import addresses, connections, deliveries, hooks, meta
from storage.records import ConnectionKey, Hook, Secret, iso
from tests.handlers.serving import Serving

ADA, GRACE = ConnectionKey("ada", "club"), ConnectionKey("grace", "club")


class Club(Platform):
    """The body names the room; everybody in it is concerned."""

    slug = "club"
    title = "Club"
    endpoints = Endpoints("https://club.example/a", "https://club.example/t", "https://club.example/api")
    poll_every = "1h"
    pushes = True
    shared_door = True

    def identify(self) -> Any:
        yield from ()
        return Account("1", "one")

    def poll(self, *_: Any) -> Reads:
        yield from ()
        return Reading()

    def receive(self, request: Inbound) -> Receives:
        said = request.body.decode()
        if said == "hello":
            return Handshake(204, reaches_all=True)
        if said.startswith("open "):
            found = yield Whose([said.removeprefix("open ")])
            return Handshake(204, reaches=found[said.removeprefix("open ")])
        if request.method == "GET":
            return Handshake(200, request.params["challenge"].encode())
        if said == "forged":
            return Refused(401, "wrong_signature", "It is not signed.")
        found = yield Whose([said])
        users = [resident.user for resident in found[said] if request.user in (None, resident.user)]
        parcels = [Parcel(user, request.headers["X-Id"], "said") for user in users]
        return Taken(200, parcels, None if parcels else "unknown_room")


@pytest.fixture
def club(serve: Callable[..., Serving]) -> Serving:
    serving = serve(platforms={"club": Club(Client("id", Secret("secret")))})
    for key in (ADA, GRACE):
        serving.connect(key)
        serving.write(lambda tx, key=key: addresses.keep(tx, key, ["lounge", f"room of {key.user}"]))
    return serving


def say(club: Serving, what: bytes, delivery: str = "1", path: str = "/api/webhooks/club") -> Any:
    return club.ask("POST", path, what, {"X-Id": delivery})


def stored(club: Serving) -> list[tuple[str, str]]:
    return sorted((row.user, row.delivery_id) for row in club.read(lambda tx: deliveries.page(tx, limit=100)))


def test_a_request_is_stored_for_each_whom_it_concerns_and_for_nobody_else(club: Serving) -> None:
    assert say(club, b"lounge").status == 200
    assert say(club, b"room of ada", "2").status == 200

    assert stored(club) == [("ada", "1"), ("ada", "2"), ("grace", "1")]
    actor: Any = club.directory.ref(ADA)
    assert len(actor.wait_until_told_of(2)) == 2


def test_a_repeat_has_no_second_effect(club: Serving) -> None:
    say(club, b"lounge")

    assert say(club, b"lounge").status == 200
    assert stored(club) == [("ada", "1"), ("grace", "1")]
    assert club.parts.refusals.counts["club", "duplicate"] == 2


def test_what_concerns_nobody_is_answered_and_counted(club: Serving) -> None:
    assert say(club, b"cellar").status == 200

    assert stored(club) == []
    assert club.parts.refusals.counts["club", "unknown_room"] == 1


def test_a_handshake_without_a_body_is_answered_with_none(club: Serving) -> None:
    answer = say(club, b"hello")

    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["Content-Type"] == "text/plain"  # Discord takes an address away that has none here


def test_a_hub_is_answered_with_its_challenge(club: Serving) -> None:
    answer = club.ask("GET", "/api/webhooks/club?challenge=3eZbrw")

    assert (answer.status, answer.body) == (200, b"3eZbrw")


def heard(actor: Any) -> list[float]:
    return [message.at for message in actor.messages if isinstance(message, HookHeard)]


def test_a_handshake_is_told_to_those_whose_hooks_it_proves_and_to_nobody_else(club: Serving) -> None:
    ada, grace = club.connect(ADA), club.connect(GRACE)

    assert say(club, b"open room of ada").status == 204

    ada.wait_for(1)
    assert heard(ada) == [club.clock.now()]
    assert heard(grace) == []
    assert club.directory.doors_heard == {}


def test_one_who_was_heard_lately_is_not_told_of_every_handshake(club: Serving) -> None:
    """A hub's question can be asked by strangers."""
    ada, grace = club.connect(ADA), club.connect(GRACE)
    club.write(lambda tx: connections.update(tx, ADA, hook_seen_at=club.clock.now() - 60))

    say(club, b"open lounge")

    grace.wait_for(1)
    assert heard(ada) == []
    club.write(lambda tx: connections.update(tx, ADA, hook_seen_at=club.clock.now() - 3601))
    say(club, b"open lounge")
    ada.wait_for(1)


def test_a_handshake_that_speaks_for_everybody_is_what_the_method_goes_by(club: Serving) -> None:
    def status() -> Any:
        (row,) = club.get("/api/monitoring/status").json["items"]
        return row

    club.write(lambda tx: hooks.keep(tx, club.vault, ADA, Hook("events", "the app", Secret("s"))))
    assert (status()["method"], status()["hook_seen_at"]) == ("polling", None)
    assert "not even a handshake" in status()["reason"]

    say(club, b"hello")

    assert (status()["method"], status()["hook_seen_at"]) == ("webhook", iso(club.clock.now()))
    assert "a handshake" in status()["reason"]
    club.write(lambda tx: None)
    assert club.read(meta.doors_heard) == {"club": club.clock.now()}


def test_what_is_refused_is_said_and_counted_against_the_sender(club: Serving) -> None:
    answer = say(club, b"forged")

    assert (answer.status, answer.error) == (401, "wrong_signature")
    assert stored(club) == []


def test_at_one_users_address_it_concerns_them_alone(club: Serving) -> None:
    assert say(club, b"lounge", path="/api/webhooks/club/grace").status == 200

    assert stored(club) == [("grace", "1")]


def test_a_platform_without_a_shared_door_has_none(serving: Serving) -> None:
    assert serving.ask("POST", "/api/webhooks/github", b"{}").status == 404
    assert serving.ask("POST", "/api/webhooks/nowhere", b"{}").status == 404
