"""The README's example of a new platform is true: it is found, and works, as one file."""

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors import platforms
from actors.platforms import registry
from actors.platforms.base import Client
from storage.records import Account, Secret, Token
from tests.fakes.conversation import answer, drive, external_ids

README = Path(platforms.__path__[0]) / "README.md"


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The example, as a file in a folder that is searched like the package's own."""
    (example, _) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "acme.py").write_text(example, encoding="utf-8")
    monkeypatch.setattr(platforms, "__path__", [*platforms.__path__, str(tmp_path)])
    importlib.invalidate_caches()
    importlib.reload(registry)
    yield registry.build({"acme": Client("id", Secret("secret"))})["acme"]
    monkeypatch.undo()
    del sys.modules["actors.platforms.acme"]
    vars(platforms).pop("acme", None)
    importlib.reload(registry)


def test_the_file_alone_makes_the_platform(acme: Any) -> None:
    assert {"acme", "github", "spotify"} <= set(registry.PLATFORMS)
    assert (acme.title, acme.poll_every) == ("Acme", "1h")
    assert acme.found("late_orders", 2) == "2 new in Acme: late orders"


def test_its_token_is_exchanged_and_refreshed(acme: Any) -> None:
    exchange = drive(acme.exchange(Secret("c"), "https://x"), [answer(200, {"access_token": "a"})])
    refresh = drive(acme.refresh(Token(Secret("a"), Secret("r"))), [answer(200, {"access_token": "b"})])
    assert exchange.result.access == Secret("a")
    assert refresh.called == ["POST https://acme.example/token"]
    assert refresh.calls[0].form["client_secret"] == Secret("secret")


def test_it_knows_whose_account_it_is(acme: Any) -> None:
    assert drive(acme.identify(), [answer(200, {"id": "7", "name": "Ada"})]).result == Account("7", "Ada")


def test_it_polls_from_its_cursor(acme: Any) -> None:
    first = drive(acme.poll(Account("7", "Ada"), {}, 0.0), [answer(200, {"orders": [{"id": "o-1"}], "next": "2"})])
    again = drive(acme.poll(Account("7", "Ada"), first.cursors, 0.0), [answer(200, {"orders": [], "next": "2"})])
    assert external_ids(first.items) == ["o-1"]
    assert dict(again.calls[0].params) == {"since": "2"}
