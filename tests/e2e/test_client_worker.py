"""The hook over the service worker, in an app that has one of its own."""

import json
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.apps.building import HERE, bundle
from tests.e2e.service import eventually

PAGE = "<!doctype html><link rel=icon href='data:,'><body><script src=/app.js></script>"
WORKER = "addEventListener('sync', (event) => new BroadcastChannel('told').postMessage(event.tag));"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    bundle(tmp_path, HERE / "worker.jsx")
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "service-worker.js").write_text(WORKER)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    context = browser.new_context()
    opened = context.new_page()
    opened.goto(f"http://127.0.0.1:{server.server_port}/")
    yield opened
    context.close()
    server.shutdown()
    server.server_close()


@pytest.fixture
def shows(page: Page) -> Callable[[], dict[str, Any]]:
    return lambda: dict(json.loads(page.locator("#worker").text_content() or "{}"))


def test_it_registers_the_worker_and_asks_it_for_a_sync(page: Page, shows: Callable[[], dict[str, Any]]) -> None:
    page.evaluate("new BroadcastChannel('told').onmessage = ({ data }) => { window.told = data; }; 1")
    page.evaluate("begin('/service-worker.js')")
    eventually(lambda: shows()["ready"], what="the worker")
    assert shows()["supported"] is True
    assert shows()["permission"] in ("default", "denied", "granted")
    assert page.evaluate("requestSync()") is True
    eventually(lambda: page.evaluate("window.told") == "sync-platform-data", what="the sync")


def test_one_that_isnt_there_is_said(page: Page, shows: Callable[[], dict[str, Any]]) -> None:
    page.evaluate("begin('/no-such-worker.js')")
    eventually(lambda: shows()["failed"], what="the error")
    assert shows()["ready"] is False
    assert page.evaluate("requestSync()") is False
