"""Webhooks in order go a short way, many at a time; what goes wrong there goes the long way, and nothing is lost."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from storage import deliveries
from storage.records import Delivery
from tests.handlers.serving import Serving, read_answer, signature

BODY = b'{"action": "opened"}'


def request(delivery: str, version: str = "1.1", *lines: str) -> bytes:
    head = [
        f"POST /api/webhooks/github/ada HTTP/{version}",
        "Host: x",
        "X-GitHub-Event: push",
        f"X-GitHub-Delivery: {delivery}",
        f"X-Hub-Signature-256: {signature(BODY)}",
        f"Content-Length: {len(BODY)}",
        *lines,
    ]
    return "\r\n".join([*head, "", ""]).encode() + BODY


def stored(serving: Serving) -> list[str]:
    rows = serving.read(lambda tx: deliveries.page(tx, limit=1000))
    return sorted(row.delivery_id for row in rows)


@pytest.fixture
def known(serving: Serving) -> Serving:
    """One whose secrets have been looked up."""
    serving.connect()
    serving.hook(BODY, secret="wrong")
    return serving


def test_those_that_come_together_are_one_unit(known: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    held, units = threading.Event(), []
    write = known.database.write

    def counted(unit: Any) -> Any:
        units.append(unit)
        return write(unit)

    monkeypatch.setattr(known.database, "write", counted)
    connections = [known.raw() for _ in range(20)]
    sockets = [connection.__enter__() for connection in connections]
    known.on_loop(lambda: None)
    holding = threading.Thread(target=lambda: known.on_loop(lambda: held.wait(10)))
    holding.start()  # as a busy loop is held
    for number, socket in enumerate(sockets):
        socket.sendall(request(f"d-{number}"))
    held.set()
    assert [read_answer(socket).status for socket in sockets] == [202] * 20
    holding.join()
    for connection in connections:
        connection.__exit__(None, None, None)
    assert len(stored(known)) == 20
    assert len(units) < 10


def test_one_that_cannot_be_stored_is_not_the_others_trouble(known: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    add_all = deliveries.add_all

    def picky(tx: Any, arrived: Sequence[Delivery]) -> list[int | None]:
        if "poison" in [delivery.delivery_id for delivery in arrived]:
            raise ValueError("not in this database")
        return add_all(tx, arrived)

    monkeypatch.setattr(deliveries, "add_all", picky)
    held = threading.Event()
    holding = threading.Thread(target=lambda: known.on_loop(lambda: held.wait(10)))
    with known.raw() as first, known.raw() as second, known.raw() as third:
        holding.start()
        for socket, delivery in ((first, "d-1"), (second, "poison"), (third, "d-2")):
            socket.sendall(request(delivery))
        held.set()
        holding.join()
        assert [read_answer(socket).status for socket in (first, second, third)] == [202, 500, 202]
    assert stored(known) == ["d-1", "d-2"]


def test_a_sender_that_left_before_the_answer_has_still_sent(known: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, future = threading.Event(), Future[Any]()
    write, units = known.database.write, []

    def slow(unit: Any) -> Any:
        units.append(unit)
        asked.set()
        return future

    monkeypatch.setattr(known.database, "write", slow)
    with known.raw() as connection:
        connection.sendall(request("d-1"))
        assert asked.wait(10)
    actor: Any = known.directory.ref(("ada", "github"))  # type: ignore[arg-type]
    future.set_result(write(units[0]).result())
    assert len(actor.wait_for(1)) == 1
    assert stored(known) == ["d-1"]
    assert known.get("/health").status == 200


def test_a_connection_serves_one_after_the_other(known: Serving) -> None:
    with known.raw() as connection:
        for number in range(3):
            connection.sendall(request(f"d-{number}"))
            answer = read_answer(connection)
            assert (answer.status, answer.json) == (202, {"result": "accepted"})
            assert answer.headers["X-Request-Id"]
        connection.sendall(b"GET /ready HTTP/1.1\r\nHost: x\r\n\r\n")
        assert read_answer(connection).status == 200


@pytest.mark.parametrize(("version", "line"), [("1.0", "X: y"), ("1.1", "Connection: close")])
def test_a_sender_that_wants_to_be_left_is_left(known: Serving, version: str, line: str) -> None:
    with known.raw() as connection:
        connection.sendall(request("d-1", version, line))
        assert read_answer(connection).status == 202
        assert connection.recv(1) == b""


def test_a_failure_in_the_platforms_file_is_answered_and_logged(
    known: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise KeyError("a bug")

    monkeypatch.setattr(known.parts.platforms["github"], "verify", broken, raising=False)
    answer = known.hook(BODY)
    assert (answer.status, answer.error) == (500, "internal_error")


def test_both_ways_see_the_same(known: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under a storm from many at once, with repeats: every one is stored once and its actor told of it once."""
    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(lambda n: known.hook(BODY, delivery=f"d-{n % 60}"), range(180)))
    assert {answer.status for answer in answers} == {202}
    assert sum(answer.json["result"] == "accepted" for answer in answers) == 60
    actor: Any = known.directory.ref(("ada", "github"))  # type: ignore[arg-type]
    told = actor.wait_until_told_of(60)
    assert told == sorted(set(told))
    counts = known.on_loop(lambda: dict(known.parts.refusals.of_platform("github")))
    assert (counts["accepted"], counts["duplicate"]) == (60, 120)
    requests = known.on_loop(lambda: dict(known.parts.requests.counts))
    assert requests["/api/webhooks/{platform}/{user}", "POST", 202] == 180
