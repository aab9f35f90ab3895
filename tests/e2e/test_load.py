"""The load tool counts what it should, and says so when something is lost, repeated, refused or slow of itself."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.service import PROJECT, SIGNING, Service
from tests.e2e.spoiling import Spoiler

SMALL = ("--streams", "60", "--users", "6", "--rate", "60", "--seconds", "2")
DUE = 60 * 2 * 10
"""Events, each to the ten streams of one user."""


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("load") / "secret"
    file.write_text(SIGNING)
    return file


def load(url: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(PROJECT / "run.py"), "load", url, *arguments]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False)


def figures(url: str, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = load(url, "--json", *arguments)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.mark.parametrize("kind", ["websocket", "sse"])
def test_what_is_delivered_is_counted_also_to_those_that_were_cut(seen: Service, secret: Path, kind: str) -> None:
    arguments = ("--jwt-secret-file", str(secret), "--kind", kind, "--drop", "50", "--pid", str(seen.running.pid))
    code, told = figures(seen.url, *SMALL, *arguments)
    assert (code, told["lost"], told["repeated"], told["gaps"], told["unrecovered"]) == (0, 0, 0, 0, 0), told
    assert (told["published"], told["delivered"]) == (120, DUE)
    assert (told["cut"], told["returned"]) == (30, 30)
    assert 0 < told["caught_up"] < DUE
    assert 0 < told["p50_ms"] <= told["p95_ms"] <= told["p99_ms"] <= told["max_ms"]
    assert told["returned_p50_ms"] <= told["returned_p99_ms"] < 20_000
    assert told["kib_per_stream"] < 1_000
    assert 10 <= told["delivered_per_second"] <= DUE
    assert 0 < told["own_share_of_a_core"] < 2


def test_in_words(seen: Service, secret: Path) -> None:
    done = load(seen.url, *SMALL, "--jwt-secret-file", str(secret))
    assert done.returncode == 0, done.stderr
    heads = [line.split()[0] for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert heads == ["opened", "delivered", "latency", "lost", "cut", "this"]


def without_some(opcode: int, payload: bytes) -> list[bytes]:
    return [] if b'"offset":7,' in payload else [payload]


def some_twice(opcode: int, payload: bytes) -> list[bytes]:
    return [payload, payload] if b'"offset":7,' in payload else [payload]


def test_what_is_lost_on_the_way_is_said(seen: Service, secret: Path) -> None:
    wire = Spoiler(seen.port, messages=without_some)
    code, told = figures(wire.url, *SMALL, "--drop", "0", "--jwt-secret-file", str(secret))
    wire.close()
    assert (code, told["lost"], told["gaps"], told["repeated"]) == (1, 60, 60, 0)


def test_what_comes_twice_is_said(seen: Service, secret: Path) -> None:
    wire = Spoiler(seen.port, messages=some_twice)
    code, told = figures(wire.url, *SMALL, "--drop", "0", "--jwt-secret-file", str(secret))
    wire.close()
    assert (code, told["lost"], told["repeated"]) == (1, 0, 60)


def test_one_back_ends_limit_is_no_secret(seen: Service) -> None:
    """By tokens there is one user, and one back end with 6,000 requests a minute."""
    tokens = ("--token", seen.token("ada"), "--service-token", seen.token("a-lone-app", "service"))
    asked = ("--streams", "1", "--rate", "3200", "--seconds", "2", "--drop", "0", "--size", "0")
    code, told = figures(seen.url, *asked, *tokens)
    assert (code, told["users"], told["published"]) == (1, 1, 6_000)
    assert told["refused"] == {"429 rate_limited": 400}
    assert told["lost"] == 0


@pytest.mark.parametrize("url", ["http://10.0.0.1:3001", "https://soulwire.example"])
def test_nothing_but_this_machine_is_loaded_unasked(secret: Path, url: str) -> None:
    done = load(url, "--jwt-secret-file", str(secret))
    assert (done.returncode, done.stdout) == (1, "")
    assert "--yes-this-is-mine" in done.stderr


@pytest.mark.parametrize("asked", [("--streams", "20001"), ("--rate", "0"), ("--drop", "101"), ("--seconds", "x")])
def test_it_has_bounds(secret: Path, asked: tuple[str, ...]) -> None:
    done = load("http://127.0.0.1:9", "--jwt-secret-file", str(secret), *asked)
    assert done.returncode == 2
    assert "a whole number from" in done.stderr


def test_where_nothing_listens_it_says_so_in_a_line(secret: Path) -> None:
    done = load("http://127.0.0.1:9", "--jwt-secret-file", str(secret))
    assert done.returncode == 1
    assert "streams could be opened" in done.stderr
    assert "Traceback" not in done.stderr
