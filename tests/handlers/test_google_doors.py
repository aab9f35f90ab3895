"""Google's doors from outside: what Pub/Sub, Calendar and YouTube's hub are answered, and what is stored of it."""

import hmac
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.messages import HookHeard
from storage import addresses, deliveries, hooks
from storage.records import ConnectionKey, Hook, Secret
from tests.actors.platforms.googlers import calendar, gmail, youtube
from tests.fakes.conversation import DATA
from tests.handlers.serving import Answer, Serving

CALENDAR, YOUTUBE, GMAIL = (ConnectionKey("ada", slug) for slug in ("calendar", "youtube", "gmail"))
UPLOAD = (DATA / "youtube" / "upload.xml").read_bytes()
TOPIC = "https://www.youtube.com/xml/feeds/videos.xml?channel_id="


@pytest.fixture
def doors(tmp_path: Path) -> Iterator[Serving]:
    serving = Serving(tmp_path, platforms={"calendar": calendar(), "youtube": youtube(), "gmail": gmail()})
    stands = {
        CALENDAR: Hook("c-1", "ada@example.com|res-1", Secret("token-1"), address="c-1"),
        YOUTUBE: Hook("UCabc", "UCabc", Secret("s"), address="UCabc"),
        GMAIL: Hook("watch", "ada@example.com", Secret("")),
    }
    for key, hook in stands.items():
        serving.connect(key)
        serving.write(lambda tx, key=key, hook=hook: hooks.keep(tx, serving.vault, key, hook))
    serving.write(lambda tx: addresses.keep(tx, GMAIL, ["ada@example.com"]))
    yield serving
    serving.close()


def ring(doors: Serving, **changes: str) -> Answer:
    said = {"Channel-ID": "c-1", "Message-Number": "7", "Resource-ID": "res-1", "Resource-State": "exists"}
    said |= {"Channel-Token": "token-1"} | {name.replace("_", "-"): value for name, value in changes.items()}
    return doors.ask("POST", "/api/webhooks/calendar", b"", {f"X-Goog-{name}": value for name, value in said.items()})


def stored(doors: Serving) -> list[Any]:
    return doors.read(lambda tx: deliveries.page(tx, limit=100))


def counted(doors: Serving) -> list[str]:
    items = doors.get("/api/admin/deliveries?state=refused", role="admin").json["items"]
    return [item["reason"] for item in items]


def test_a_ring_is_stored_with_what_its_headers_say_and_its_actor_told(doors: Serving) -> None:
    actor = doors.connect(CALENDAR)
    assert ring(doors).status == 200
    (row,) = stored(doors)
    assert (row.user, row.platform, row.delivery_id) == ("ada", "calendar", "c-1:7")
    (waiting,) = doors.read(lambda tx: deliveries.unfinished(tx, CALENDAR, doors.clock.now(), 10))
    assert json.loads(waiting.body)["calendar"] == "ada@example.com"
    assert actor.wait_until_told_of(1) == [row.id]


def test_calendar_is_answered_by_the_table(doors: Serving) -> None:
    assert ring(doors, Resource_State="sync").status == 200
    assert stored(doors) == []
    assert ring(doors, Channel_Token="guessed").status == 401
    assert ring(doors, Channel_ID="c-2").status == 404
    assert ring(doors, Message_Number="x").status == 400
    assert [ring(doors).status, ring(doors).status] == [200, 200]
    assert len(stored(doors)) == 1


def test_a_new_channels_first_message_and_a_hubs_question_prove_the_way_in(doors: Serving) -> None:
    of_calendar, of_youtube = doors.connect(CALENDAR), doors.connect(YOUTUBE)
    assert ring(doors, Resource_State="sync", Message_Number="1").status == 200
    door = youtube().hub.callback("/api/webhooks/youtube", "UCabc")
    doors.ask("GET", f"{door}&hub.mode=subscribe&hub.topic={TOPIC}UCabc&hub.challenge=c1")

    assert of_calendar.wait_for(1) == of_youtube.wait_for(1) == [HookHeard(doors.clock.now())]
    assert ring(doors, Resource_State="sync", Channel_Token="guessed").status == 401
    assert len(of_calendar.messages) == 1


def test_a_hub_is_answered_by_the_table(doors: Serving) -> None:
    def asked(channel: str) -> Answer:
        path = youtube().hub.callback("/api/webhooks/youtube", channel)
        return doors.ask("GET", f"{path}&hub.mode=subscribe&hub.topic={TOPIC}{channel}&hub.challenge=c1")

    def told(body: bytes, secret: bytes = b"s") -> Answer:
        signed = "sha1=" + hmac.new(secret, body, "sha1").hexdigest()
        return doors.ask("POST", "/api/webhooks/youtube", body, {"X-Hub-Signature": signed})

    assert (asked("UCabc").status, asked("UCabc").body) == (200, b"c1")
    assert asked("UCother").status == 404
    assert told(UPLOAD, b"guessed").status == 200
    assert stored(doors) == []
    assert "wrong_signature" in counted(doors)
    assert told(UPLOAD.replace(b"UCabc", b"UCother")).status == 404
    assert told(b"<feed").status == 400
    assert [told(UPLOAD).status, told(UPLOAD).status] == [200, 200]
    assert [row.kind for row in stored(doors)] == ["upload"]


def test_pub_sub_is_told_that_it_shows_no_token(doors: Serving) -> None:
    assert doors.ask("POST", "/api/webhooks/gmail", b"{}").status == 401
    assert stored(doors) == []


@pytest.mark.parametrize(("size", "thread"), [(1_000, "serving"), (200_000, "helper")])
def test_what_is_large_is_read_beside_the_loop(
    doors: Serving, monkeypatch: pytest.MonkeyPatch, size: int, thread: str
) -> None:
    """Anybody can send it, and what it says has to be read before its signature can be checked."""
    read: list[str] = []
    platform = doors.parts.platforms["youtube"]
    receive = platform.receive

    def watched(request: Any) -> Any:
        outcome = yield from receive(request)
        read.append(threading.current_thread().name.split("_")[0])
        return outcome

    monkeypatch.setattr(platform, "receive", watched)

    answer = doors.ask("POST", "/api/webhooks/youtube", b"<feed>" + b" " * size, {"Content-Type": "application/xml"})

    assert (answer.status, answer.error) == (400, "malformed")
    assert read == [thread]
