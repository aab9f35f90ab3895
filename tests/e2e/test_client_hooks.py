"""The hooks with React as it is, in strict mode, in a real browser."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.apps.building import HERE, bundle
from tests.e2e.pages import AppPage, Notes
from tests.e2e.service import PATIENCE, Service, eventually
from tests.fakes.gate import Gate


class ReactPage:
    def __init__(self, page: AppPage, script: Path) -> None:
        self.app = page
        self.page = page.page
        self.page.add_script_tag(path=script)

    def begin(self, **options: Any) -> None:
        self.page.evaluate("begin", {"stream": "github/events", "worker": False, "userId": "ada", **options})

    def shows(self, id_: str) -> dict[str, Any]:
        return dict(json.loads(self.page.locator(f"#{id_}").text_content() or "{}"))

    def until(self, id_: str, **expected: Any) -> None:
        eventually(lambda: self.shows(id_).items() >= expected.items(), what=f"{id_}: {expected}")

    def until_told(self, hook: str, numbers: list[int]) -> None:
        """Of exactly these notes, and the hook's last event is the one that came last."""
        eventually(lambda: len(self.numbers(hook)) >= len(numbers), what=f"{len(numbers)} notes")
        assert self.numbers(hook) == numbers
        shown = {"sse": "stream", "socket": "socket"}[hook]
        last = f"told.{hook}.at(-1).offset"
        eventually(lambda: self.shows(shown)["last"] == self.page.evaluate(last), what="the last event")

    def numbers(self, hook: str) -> list[int]:
        return list(self.page.evaluate(f"told.{hook}.filter((one) => one.type === 'note').map((one) => one.number)"))


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundle(tmp_path_factory.mktemp("hooks"), HERE / "hooks.jsx")


@pytest.fixture
def react(app: Callable[..., AppPage], gate: Gate, hooks: Path) -> ReactPage:
    return ReactPage(app(gate.url), hooks)


def notify(service: Service, **fields: Any) -> None:
    event = {"type": "notification", "level": "info", "source": "system", **fields}
    answer = service.call("POST", "/api/users/ada/send", by="app", role="service", json={"event": event})
    assert answer.status_code == 202, answer.text


def test_all_hooks_share_one_connection_and_each_is_told_once(react: ReactPage, notes: Notes, reached: Service) -> None:
    react.begin()
    react.until("stream", connected=True)
    react.until("socket", status="live")
    notes.send(3)
    react.until_told("sse", notes.sent)
    react.until_told("socket", notes.sent)
    react.until("heartbeat", isAlive=True, transport="websocket", heard=True)
    assert reached.streams() == {"websocket": 1, "sse": 0}


def test_the_latest_renders_callback_is_called(react: ReactPage, notes: Notes) -> None:
    react.begin()
    react.until("stream", connected=True)
    react.page.evaluate("rerender()")
    notes.send()
    react.until_told("socket", notes.sent)
    assert react.page.evaluate("told.socket.at(-1).renders") == 1


def test_unmounted_they_leave_no_connection_and_mounted_again_they_go_on(
    react: ReactPage, notes: Notes, reached: Service
) -> None:
    react.begin()
    for _ in range(3):
        react.until("stream", connected=True)
        react.page.evaluate("show(false)")
        react.page.evaluate("show(true)")
    react.until("stream", connected=True)
    assert reached.streams()["websocket"] == 1
    react.page.evaluate("show(false)")
    eventually(lambda: reached.streams() == {"websocket": 0, "sse": 0}, what="nothing open")
    notes.send()
    assert react.numbers("sse") == []
    react.page.evaluate("show(true)")
    react.until("stream", connected=True)
    sent = notes.sent[:]
    notes.send()
    react.until_told("sse", notes.sent[len(sent) :])
    react.page.evaluate("end()")
    eventually(lambda: reached.streams() == {"websocket": 0, "sse": 0}, what="nothing open")


def test_they_say_when_the_service_is_gone_and_come_back(
    react: ReactPage, gate: Gate, notes: Notes, reached: Service
) -> None:
    react.begin()
    react.until("stream", connected=True)
    gate.shut()
    react.until("stream", connected=False)
    react.until("socket", status="offline")
    react.until("heartbeat", isAlive=False)
    notes.send(2)
    gate.allow_all()
    react.until("stream", connected=True)
    react.until_told("sse", notes.sent)
    react.until_told("socket", notes.sent)


def test_notifications_are_counted_read_and_dismissed(react: ReactPage, reached: Service) -> None:
    react.begin()
    react.until("stream", connected=True)
    notify(reached, id="a", title="first")
    notify(reached, id="b", title="second")
    notify(reached, id="a", title="first, again")
    react.until("notifications", unreadCount=2)
    again = [
        {"id": "a", "title": "first, again", "read": False},
        {"id": "b", "title": "second", "read": False},
    ]
    react.until("notifications", shown=again)
    react.page.evaluate("markAsRead('b')")
    react.until("notifications", unreadCount=1)
    react.page.evaluate("dismiss('b')")
    react.page.evaluate("markAllAsRead()")
    react.until("notifications", unreadCount=0, shown=[{"id": "a", "title": "first, again", "read": True}])


def test_progress_of_long_reads_is_shown(react: ReactPage, reached: Service) -> None:
    told = reached.events("ada")
    steps = [event for event in told if event["type"] == "extraction_progress"]
    latest = {f"{event['platform']}/{event['dataType']}": event for event in steps}
    stream, step = next(iter(latest.items()))

    react.begin(cursor=told[0]["cursor"], stream=stream)

    react.until("stream", connected=True)
    eventually(lambda: len(react.shows("progress")["streams"]) == len(latest), PATIENCE, what="all long reads")
    shown = react.shows("progress")
    assert shown["one"] == {
        "progress": step["progress"],
        "done": step["done"],
        "total": step["total"],
        "message": step["message"],
        "isConnected": True,
    }
    assert {one["id"]: one["progress"] for one in shown["streams"]} == {
        id_: event["progress"] for id_, event in latest.items()
    }
