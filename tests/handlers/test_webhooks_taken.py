"""A webhook that is in order: on disk, then answered, then its actor is nudged; once, however often it comes."""

import json
import select
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from storage import connections, deliveries, hooks
from storage.records import ConnectionKey, Hook, Secret
from storage.trouble import StorageUnavailable
from tests.handlers.serving import ADA, Answer, Serving

BODY = b'{"action": "opened", "issue": {"number": 7}}'


def rows(serving: Serving) -> list[Any]:
    return serving.read(lambda tx: deliveries.page(tx, limit=1000))


def test_a_signed_webhook_is_stored_and_its_actor_told(serving: Serving) -> None:
    actor = serving.connect()
    answer = serving.hook(BODY, kind="issues", delivery="72d3162e")
    assert (answer.status, answer.json) == (202, {"result": "accepted"})
    (row,) = rows(serving)
    assert (row.user, row.platform, row.delivery_id, row.kind, row.state) == (
        "ada",
        "github",
        "72d3162e",
        "issues",
        "received",
    )
    (waiting,) = serving.read(lambda tx: deliveries.unfinished(tx, ADA, serving.clock.now(), 10))
    assert (waiting.body, waiting.at) == (BODY, serving.clock.now())
    assert actor.wait_until_told_of(1) == [row.id]


def test_a_ping_is_a_webhook_like_any_other(serving: Serving) -> None:
    serving.connect()
    assert serving.hook(b'{"zen": "x", "hook_id": 1}', kind="ping").status == 202
    assert rows(serving)[0].kind == "ping"


def test_a_repeat_is_answered_the_same_and_has_no_effect(serving: Serving) -> None:
    actor = serving.connect()
    assert serving.hook(BODY).status == 202
    again = serving.hook(BODY)
    assert (again.status, again.json) == (202, {"result": "repeated"})
    (row,) = rows(serving)
    assert actor.wait_until_told_of(1) == [row.id]
    (told,) = serving.get("/api/admin/deliveries?state=duplicate", role="admin").json["items"]
    assert (told["user"], told["delivery_id"], told["state"]) == ("ada", "d-1", "duplicate")


def test_many_repeats_at_once_are_one_row(serving: Serving) -> None:
    actor = serving.connect()
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda _: serving.hook(BODY), range(64)))
    assert {answer.status for answer in answers} == {202}
    assert [answer.json["result"] for answer in answers].count("accepted") == 1
    (row,) = rows(serving)
    assert actor.wait_until_told_of(1) == [row.id]


def test_one_users_repeat_is_anothers_first(serving: Serving) -> None:
    serving.connect()
    serving.connect(ConnectionKey("grace", "github"), hook="graces-secret")
    assert serving.hook(BODY).json["result"] == "accepted"
    assert serving.hook(BODY, user="grace", secret="graces-secret").json["result"] == "accepted"


@pytest.mark.parametrize("user", ["auth0%7C5f7c", "ada@example.com", "a.b_c~d:e+f-g", "%61%64%61"])
def test_user_ids_come_percent_encoded_or_not(serving: Serving, user: str) -> None:
    plain = {"auth0%7C5f7c": "auth0|5f7c", "%61%64%61": "ada"}.get(user, user)
    serving.connect(ConnectionKey(plain, "github"))
    assert serving.hook(BODY, user=user).status == 202
    assert rows(serving)[0].user == plain


