"""Tests here start the real service and speak to it from outside, as its users do."""

import shutil
import sqlite3
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from storage import meta
from tests.e2e.browsing import ARGUMENTS, WIDE, Watched
from tests.e2e.pages import AppPage, Notes
from tests.e2e.service import Service, eventually
from tests.fakes.gate import Gate

HERE = Path(__file__).parent
_running: list[Service] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        report.sections += [(f"log of the service in {service.folder.name}", service.tail()) for service in _running]
    return report


@pytest.fixture
def make_service(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Services that are ended with the test. Those that logged an error nobody expected fail it."""
    made: list[Service] = []

    def make(folder: str = "service", port: int | None = None, **settings: str) -> Service:
        made.append(Service(tmp_path / folder, port, **settings))
        _running.append(made[-1])
        return made[-1]

    try:
        yield make
        for service in made:
            if service.process is not None and service.process.poll() is None:
                assert service.stop() == 0, service.tail()
                assert service.sandbox.pid() is None, "an orderly stop ends the sandbox too"
            assert not service.complaints()
    finally:
        for service in made:
            service.clean_up()
        _running.clear()


@pytest.fixture(scope="session")
def connected(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """What a service leaves behind that had everyone connected and nothing happening: others begin where it ended."""
    first = Service(tmp_path_factory.mktemp("connected"))
    try:
        first.start()
        first.wait_until_connected()
        assert first.stop() == 0
    finally:
        first.clean_up()
    return first


@pytest.fixture
def start_connected(make_service: Callable[..., Service], connected: Service) -> Callable[..., Service]:
    """One that serves, with everyone connected and nothing happening. The hooks out there know its port."""

    def start(port: int = connected.port, **settings: str) -> Service:
        return go_on(make_service(port=port, **settings), connected)

    return start


def go_on(one: Service, connected: Service) -> Service:
    for path in connected.folder.glob("*"):
        if path.name != "log":
            shutil.copy(path, one.folder)
    stopped = (connected.folder / "log").stat().st_mtime
    as_if_just_stopped(one.folder / "soulwire.db", time.time() - stopped)
    one.start()
    eventually(lambda: all(row["state"] == "running" for row in one.actors()), what="every actor")
    return one


def as_if_just_stopped(file: Path, seconds: float) -> None:
    """What was to be done meanwhile is still to be done, and nobody missed anything."""
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE platform_connections SET next_poll = next_poll + ?", [seconds])
        database.execute("UPDATE meta SET value = value + ? WHERE name = ?", [seconds, meta.ALIVE_AT])


@contextmanager
def to_the_end_of_a_file(one: Service) -> Iterator[Service]:
    try:
        yield one
        assert one.stop() == 0, one.tail()
        assert not one.complaints()
    finally:
        one.clean_up()


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One that a whole file of tests only looks at from outside."""
    with to_the_end_of_a_file(Service(tmp_path_factory.mktemp("seen"))) as one:
        one.start()
        yield one


@pytest.fixture(scope="module")
def shared_gate(connected: Service) -> Iterator[Gate]:
    one = Gate(connected.port)
    yield one
    one.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, connected: Service, shared_gate: Gate) -> Iterator[Service]:
    """As `service`, for a file whose tests leave each other alone; people come by the gate."""
    folder = tmp_path_factory.mktemp("shared")
    with to_the_end_of_a_file(Service(folder, connected.port, PUBLIC_URL=shared_gate.url)) as one:
        yield go_on(one, connected)


@pytest.fixture
def service(start_connected: Callable[..., Service]) -> Service:
    return start_connected()


@pytest.fixture
def listen(request: Any) -> Any:
    """Streams that are ended before the service is."""
    opened: list[Any] = []

    def open_(kind: Any, *arguments: Any, **more: Any) -> Any:
        opened.append(kind(*arguments, **more))
        opened[-1].start()
        return opened[-1]

    yield open_
    for listener in opened:
        listener.end()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert found, "these tests need Chromium: sh deploy/prepare packages chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, service: Service) -> Iterator[Callable[..., Watched]]:
    """Pages that must not complain, nor ask anybody but the service and its sandbox."""
    opened: list[Watched] = []
    contexts: list[BrowserContext] = []

    def open_(**how: Any) -> Watched:
        contexts.append(browser.new_context(**{"viewport": WIDE, **how}))
        opened.append(Watched(contexts[-1], service))
        return opened[-1]

    yield open_
    for context in contexts:
        context.close()
    for one in opened:
        assert not one.errors
        assert one.asked <= {service.url, service.sandbox.url.removesuffix("/_control")}


@pytest.fixture
def gate(connected: Service) -> Iterator[Gate]:
    """The way to the service; pages come by its address."""
    one = Gate(connected.port)
    yield one
    one.close()


@pytest.fixture
def reached(start_connected: Callable[..., Service], gate: Gate) -> Service:
    """One whose pages come by the gate."""
    return start_connected(FRONTEND_URL=gate.url)


@pytest.fixture
def app(browser: Browser, reached: Service) -> Iterator[Callable[..., AppPage]]:
    """Blank pages of an app, in a browser of their own unless told which, that must not complain."""
    opened: list[AppPage] = []
    contexts: list[BrowserContext] = []

    def open_(url: str | None = None, context: BrowserContext | None = None) -> AppPage:
        if context is None:
            context = browser.new_context(bypass_csp=True)  # an app has its own policy
            contexts.append(context)
        opened.append(AppPage(context, reached, url))
        return opened[-1]

    yield open_
    for context in contexts:
        context.close()
    for one in opened:
        assert not one.errors


@pytest.fixture
def notes(reached: Service) -> Notes:
    return Notes(reached)
