"""API.md says what there is: every path, every event, every close code; and its tokens are taken."""

import re
import time
from pathlib import Path
from typing import Any

from handlers.app import ROUTES
from handlers.auth import ROLES, Authenticator
from handlers.codes import Code
from handlers.own_events import OURS
from storage.records import Secret
from tests.handlers.serving import SECRET

TEXT = (Path(__file__).parent.parent.parent / "handlers" / "API.md").read_text(encoding="utf-8")
NOT_YET_SENT = {"new_message", "message_status_update", "unread_count_update", "conversation_update"}
CONTROL = {"authenticated", "token_expiring", "pong", "error", "snapshot", "ready", "insert", "update", "delete"} | {
    *("presence", "close", "open", "message")
}


def test_every_path_stands_there_and_no_other() -> None:
    rows = [line for line in TEXT.splitlines() if line.startswith("| `")]
    named = {path for line in rows for path in re.findall(r"[` ](/[^` ?]*)`", line)}
    assert named == {route.path for route in ROUTES}


def test_every_event_stands_there() -> None:
    table = TEXT.split("## Events")[1].split("## Streams")[0]
    named = set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))
    assert named == (OURS - CONTROL - NOT_YET_SENT) | {"notification"}


def test_every_close_code_stands_there_on_its_side() -> None:
    rows = [line for line in TEXT.splitlines() if re.match(r"\| 4\d{3}", line)]
    come_back, stay_away = [[int(code) for code in re.findall(r"\b4\d{3}\b", line)] for line in rows]
    assert come_back == [code for code in Code if code.come_back]
    assert stay_away == [code for code in Code if not code.come_back]


def test_tokens_are_signed_as_it_says() -> None:
    app: dict[str, Any] = {}
    exec(re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)[0], app)
    authenticator = Authenticator(time.time, secret=Secret(SECRET))
    for role in ROLES:
        caller = authenticator.check(app["sign"](SECRET, "ada", role))
        assert (caller.user, caller.role) == ("ada", role)
