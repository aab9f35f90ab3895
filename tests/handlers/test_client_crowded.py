"""A user with as many streams as one may have: the client of one more polls, says so, and has a stream again later."""

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from storage import events
from storage.records import Draft
from tests.handlers.serving import PATIENCE, Serving

PROGRAM = Path(__file__).parents[1] / "npm" / "clients" / "soulwire.js"


class Page:
    """The client, in Node."""

    def __init__(self, serving: Serving, cursor: str) -> None:
        command = ["node", str(PROGRAM), serving.origin, serving.token(), cursor]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.told: list[dict[str, Any]] = []
        self._came = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._came:
                self.told.append(json.loads(line))
                self._came.notify_all()

    def wait_for(self, what: Callable[[], bool]) -> None:
        with self._came:
            assert self._came.wait_for(what, 6 * PATIENCE), self.told

    def reconnect(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("again\n")
        self._process.stdin.flush()

    @property
    def titles(self) -> list[str]:
        return [one["title"] for one in self.told if "title" in one]

    @property
    def states(self) -> list[tuple[str, str | None]]:
        return [(one["state"], one["transport"]) for one in self.told if "state" in one]

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()
        self._reader.join(PATIENCE)


@contextmanager
def page(serving: Serving, cursor: str) -> Iterator[Page]:
    one = Page(serving, cursor)
    try:
        yield one
    finally:
        one.end()


@contextmanager
def another_tab(serving: Serving) -> Iterator[None]:
    """Which takes the only stream that there is."""
    with serving.raw() as connection:
        head = f"GET /api/sse/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {serving.token()}\r\n\r\n"
        connection.sendall(head.encode())
        serving.until(lambda: serving.parts.hub.size == 1)
        yield
    serving.until(lambda: serving.parts.hub.standing().connections["sse"] == 0)


def tell(serving: Serving, title: str) -> str:
    """The event's cursor."""
    draft = Draft("notification", {"title": title})
    return serving.write(lambda tx: events.append(tx, "ada", [draft], serving.clock.now()))[0].cursor


def test_the_client_polls_while_its_user_has_too_many_streams_and_says_so(serve: Any) -> None:
    serving = serve(per_user=1)
    before = tell(serving, "seen already")
    tell(serving, "one")
    with another_tab(serving), page(serving, before) as crowded:
        crowded.wait_for(lambda: crowded.titles == ["one"])
        assert crowded.states == [("connecting", None), ("live", "polling")]
        assert set(serving.on_loop(serving.parts.hub.standing).cut) == {4504}
        tell(serving, "two")
        crowded.wait_for(lambda: crowded.titles == ["one", "two"])
        assert crowded.states[-1:] == [("live", "polling")]


def test_the_client_has_a_stream_again_once_there_is_room(serve: Any) -> None:
    serving = serve(per_user=1)
    before = tell(serving, "seen already")
    with ExitStack() as stack:
        tab = stack.enter_context(ExitStack())
        tab.enter_context(another_tab(serving))
        crowded = stack.enter_context(page(serving, before))
        crowded.wait_for(lambda: crowded.states[-1:] == [("live", "polling")])
        tab.close()

        crowded.reconnect()

        crowded.wait_for(lambda: crowded.states[-1:] == [("live", "websocket")])
        tell(serving, "one")
        crowded.wait_for(lambda: crowded.titles == ["one"])
    assert "error" not in dict(crowded.states)
