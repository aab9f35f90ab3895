"""What will break this week, for those who would rather know before."""

from typing import Any

from storage import connections
from storage.records import ConnectionKey
from storage.trouble import Health
from tests.handlers.serving import Serving
from tests.handlers.test_metrics import read

DAY = 86_400.0


def ending(serving: Serving, **days: float) -> None:
    now = serving.clock.now()

    def unit(tx: Any) -> None:
        for user, in_days in days.items():
            key = ConnectionKey(user, "spotify")
            connections.create(tx, key, now)
            connections.update(tx, key, status="connected", reauth_due_at=now + in_days * DAY)

    serving.write(unit)


def test_they_are_listed_the_first_to_break_first(serving: Serving) -> None:
    ending(serving, later=6.5, soon=0.5, next_month=30)
    serving.connect(ConnectionKey("for-ever", "spotify"))

    answer = serving.get("/api/admin/grants", role="admin")

    assert [row["user"] for row in answer.json["items"]] == ["soon", "later"]
    assert answer.json["items"][0] == {
        "user": "soon",
        "platform": "spotify",
        "account": None,
        "reauth_due_at": "2027-01-15T20:00:00.000Z",
        "granted_at": None,
    }


def test_pages_follow_each_other(serving: Serving) -> None:
    ending(serving, **{f"u{number}": 1 + number // 3 for number in range(8)})
    seen: list[str] = []
    after = ""
    while True:
        page = serving.get(f"/api/admin/grants?limit=3{after}", role="admin").json
        seen += [row["user"] for row in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert seen == [f"u{number}" for number in range(8)]
    for wrong in ("x", "1.0", "nan-1x", "1-", "nan-1", "inf-1", "1.0-99999999999999999999", "9" * 400 + ".0-1"):
        assert serving.get(f"/api/admin/grants?after={wrong}", role="admin").error == "bad_after"


def test_how_many_they_are_stands_with_the_supervisor_and_in_the_metrics(serving: Serving) -> None:
    ending(serving, soon=1, later=6, never_mind=20)

    assert serving.get("/api/admin/supervisor", role="admin").json["will_break_this_week"] == 2
    assert read(serving.get("/metrics", role="admin"))["soulwire_grants_ending", "spotify"] == 2


def test_when_it_cannot_be_read_that_is_what_is_said(serving: Serving, monkeypatch: Any) -> None:
    monkeypatch.setattr(serving.database, "health", lambda: Health(False, "lost", 0.0))
    monkeypatch.setattr(serving.database, "read", None)
    assert serving.get("/api/admin/supervisor", role="admin").json["will_break_this_week"] is None


def test_it_is_for_administrators(serving: Serving) -> None:
    assert serving.get("/api/admin/grants").status == 403
