"""What administrators see of the actors."""

import time
from typing import Any

import pytest

from actors.status import Parked, Status, Supervision
from storage import connections
from storage.records import ConnectionKey
from tests.handlers.serving import ADA, Serving

ROW = {
    "user",
    "platform",
    "state",
    "status",
    "method",
    "mailbox",
    "handled",
    "restarts",
    "last_error",
    "last_sync",
    "next_poll",
    "token_expires_at",
    "reauth_due_at",
}


def many(serving: Serving, count: int) -> None:
    def unit(tx: Any) -> None:
        for number in range(count):
            connections.create(tx, ConnectionKey(f"user-{number:06}", "github"), 0.0)
        tx.run("UPDATE platform_connections SET status = 'connected'")

    serving.database.write(unit, deadline=60).result(60)
    for number in range(count):
        entry = serving.directory.entry(ConnectionKey(f"user-{number:06}", "github"))
        entry.status = Status("running", "connected")


def users(serving: Serving, query: str) -> list[str]:
    return [row["user"] for row in serving.get(f"/api/admin/actors{query}", role="admin").json["items"]]


def test_a_row_joins_what_is_stored_with_what_the_actor_shows(serving: Serving) -> None:
    serving.connect()
    serving.directory.entry(ADA).status = Status(
        "running", "connected", method="webhook", mailbox=2, handled=7, restarts=1, last_error="KeyError: 'x'"
    )
    (row,) = serving.get("/api/admin/actors", role="admin").json["items"]
    assert row.keys() == ROW
    assert (row["state"], row["status"], row["method"]) == ("running", "connected", "webhook")
    assert (row["mailbox"], row["handled"], row["restarts"], row["last_error"]) == (2, 7, 1, "KeyError: 'x'")
    assert row["token_expires_at"] == "2027-01-15T09:00:00.000Z"


def test_pages_follow_each_other_by_key(serving: Serving) -> None:
    many(serving, 7)
    seen, after = [], ""
    while after is not None:
        page = serving.get(f"/api/admin/actors?limit=3{after and '&after=' + after}", role="admin").json
        seen += [row["user"] for row in page["items"]]
        after = page["next"]
    assert seen == [f"user-{number:06}" for number in range(7)]


def test_filters_narrow_it_down(serving: Serving) -> None:
    serving.connect()
    serving.connect(ConnectionKey("ada", "spotify"), status="needs_reauth")
    serving.connect(ConnectionKey("grace", "github"))
    serving.directory.entry(ADA).status = Status("parked", "connected")
    assert users(serving, "?user=ada") == ["ada", "ada"]
    assert users(serving, "?platform=github") == ["ada", "grace"]
    assert users(serving, "?status=needs_reauth") == ["ada"]
    assert users(serving, "?state=parked") == ["ada"]
    assert users(serving, "?state=parked&user=grace") == []


def test_a_stopped_or_ended_one_shows_as_stopped(serving: Serving) -> None:
    serving.connect(status="disconnected")
    serving.connect(ConnectionKey("grace", "github"))
    serving.write(lambda tx: connections.update(tx, ConnectionKey("grace", "github"), halted=True))
    assert users(serving, "?state=stopped") == ["ada", "grace"]


def test_a_search_for_the_rare_goes_on_over_several_pages(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.admin_actors.PIECE", 10)
    monkeypatch.setattr("handlers.admin_actors.MOST_LOOKED_AT", 20)
    many(serving, 70)
    serving.directory.entry(ConnectionKey("user-000064", "github")).status = Status("parked", "connected")
    found, after, asked = [], "", 0
    while after is not None:
        page = serving.get(f"/api/admin/actors?state=parked{after and '&after=' + after}", role="admin").json
        found += [row["user"] for row in page["items"]]
        after = page["next"]
        asked += 1
    assert found == ["user-000064"]
    assert 3 <= asked <= 5


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("state=dead", "bad_state"),
        ("status=fine", "bad_status"),
        ("user=a/b", "bad_user_id"),
        ("platform=myspace", "no_such_platform"),
        ("after=ada", "bad_after"),
        ("after=ada/", "bad_after"),
        ("after=a'b/github", "bad_after"),
    ],
)
def test_odd_filters_are_refused(serving: Serving, query: str, code: str) -> None:
    answer = serving.get(f"/api/admin/actors?{query}", role="admin")
    assert answer.status in (400, 404)
    assert answer.error == code


def test_one_is_shown_in_full(serving: Serving) -> None:
    serving.connect()
    history = ((1_799_999_990.0, "woke"), (1_799_999_995.0, "polled: 3 new"))
    serving.directory.entry(ADA).status = Status("running", "connected", doing="poll", history=history)
    one = serving.get("/api/admin/actors/ada/github", role="admin").json
    assert one.keys() > ROW
    assert one["history"] == [
        {"at": "2027-01-15T07:59:55.000Z", "what": "polled: 3 new"},
        {"at": "2027-01-15T07:59:50.000Z", "what": "woke"},
    ]
    assert (one["doing"], one["hooks"], one["account"]["id"]) == ("poll", 1, "4711")
    assert serving.get("/api/admin/actors/nobody/github", role="admin").error == "no_such_actor"


def test_the_supervisor_shows_whom_it_gave_up_and_why(serving: Serving) -> None:
    serving.directory.supervision = Supervision(
        children=9,
        restarting=1,
        halted=2,
        restarts=5,
        parked=(Parked("a|b/github", "KeyError: 'x'", 1_799_999_990.0, 1_800_000_300.0),),
        policy="5 in 60 s",
    )
    shown = serving.get("/api/admin/supervisor", role="admin").json
    assert shown == {
        "children": 9,
        "restarting": 1,
        "stopped": 2,
        "restarts": 5,
        "policy": "5 in 60 s",
        "parked": [
            {
                "user": "a|b",
                "platform": "github",
                "why": "KeyError: 'x'",
                "since": "2027-01-15T07:59:50.000Z",
                "retry_at": "2027-01-15T08:05:00.000Z",
            }
        ],
        "will_break_this_week": 0,
    }


def test_a_page_is_quick_among_very_many(serving: Serving) -> None:
    many(serving, 20_000)
    serving.get("/api/admin/actors", role="admin")
    took = []
    for path in ("?limit=100", "?limit=100&after=user-015000/github", "?user=user-019999", "?state=parked"):
        began = time.process_time()
        assert serving.get(f"/api/admin/actors{path}", role="admin").status == 200
        took.append(time.process_time() - began)
    assert max(took) < 0.1, took  # a tenth of it is usual; a walk over all takes longer
