"""Bodies: how large, how many, how slow, in which shape."""

import json
from collections.abc import Iterator
from socket import socket

import pytest

from handlers import app
from handlers.intake import KIB, MIB, Body, InFlight
from tests.handlers.serving import Serving, read_answer, signature

HOOK_PATH = "/api/webhooks/github/ada"


def head(path: str, *lines: str, method: str = "POST") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: x", *lines, "", ""]).encode()


def send(connection: socket, size: int) -> None:
    for piece in pieces(size):
        connection.sendall(piece)


def pieces(size: int) -> Iterator[bytes]:
    piece = b"x" * (256 * KIB)
    for start in range(0, size, len(piece)):
        yield piece[: min(len(piece), size - start)]


@pytest.mark.parametrize(("path", "size"), [(HOOK_PATH, 26 * MIB), ("/api/session", MIB + 1), ("/nothing", 2 * MIB)])
def test_too_large_is_413_in_json_and_its_sender_lives_to_read_it(serving: Serving, path: str, size: int) -> None:
    with serving.raw() as connection:
        connection.sendall(head(path, f"Content-Length: {size}", "Content-Type: application/json"))
        send(connection, size)  # a reset would end this
        answer = read_answer(connection)
        assert (answer.status, answer.error) == (413, "too_large")
        connection.sendall(head("/ready", method="GET"))
        assert read_answer(connection).status == 200


def test_the_answer_is_there_before_the_body(serving: Serving) -> None:
    with serving.raw() as connection:
        connection.sendall(head(HOOK_PATH, f"Content-Length: {26 * MIB}"))
        assert read_answer(connection).status == 413


def test_too_large_without_a_length_is_413_too(serving: Serving) -> None:
    with serving.raw() as connection:
        connection.sendall(head("/api/session", "Transfer-Encoding: chunked", "Content-Type: application/json"))
        for piece in pieces(3 * MIB):
            connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
        connection.sendall(b"0\r\n\r\n")
        assert read_answer(connection).status == 413


@pytest.mark.parametrize("length", ["9" * 18, "9" * 25])
def test_an_absurd_length_is_413(serving: Serving, length: str) -> None:
    with serving.raw() as connection:
        connection.sendall(head(HOOK_PATH, f"Content-Length: {length}"))
        assert read_answer(connection).status == 413


def test_whoever_asks_first_is_not_given_leave(serving: Serving) -> None:
    with serving.raw() as connection:
        connection.sendall(head(HOOK_PATH, f"Content-Length: {26 * MIB}", "Expect: 100-continue"))
        assert read_answer(connection).status == 413
        assert connection.recv(100) == b""  # and nothing after it


def test_draining_ends_somewhere(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.base.MOST_DRAINED", 2 * MIB)
    with serving.raw() as connection:
        connection.sendall(head(HOOK_PATH, f"Content-Length: {1000 * MIB}"))
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            send(connection, 1000 * MIB)


def test_a_large_webhook_within_the_limit_is_taken(serving: Serving) -> None:
    serving.connect()
    body = json.dumps({"padding": "x" * (24 * MIB)}).encode()
    assert serving.hook(body).status == 202
    assert serving.on_loop(lambda: serving.parts.in_flight.held) == 0


def test_a_webhook_may_come_in_chunks(serving: Serving) -> None:
    serving.connect()
    body = b'{"zen": "' + b"x" * 300_000 + b'"}'
    with serving.raw() as connection:
        signed = f"X-Hub-Signature-256: {signature(body)}"
        names = ("X-GitHub-Event: push", "X-GitHub-Delivery: d-7", signed, "Transfer-Encoding: chunked")
        connection.sendall(head(HOOK_PATH, *names))
        for start in range(0, len(body), 70_001):
            piece = body[start : start + 70_001]
            connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
        connection.sendall(b"0\r\n\r\n")
        assert read_answer(connection).status == 202


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Content-Encoding", "gzip"),
        ("Content-Encoding", "br"),
        ("Content-Type", "multipart/form-data; boundary=x"),
        ("Content-Type", "Multipart/Mixed"),
    ],
)
def test_bodies_that_would_have_to_be_unpacked_are_refused(serving: Serving, name: str, value: str) -> None:
    answer = serving.ask("POST", "/api/session", b"--x--", {name: value})
    assert answer.status == 415


def test_a_form_of_a_million_fields_is_not_parsed(serving: Serving) -> None:
    serving.connect()
    body = b"&".join(b"%d" % number for number in range(1_000_000))
    answer = serving.hook(body, Content_Type="application/x-www-form-urlencoded")
    assert (answer.status, answer.error) == (400, "malformed")


def test_bytes_in_flight_are_bounded_for_all_and_for_each() -> None:
    room = InFlight(most=10 * MIB, most_each=4 * MIB)
    first, second = Body(room, lambda: "a"), Body(room, lambda: "a")
    assert all(first.add(b"x" * MIB) for _ in range(3))
    assert second.add(b"x" * MIB)
    assert not second.add(b"x" * MIB)
    others = [Body(room, lambda name=name: name) for name in "bcdefg"]  # type: ignore[misc]
    assert [one.add(b"x" * MIB) for one in others] == [True] * 6
    assert not Body(room, lambda: "h").add(b"x" * MIB)
    assert Body(room, lambda: "h").add(b"x" * KIB)  # small ones always pass
    for one in (first, second, *others):
        one.release()
        one.release()
    assert room.held == 0


def test_without_room_a_large_body_is_told_to_come_again(serving: Serving) -> None:
    serving.connect()
    room = serving.parts.in_flight
    taken = 256 * MIB - 100 * KIB
    serving.on_loop(lambda: [room.take(str(number), taken // 8) for number in range(8)])
    answer = serving.hook(b'{"x":"' + b"x" * MIB + b'"}')
    assert (answer.status, answer.error) == (503, "busy")
    assert answer.headers["Retry-After"]
    assert serving.hook(b"{}").status == 202
    assert serving.on_loop(lambda: room.held) == taken // 8 * 8


def test_a_sender_that_goes_away_in_the_middle_leaves_nothing(serving: Serving) -> None:
    room = serving.parts.in_flight
    with serving.raw() as connection:
        connection.sendall(head(HOOK_PATH, f"Content-Length: {5 * MIB}") + b"x" * (2 * MIB))
        serving.until(lambda: room.held)
    serving.until(lambda: not room.held)
    assert serving.get("/health").status == 200


def test_a_body_that_never_ends_is_given_up(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "BODY_TIMEOUT", 0.05)
    serving = Serving(tmp_path)
    with serving.raw() as connection:
        connection.sendall(head(HOOK_PATH, "Content-Length: 100") + b"x")
        assert connection.recv(1) == b""
    serving.close()
