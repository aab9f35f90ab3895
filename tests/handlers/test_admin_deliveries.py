"""Webhooks as administrators see them, and doing one again."""

import pytest

from actors.messages import DELIVERIES_DUE
from storage import deliveries
from tests.handlers.serving import ADA, Serving

BODY = b'{"a": 1}'


def listed(serving: Serving, query: str = "") -> list[tuple[str, str]]:
    rows = serving.get(f"/api/admin/deliveries{query}", role="admin").json["items"]
    return [(row["delivery_id"], row["state"]) for row in rows]


def replay(serving: Serving, row: object) -> tuple[int, object]:
    answer = serving.ask("POST", f"/api/admin/deliveries/{row}/replay", user="root", role="admin")
    return answer.status, answer.json.get("state") or answer.error


def test_the_newest_come_first_and_states_can_be_asked_for(serving: Serving) -> None:
    serving.connect()
    for number in range(4):
        serving.hook(BODY, delivery=f"d-{number}")
    serving.write(lambda tx: deliveries.finish_all(tx, [1], serving.clock.now()))
    serving.write(lambda tx: deliveries.park(tx, 2, "KeyError: 'x'"))
    serving.write(lambda tx: deliveries.retry(tx, 3, "the platform is down", serving.clock.now() + 60))
    assert listed(serving) == [("d-3", "received"), ("d-2", "retrying"), ("d-1", "parked"), ("d-0", "done")]
    for state, delivery in (("received", "d-3"), ("retrying", "d-2"), ("parked", "d-1"), ("done", "d-0")):
        assert listed(serving, f"?state={state}") == [(delivery, state)]
    assert listed(serving, "?user=grace") == []
    assert listed(serving, "?platform=github&limit=1") == [("d-3", "received")]


def test_pages_follow_each_other(serving: Serving) -> None:
    serving.connect()
    for number in range(5):
        serving.hook(BODY, delivery=f"d-{number}")
    seen, after = [], ""
    while after is not None:
        page = serving.get(f"/api/admin/deliveries?limit=2{after and '&after=' + after}", role="admin").json
        seen += [row["delivery_id"] for row in page["items"]]
        after = page["next"]
    assert seen == ["d-4", "d-3", "d-2", "d-1", "d-0"]


def test_a_row_says_all_but_what_was_in_it(serving: Serving) -> None:
    serving.connect()
    serving.hook(b'{"private": "words"}')
    answer = serving.get("/api/admin/deliveries", role="admin")
    (row,) = answer.json["items"]
    assert row == {
        "id": 1,
        "platform": "github",
        "user": "ada",
        "delivery_id": "d-1",
        "kind": "push",
        "state": "received",
        "reason": None,
        "attempts": 1,
        "at": "2027-01-15T08:00:00.000Z",
        "next_try": None,
    }


def test_a_parked_one_is_done_again(serving: Serving) -> None:
    actor = serving.connect()
    serving.hook(BODY)
    serving.write(lambda tx: deliveries.park(tx, 1, "KeyError: 'x'"))
    assert replay(serving, 1) == (202, "accepted")
    assert listed(serving) == [("d-1", "received")]
    assert actor.messages[-1] is DELIVERIES_DUE
    assert len(serving.read(lambda tx: deliveries.unfinished(tx, ADA, serving.clock.now(), 10))) == 1


def test_one_that_is_done_is_not_done_twice(serving: Serving) -> None:
    actor = serving.connect()
    serving.hook(BODY)
    told = len(actor.wait_for(1))
    serving.write(lambda tx: deliveries.finish_all(tx, [1], serving.clock.now()))
    assert replay(serving, 1) == (409, "nothing_to_replay")
    assert len(actor.messages) == told


@pytest.mark.parametrize(
    ("row", "status", "code"),
    [
        (77, 404, "no_such_delivery"),
        (0, 404, "no_such_delivery"),
        ("refused-1", 400, "bad_id"),
        ("-1", 400, "bad_id"),
        ("9" * 19, 400, "bad_id"),
        ("%D9%A7", 400, "bad_id"),
    ],
)
def test_an_id_that_is_none(serving: Serving, row: object, status: int, code: str) -> None:
    serving.connect()
    serving.hook(BODY)
    assert replay(serving, row) == (status, code)


@pytest.mark.parametrize("query", ["state=lost", "after=x", "after=-1", "limit=0"])
def test_odd_filters_are_refused(serving: Serving, query: str) -> None:
    assert serving.get(f"/api/admin/deliveries?{query}", role="admin").status == 400
