"""A platform that only stands in PLATFORMS_FILE lives like any other: connected, polled, refreshed, disconnected. So
does the one that the page on adding a platform makes, by its file alone."""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.e2e.service import PROJECT, Service, eventually
from tests.fakes.http_server import HttpServer, Seen, Wire, reply

FILE = """
[acme]
title = "Acme"
authorize_url = "{url}/authorize"
token_url = "{url}/token"
revoke_url = "{url}/revoke"
api_url = "{url}"
client_id = "soulwire"
interval = "1h"
{more}
[acme.identity]
path = "/me"

[[acme.endpoints]]
path = "/orders"
data_type = "orders"
items = "orders"
id = "id"
cursor = "next"
cursor_param = "since"
sentence = "{{count}} orders at Acme"
"""
SECRET = "canary-of-acme"


class Acme:
    """A provider that gives tokens and, to those who show the newest, orders."""

    def __init__(self, server: HttpServer) -> None:
        self.server = server
        self.tokens = 0
        self.orders = ["o-1"]
        server.on("/token", self._token)
        server.on("/me", reply(200, b'{"id": "7"}', {"Content-Type": "application/json"}))
        server.on("/orders", self._orders)
        server.on("/revoke", reply())

    def called(self, path: str) -> list[Seen]:
        return [seen for seen in self.server.seen if seen.path.partition("?")[0] == path]

    def expire(self) -> None:
        self.tokens += 1

    def _token(self, wire: Wire, seen: Seen) -> None:
        self.tokens += 1
        self._say(wire, 200, {"access_token": f"a{self.tokens}", "refresh_token": "r", "expires_in": 3600})

    def _orders(self, wire: Wire, seen: Seen) -> None:
        if seen.headers["authorization"] != f"Bearer a{self.tokens}":
            self._say(wire, 401, {"error": "expired"})
            return
        since = int(parse_qs(urlsplit(seen.path).query).get("since", ["0"])[0])
        found = [{"id": id_} for id_ in self.orders[since:]]
        self._say(wire, 200, {"orders": found, "next": str(len(self.orders))})

    @staticmethod
    def _say(wire: Wire, status: int, body: Any) -> None:
        reply(status, json.dumps(body).encode(), {"Content-Type": "application/json"})(wire, None)  # type: ignore[arg-type]


@pytest.fixture
def acme() -> Iterator[Acme]:
    with HttpServer() as server:
        yield Acme(server)


def connect(service: Service) -> None:
    with requests.Session() as browser:
        ticket = service.call("POST", "/api/stream-ticket", by="ada", role="user").json()["ticket"]
        there = browser.get(f"{service.url}/api/oauth/acme/connect?ticket={ticket}", allow_redirects=False)
        asked = {name: values[0] for name, values in parse_qs(urlsplit(there.headers["Location"]).query).items()}
        assert asked["client_id"] == "soulwire"
        assert asked["code_challenge_method"] == "S256"
        back = f"{asked['redirect_uri']}?state={asked['state']}&code=c"
        assert "result=connected" in browser.get(back, allow_redirects=False).headers["Location"]


def test_it_is_connected_polled_refreshed_shown_and_disconnected(
    make_service: Callable[..., Service], tmp_path: Path, acme: Acme
) -> None:
    file = tmp_path / "platforms.toml"
    file.write_text(FILE.format(url=acme.server.url, more=""), encoding="utf-8")
    service = make_service(PLATFORMS_FILE=str(file), ACME_CLIENT_SECRET=SECRET)
    service.start()
    service.wait_until_connected()
    connect(service)

    eventually(lambda: service.actor("ada", "acme")["last_sync"], what="the first look")
    acme.orders.append("o-2")
    acme.expire()
    assert service.order("ada", "acme", "poll").status_code == 200

    items = service.call("GET", "/api/data?platform=acme&type=orders", by="ada", role="user").json()["items"]
    assert sorted(item["raw_data"]["id"] for item in items) == ["o-1", "o-2"]
    told = [event for event in service.events("ada") if event.get("platform") == "acme"]
    assert [event["message"] for event in told if event["type"] == "new_data"] == ["1 orders at Acme"] * 2
    assert len([event for event in told if event["type"] == "token_refresh"]) == 1
    shown = service.call("GET", "/api/connections/acme", by="ada", role="user").json()
    assert (shown["status"], shown["method"], shown["account"]["id"]) == ("connected", "polling", "7")

    assert service.call("DELETE", "/api/connections/acme", by="ada", role="user").status_code < 300
    eventually(lambda: acme.called("/revoke"), what="the grant's end")
    assert SECRET not in service.log.read_text(encoding="utf-8")


def project_with(folder: Path, slug: str, source: str) -> Path:
    """This project with one more platform: all of it by links, but for the folder that has one more file."""
    for place, names in {
        "": ("handlers", "storage", "deploy"),
        "actors": [name for name in os.listdir(PROJECT / "actors") if name != "platforms"],
        "actors/platforms": os.listdir(PROJECT / "actors" / "platforms"),
    }.items():
        (folder / place).mkdir(parents=True, exist_ok=True)
        for name in names:
            if name != "__pycache__":
                (folder / place / name).symlink_to(PROJECT / place / name)
    (folder / "actors" / "platforms" / f"{slug}.py").write_text(source, encoding="utf-8")
    return Path(shutil.copy(PROJECT / "run.py", folder))  # a link would be followed, and everything else found there


def test_the_page_on_adding_a_platform_makes_one_that_is_connected_and_polled(
    make_service: Callable[..., Service], tmp_path: Path, acme: Acme
) -> None:
    page = (PROJECT / "actors" / "platforms" / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(\"\"\"Acme.*?)```", page, re.DOTALL)
    url = acme.server.url
    service = make_service(
        ACME_CLIENT_ID="soulwire",
        ACME_CLIENT_SECRET=SECRET,
        ACME_AUTHORIZE_URL=f"{url}/authorize",
        ACME_TOKEN_URL=f"{url}/token",
        ACME_API_URL=url,
    )
    service.script = project_with(tmp_path / "project", "acme", example)
    service.start()
    service.wait_until_connected()
    connect(service)

    eventually(lambda: service.actor("ada", "acme")["last_sync"], what="the first look")
    acme.orders.append("o-2")
    assert service.order("ada", "acme", "poll").status_code == 200

    items = service.call("GET", "/api/data?platform=acme&type=orders", by="ada", role="user").json()["items"]
    assert sorted(item["external_id"] for item in items) == ["o-1", "o-2"]
    assert [parse_qs(urlsplit(seen.path).query) for seen in acme.called("/orders")] == [{}, {"since": ["1"]}]
    shown = service.call("GET", "/api/connections/acme", by="ada", role="user").json()
    assert (shown["title"], shown["status"], shown["account"]["id"]) == ("Acme", "connected", "7")
    assert service.call("DELETE", "/api/connections/acme", by="ada", role="user").status_code < 300


def test_a_wrong_file_ends_the_start_and_the_check_with_one_line(
    make_service: Callable[..., Service], tmp_path: Path
) -> None:
    file = tmp_path / "platforms.toml"
    file.write_text(FILE.format(url="https://acme.example", more="intervall = '1h'"), encoding="utf-8")
    service = make_service(PLATFORMS_FILE=str(file))
    for arguments in ((), ("check",)):
        ended = service.run(*arguments)
        assert ended.returncode == 2
        (line,) = ended.stderr.splitlines()
        assert line == f"run.py: PLATFORMS_FILE: {file}: acme: object contains unknown field `intervall`"
