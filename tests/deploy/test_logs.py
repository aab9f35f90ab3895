"""One line per event, as JSON or for people; nothing that is said gets lost on the way, and no secret gets out."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from storage.records import Secret, Token

ROOT = Path(__file__).parents[2]
START = """
import logging, sys, threading
import structlog
from deploy import logs
from storage.records import ConnectionKey, Secret, Token
lines = logs.configure(sys.argv[1], sys.argv[2])
log = structlog.get_logger()
"""


def spoken(program: str, *, level: str = "info", form: str = "json", stdout: Any = subprocess.PIPE) -> str:
    """What a process that configures its logs and then runs `program` wrote."""
    run = subprocess.run(
        [sys.executable, "-c", START + program, level, form],
        cwd=ROOT, stdout=stdout, stderr=subprocess.PIPE, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "Logging error" not in run.stderr
    return run.stdout or run.stderr


def said(program: str, **how: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in spoken(program, **how).splitlines()]


def test_an_event_is_one_line_of_json_with_its_level_and_time() -> None:
    [line] = said("log.info('webhook_accepted', user='ada', platform='github', attempts=2)")
    assert line.pop("at").endswith("Z")
    assert line == {"event": "webhook_accepted", "level": "info", "user": "ada", "platform": "github", "attempts": 2}


def test_what_is_bound_to_a_request_is_on_each_of_its_lines() -> None:
    program = """
with structlog.contextvars.bound_contextvars(request_id="r1"):
    log.info("a_done")
    logging.getLogger("tornado.application").error("oops")
log.info("b_done")
"""
    assert [line.get("request_id") for line in said(program)] == ["r1", "r1", None]


def test_less_than_the_level_is_not_said() -> None:
    program = "log.debug('a_done'); log.info('b_done'); log.warning('c_done')"
    assert [line["event"] for line in said(program, level="warning")] == ["c_done"]
    assert len(said(program, level="debug")) == 3


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_secret_is_never_shown_however_deep_it_lies(form: str) -> None:
    program = """
secret = Secret("hush")
log.info("a_done", secret=secret, several=[secret, {"key": secret}], token=Token(secret, secret), either={secret})
log.info("b_done", text=f"{secret} {secret!r}")
try:
    token = secret
    raise ValueError(secret)
except ValueError:
    log.exception("c_failed", token=token)
"""
    text = spoken(program, form=form)
    assert text.count("_done") == 2
    assert "c_failed" in text
    assert "***" in text
    assert "hush" not in text


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_local_variable_of_what_failed_is_shown(form: str) -> None:
    program = """
def fails(token):
    here = [token]
    return 1 / 0
try:
    fails(Secret("hush").reveal())
except ZeroDivisionError:
    log.exception("a_failed")
"""
    text = spoken(program, form=form)
    assert "ZeroDivisionError" in text
    assert "hush" not in text


@pytest.mark.parametrize("sign", ["\\x1b", "\\n", "\\r", "\\x9b", "\\u2028", "\\x07"])
def test_nobody_outside_writes_a_line_or_moves_the_cursor_of_a_terminal(sign: str) -> None:
    text = spoken(f"log.info('a_done', path='/{sign}[2Ja_faked')", form="console")
    assert "a_faked" in text
    assert len(text.splitlines()) == 1
    assert text.rstrip("\n").isprintable()


def test_values_that_json_does_not_know_are_shown_all_the_same() -> None:
    [line] = said("log.info('a_done', key=ConnectionKey('ada', 'github'), error=ValueError('no'), kind=int)")
    assert line["error"] == "ValueError('no')"
    assert line["kind"] == "<class 'int'>"


@pytest.mark.parametrize("value", ["'\\udc80'", "{(1, 2): 3}", "2 ** 200"])
def test_no_value_makes_a_line_fail(value: str) -> None:
    [line] = said(f"log.info('a_done', user='ada', value={value})")
    assert (line["event"], line["user"]) == ("a_done", "ada")


def test_an_exception_is_part_of_its_line() -> None:
    [line] = said("try: 1 / 0\nexcept ZeroDivisionError: log.exception('a_failed', user='ada')")
    assert line["exception"].endswith("ZeroDivisionError: division by zero")
    assert line["user"] == "ada"


def test_what_libraries_say_goes_the_same_way() -> None:
    program = """
logging.getLogger("pykka").warning("actor %s", 3)
logging.getLogger("pykka").info("less")
logging.getLogger("tornado.application").error("wrong %d", "format")
import warnings; warnings.warn("old")
"""
    lines = said(program)
    assert [line["event"] for line in lines] == ["library_spoke"] * 3
    assert [(line["logger"], line["level"]) for line in lines] == [
        ("pykka", "warning"), ("tornado.application", "error"), ("py.warnings", "warning")
    ]  # fmt: skip
    assert [line["message"] for line in lines[:2]] == ["actor 3", "wrong %d"]


def test_addresses_with_tickets_in_them_are_not_logged_by_tornado() -> None:
    assert said("logging.getLogger('tornado.access').error('500 GET /ws?ticket=hush')") == []


@pytest.mark.parametrize(
    ("program", "event"),
    [
        ("raise KeyError('z')", "process_failed"),
        ("t = threading.Thread(target=lambda: 1 / 0, name='lane-1'); t.start(); t.join()", "thread_failed"),
        ("class A:\n    def __del__(self): 1 / 0\nA()", "exception_ignored"),
    ],
)
def test_nothing_ends_without_a_word(program: str, event: str) -> None:
    [line] = said(program)
    assert line["event"] == event
    assert "Traceback" in line["exception"]


def test_a_thread_that_failed_is_named() -> None:
    [line] = said("t = threading.Thread(target=lambda: 1 / 0, name='lane-1'); t.start(); t.join()")
    assert line["thread"] == "lane-1"


def test_a_full_disk_costs_lines_and_not_the_work() -> None:
    program = """
for n in range(3):
    log.info("a_done", n=n)
print(lines.lost, file=sys.stderr)
"""
    with open("/dev/full", "wb") as full:
        assert spoken(program, stdout=full).strip() == "3"


def test_lines_of_many_threads_are_never_mixed() -> None:
    program = """
def speak(name):
    for n in range(200):
        log.info("a_done", name=name, padding="x" * 5000)
threads = [threading.Thread(target=speak, args=(n,)) for n in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""
    assert len(said(program)) == 1600


@pytest.mark.parametrize(("form", "readable"), [("auto", True), ("console", True), ("json", False)])
def test_a_terminal_is_spoken_to_readably_unless_told_otherwise(form: str, readable: bool) -> None:
    ours, theirs = pty.openpty()
    try:
        spoken("log.info('a_done', user='ada')", form=form, stdout=theirs)
        text = os.read(ours, 10_000)
    finally:
        os.close(ours)
        os.close(theirs)
    assert (b"\x1b[" in text) is readable
    assert text.lstrip().startswith(b"{") is not readable


def test_auto_is_json_when_nobody_is_looking() -> None:
    assert said("log.info('a_done')", form="auto")[0]["event"] == "a_done"


def test_a_struct_with_a_secret_can_be_encoded_by_nobody_else() -> None:
    """So that a token can't slip into a response or an event either."""
    with pytest.raises(TypeError):
        msgspec.json.encode(Token(Secret("hush")))
