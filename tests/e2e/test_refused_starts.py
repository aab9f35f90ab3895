"""What it can't start with is one line that names it, and nothing has been touched."""

import hashlib
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.e2e.service import Service, eventually, get

KEY, OTHER_KEY = "11" * 32, "22" * 32


@pytest.fixture
def stopped(make_service: Callable[..., Service]) -> Service:
    """One that could start."""
    return make_service()


def test_a_second_process_on_the_same_file_is_refused(service: Service) -> None:
    ended = service.run(PORT=str(service.port + 2))

    assert ended.returncode == 1
    assert only_line(ended.stderr).startswith("run.py: another Soulwire runs on this database: process")
    assert str(service.running.pid) in ended.stderr
    assert not ended.stdout
    assert get(f"{service.url}/ready").status_code == 200, "the first one never noticed"


def test_a_port_that_is_taken_is_refused(stopped: Service) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", stopped.port))
        taken.listen()

        ended = stopped.run()

    assert ended.returncode == 1
    assert only_line(ended.stderr) == f"run.py: can't listen on 127.0.0.1:{stopped.port}: Address already in use"
    assert stopped.sandbox.pid() is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "abc"),
        ("PORT", "70000"),
        ("SANDBOX", "maybe"),
        ("PUBLIC_URL", "nowhere"),
        ("DATABASE_URL", "mysql://root@localhost/x"),
        ("DURABILITY", "half"),
        ("ENCRYPTION_KEY", "c2hvcnQ="),
        ("JWT_SECRET", "too-short"),
        ("WORKERS", "0"),
        ("API_RATE_LIMIT", "plenty"),
        ("WEBHOOK_RATE_LIMIT", "1000/fortnight"),
        ("GITHUB_POLL", "every day"),
        ("GITHUB_POLL", "61 * * * *"),
        ("GITHUB_HOOK_REPOS", "-1"),
        ("RETENTION", "soon"),
        ("LOG_LEVEL", "loud"),
        ("TRUSTED_PROXIES", "my-proxy"),
    ],
)
def test_a_wrong_setting_is_named(stopped: Service, name: str, value: str) -> None:
    ended = stopped.run(**{name: value})

    assert ended.returncode == 2
    assert only_line(ended.stderr).startswith(f"run.py: {name}: ")
    assert not ended.stdout
    assert name not in ("ENCRYPTION_KEY", "JWT_SECRET") or value not in ended.stderr
    assert not list(stopped.folder.glob("*.db")), "nothing has been made"


def test_secrets_come_from_files_too(stopped: Service) -> None:
    path = stopped.folder / "secret"
    path.write_text("too-short\n")
    del stopped.settings["JWT_SECRET"]

    ended = stopped.run(JWT_SECRET_FILE=str(path))

    assert ended.returncode == 2
    assert only_line(ended.stderr).startswith("run.py: JWT_SECRET")
    assert "too-short" not in ended.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_the_sandbox_is_for_loopback(stopped: Service, host: str) -> None:
    ended = stopped.run(HOST=host)

    assert ended.returncode == 2
    assert only_line(ended.stderr) == f"run.py: SANDBOX: is for loopback only, and HOST is {host}"


def test_without_keys_only_the_sandbox_starts(stopped: Service) -> None:
    del stopped.settings["JWT_SECRET"]

    ended = stopped.run(SANDBOX="false")

    assert ended.returncode == 2
    assert only_line(ended.stderr).startswith("run.py: JWT_SECRET: missing")


@pytest.fixture
def sealed(make_service: Callable[..., Service]) -> Service:
    """A database with tokens in it, and no service."""
    service = make_service(ENCRYPTION_KEY=KEY)
    service.start()
    service.wait_until_connected()
    assert service.stop() == 0
    return service


def test_a_wrong_key_is_refused_before_anything_is_touched(sealed: Service) -> None:
    before = contents(sealed)

    ended = sealed.run(ENCRYPTION_KEY=OTHER_KEY)

    assert ended.returncode == 2
    assert only_line(ended.stderr).startswith("run.py: ENCRYPTION_KEY: ")
    assert KEY not in ended.stderr + ended.stdout
    assert OTHER_KEY not in ended.stderr + ended.stdout
    assert contents(sealed) == before
    assert sealed.sandbox.pid() is None


def test_the_right_key_among_others_is_enough(sealed: Service) -> None:
    sealed.settings["ENCRYPTION_KEY"] = f"{OTHER_KEY},{KEY}"
    sealed.start()

    eventually(lambda: sealed.actor("ada", "github")["state"] == "running", what="the connection")
    assert sealed.order("ada", "github", "poll").status_code == 200


def test_demo_people_are_not_sent_to_the_real_platforms(sealed: Service) -> None:
    before = contents(sealed)

    ended = sealed.run(SANDBOX="false", ENCRYPTION_KEY=KEY)

    assert ended.returncode == 2
    assert only_line(ended.stderr).startswith("run.py: DATABASE_URL: has the sandbox's connections")
    assert contents(sealed) == before


def test_real_people_are_not_sent_to_the_sandbox(sealed: Service) -> None:
    with closing(sqlite3.connect(sealed.folder / "soulwire.db")) as database, database:
        database.execute("DELETE FROM meta WHERE name = 'sandbox'")

    ended = sealed.run()

    assert ended.returncode == 2
    assert only_line(ended.stderr).startswith("run.py: SANDBOX: DATABASE_URL has connections")
    assert sealed.sandbox.pid() is None


def test_a_file_that_is_no_database_is_refused_and_left_alone(stopped: Service) -> None:
    path = stopped.folder / "soulwire.db"
    path.write_bytes(b"these are my memoirs, and no database at all\n" * 100)
    before = contents(stopped)

    ended = stopped.run()

    assert ended.returncode == 1
    assert only_line(ended.stderr).startswith("run.py: ")
    assert contents(stopped) == before


def only_line(text: str) -> str:
    lines = text.splitlines()
    assert len(lines) == 1, text
    return lines[0]


def contents(service: Service) -> dict[str, str]:
    """Everything that keeps data; not the lock, which holds the last process's number."""
    paths = [path for path in service.folder.glob("*.db*") if path.suffix != ".lock"]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
