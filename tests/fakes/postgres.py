"""A real PostgreSQL server for tests: its own directory, a loopback port, and gone at the end."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from glob import glob
from itertools import count
from pathlib import Path

import psycopg

STARTS_WITHIN = 30.0


def find_programs() -> Path | None:
    """Where `initdb` and `postgres` are, of the newest version that is installed."""
    found = glob("/usr/lib/postgresql/*/bin/postgres") or [shutil.which("postgres") or ""]
    newest = max(found, key=lambda path: [int(part) for part in path.split("/") if part.isdigit()])
    return Path(newest).parent if newest else None


class PostgresServer:
    def __init__(self, programs: Path) -> None:
        self._programs = programs
        # Not below a directory of pytest's: these are closed to the user that the server runs as.
        self._folder = Path(tempfile.mkdtemp(prefix="postgres-", dir="/tmp"))
        self._account = _account()
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = count(1)
        if self._account:
            shutil.chown(self._folder, self._account, self._account)
        self._run("initdb", "-D", str(self._data), "-U", "soulwire", "-A", "trust", "-E", "UTF8", "--no-sync")

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def url(self, database: str) -> str:
        return f"postgresql://soulwire@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": self._folder,
            "fsync": "off",
            "full_page_writes": "off",
            "max_connections": 60,
        }
        with open(self._folder / "log", "ab") as log:
            self._process = subprocess.Popen(
                [
                    *("setpriv", "--pdeathsig", "INT"),  # when the tests are killed, it goes too
                    self._programs / "postgres",
                    "-D",
                    self._data,
                    *(f"--{name}={value}" for name, value in settings.items()),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                user=self._account,
                group=self._account,
                extra_groups=[] if self._account else None,
            )
        self._wait_until_it_answers()

    def stop(self) -> None:
        """As fast as it goes in good order: clients are thrown out."""
        if self._process:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(30)
            self._process = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self._folder)

    def new_database(self) -> str:
        """The URL of an empty one."""
        name = f"test_{next(self._numbers)}"
        self.order("postgres", f"CREATE DATABASE {name}")
        return self.url(name)

    def new_schema(self) -> str:
        """The URL of an empty schema of one shared database: what most tests need, in a tenth of the time."""
        name = f"test_{next(self._numbers)}"
        self.order("postgres", f"CREATE SCHEMA {name}")
        return f"{self.url('postgres')}?options=-csearch_path%3D{name}"

    def drop_database(self, url: str) -> None:
        self.order("postgres", f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    def order(self, database: str, sql: str) -> None:
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(sql)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._programs / program, *arguments],
            check=True,
            capture_output=True,
            cwd=self._folder,
            user=self._account,
            group=self._account,
            extra_groups=[] if self._account else None,
        )

    def _wait_until_it_answers(self) -> None:
        assert self._process
        deadline = time.monotonic() + STARTS_WITHIN
        while True:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=5).close()
                return
            except psycopg.OperationalError:
                try:  # a wait that ends early when the server dies
                    self._process.wait(0.02)
                except subprocess.TimeoutExpired:
                    if time.monotonic() < deadline:
                        continue
                raise RuntimeError((self._folder / "log").read_text()) from None


def _account() -> str | None:
    """Whom the server runs as: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    return pwd.getpwnam("postgres").pw_name


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