def test_the_answer_waits_for_the_commit_and_the_actor_for_both(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor = serving.connect()
    units: list[Any] = []
    asked = threading.Event()
    future: Future[Any] = Future()

    def write(unit: Any) -> Future[Any]:
        units.append(unit)
        asked.set()
        return future

    real = serving.database.write
    monkeypatch.setattr(serving.database, "write", write)
    with ThreadPoolExecutor(1) as threads, serving.raw() as connection:
        posted = threads.submit(serving.hook, BODY)
        assert asked.wait(10)
        assert not posted.done()
        assert not actor.messages
        assert not select.select([connection], [], [], 0)[0]
        future.set_result(real(units[0]).result())
        assert posted.result().status == 202
    assert len(actor.wait_for(1)) == 1


@pytest.mark.parametrize("reason", ["locked", "full", "read_only", "timeout", "busy", "lost", "closed"])
def test_a_database_that_cannot_be_written_is_503(
    serving: Serving, monkeypatch: pytest.MonkeyPatch, reason: Any
) -> None:
    actor = serving.connect()
    failed: Future[Any] = Future()
    failed.set_exception(StorageUnavailable(reason))
    with monkeypatch.context() as patched:
        patched.setattr(serving.database, "write", lambda _unit: failed)
        answer = serving.hook(BODY)
    assert (answer.status, answer.error) == (503, "storage_unavailable")
    assert answer.headers["Retry-After"]
    assert not actor.messages
    assert serving.hook(BODY).json["result"] == "accepted"  # the sender's next try, once it is over


@pytest.mark.parametrize("status", ["connected", "needs_reauth", "pending"])
def test_a_connection_in_trouble_still_hears(serving: Serving, status: str) -> None:
    serving.connect(status=status)
    assert serving.hook(BODY).status == 202


def test_a_stopped_connections_webhooks_wait_for_its_restart(serving: Serving) -> None:
    serving.connect()
    serving.write(lambda tx: connections.update(tx, ADA, halted=True))
    assert serving.hook(BODY).status == 202
    assert rows(serving)[0].state == "received"


def test_a_disconnected_user_is_unknown(serving: Serving) -> None:
    serving.connect(status="disconnected")
    answer = serving.hook(BODY)
    assert (answer.status, answer.error) == (404, "unknown_user")


def test_a_hook_made_by_hand_is_signed_with_the_one_secret(serve: Any) -> None:
    serving: Serving = serve(webhook_secrets={"github": Secret("by-hand")})
    serving.connect(hook=None)
    assert serving.hook(BODY, secret="by-hand").status == 202
    assert serving.hook(BODY, delivery="d-2", secret="by-foot").status == 401


def test_a_hook_that_is_newer_than_what_is_known_is_found(serving: Serving) -> None:
    serving.connect()
    assert serving.hook(BODY).status == 202
    serving.write(lambda tx: hooks.keep(tx, serving.vault, ADA, Hook("18", "ada/more", Secret("newer"))))
    assert serving.hook(BODY, delivery="d-2", secret="newer").status == 401  # looked up a moment ago
    serving.clock.advance(6)
    assert serving.hook(BODY, delivery="d-2", secret="newer").status == 202


def test_secrets_are_read_once(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    serving.connect()
    assert serving.hook(BODY).status == 202
    monkeypatch.setattr(serving.database, "read", None)
    assert [serving.hook(BODY, delivery=f"n-{n}").status for n in range(3)] == [202] * 3


def test_a_form_with_a_payload_is_taken_too(serving: Serving) -> None:
    serving.connect()
    body = b"payload=%7B%22zen%22%3A%22x%22%7D"
    assert serving.hook(body, Content_Type="application/x-www-form-urlencoded").status == 202


def test_a_large_body_is_verified_off_the_loop(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    serving.connect()
    github: Any = serving.parts.platforms["github"]
    threads: list[str] = []

    def verify(request: Any, secrets: Any) -> Any:
        threads.append(threading.current_thread().name)
        return type(github).verify(github, request, secrets)

    monkeypatch.setattr(github, "verify", verify, raising=False)
    small, large = b"{}", json.dumps({"x": "y" * 200_000}).encode()
    assert [serving.hook(body, delivery=str(len(body))).status for body in (small, large)] == [202, 202]
    assert threads[0] == "serving"
    assert threads[1].startswith("helper")


def test_what_came_is_counted(serving: Serving) -> None:
    serving.connect()
    answers: list[Answer] = [serving.hook(BODY), serving.hook(BODY), serving.hook(BODY, delivery="d-2", secret="x")]
    assert [answer.status for answer in answers] == [202, 202, 401]
    (row,) = serving.ask("GET", "/api/webhooks/health").json["items"]
    assert row["since_start"] == {"accepted": 1, "duplicate": 1, "refused": {"wrong_signature": 1}}
    assert (row["platform"], row["kept"], row["waiting"], row["registrations"]) == ("github", 1, 1, 1)
    assert row["last_delivery"] == "2027-01-15T08:00:00.000Z"
