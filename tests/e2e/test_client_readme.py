"""What the client's README shows is what works."""

import re
from collections.abc import Callable
from pathlib import Path

from tests.apps.building import CLIENT, bundle
from tests.e2e.pages import AppPage, Notes
from tests.e2e.service import eventually
from tests.fakes.gate import Gate

START = """
import { createRoot } from "react-dom/client";
createRoot(document.querySelector("main")).render(<App getToken={() => window.freshToken("connect")} />);
"""


def example(language: str) -> str:
    return re.findall(rf"```{language}\n(.*?)```", (CLIENT / "README.md").read_text(), re.DOTALL)[0]


def test_five_lines_in_a_page(app: Callable[..., AppPage], gate: Gate) -> None:
    shown = app(gate.url)
    shown.sign_in()
    said: list[str] = []
    shown.page.on("console", lambda message: said.append(message.text))
    shown.page.set_content(example("html"))
    eventually(lambda: shown.service.streams()["websocket"], what="a stream")
    shown.service.sandbox.activity("spotify", "ada", "play")
    shown.service.call("POST", "/api/connections/spotify/sync", by="ada", role="user")

    def told() -> bool:
        shown.ask("1")
        return any(re.fullmatch(r"[1-9]\d* new from spotify", line) for line in said)

    eventually(told, what="a line in the console")
    assert len(example("html").strip().splitlines()) <= 7


def test_an_app_with_react(app: Callable[..., AppPage], gate: Gate, notes: Notes, tmp_path: Path) -> None:
    shown = app(gate.url)
    (tmp_path / "source").mkdir()
    source = tmp_path / "source" / "readme.jsx"
    source.write_text(example("jsx") + START)
    shown.page.set_content("<main></main>")
    shown.page.add_script_tag(path=bundle(tmp_path, source))
    button = shown.page.get_by_role("button")
    eventually(lambda: button.text_content() == "0 new", what="connected")
    answer = {"event": {"type": "notification", "title": "Hello"}}
    shown.service.call("POST", "/api/users/ada/send", by="app", role="service", json=answer)
    eventually(lambda: button.text_content() == "1 new", what="counted")
    assert button.get_attribute("title") == "Hello"
