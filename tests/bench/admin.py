"""`/api/admin/actors` with a hundred thousand actors: how long a page takes, from anywhere in the list.

The real service, over HTTP, on a database filled beforehand whose rows say that nothing is due. Beside it the same
page where there are a hundred.
"""

import argparse
import base64
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import jwt
import requests

from storage.database import Database
from storage.vault import Vault
from tests.bench.actors import fill, key
from tests.bench.service import ROOT, free_port, is_listening, wait_for

SECRET = "the benchmarks sign their tokens with this"
SEALING = b"k" * 32
MOST_MS = 50.0
FEW = 100
LOOKS = 30


class Listed:
    """The service with this many connections."""

    def __init__(self, folder: Path, count: int) -> None:
        url = f"sqlite:///{folder}/bench.db"
        database = Database.open(url, vault=Vault([SEALING]), durability="normal")
        for first in range(0, count, 2000):
            fill(database, Vault([SEALING]), first, min(count, first + 2000))
        database.close()
        self.port = free_port()
        settings = {
            "DATABASE_URL": url,
            "PORT": str(self.port),
            "ENCRYPTION_KEY": base64.b64encode(SEALING).decode(),
            "JWT_SECRET": SECRET,
            "SPOTIFY_CLIENT_ID": "id",
            "SPOTIFY_CLIENT_SECRET": "secret",
            "LOG_LEVEL": "error",
        }
        self.process = subprocess.Popen([sys.executable, "run.py"], cwd=ROOT, env=os.environ | settings)
        wait_for("the service to listen", lambda: is_listening(self.port), self.process)
        self.session = requests.Session()
        token = jwt.encode({"sub": "root", "role": "admin", "exp": int(time.time()) + 3600}, SECRET, "HS256")
        self.session.headers["Authorization"] = f"Bearer {token}"
        wait_for("its actors", lambda: self.resident() == count)

    def resident(self) -> int:
        return int(self.get("/api/admin/supervisor")["children"])

    def get(self, path: str) -> Any:
        answer = self.session.get(f"http://127.0.0.1:{self.port}{path}", timeout=30)
        answer.raise_for_status()
        return answer.json()

    def milliseconds(self, path: str) -> tuple[float, float]:
        """Half of them took no longer than the first, all no longer than the second."""
        took = []
        for _ in range(LOOKS):
            began = time.perf_counter()
            self.get(path)
            took.append((time.perf_counter() - began) * 1000)
        return median(took), max(took)

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


def pages(count: int) -> dict[str, str]:
    """What administrators look at, by path."""
    return {
        "the first page": "/api/admin/actors",
        "one from the middle": f"/api/admin/actors?after={key(count // 2)}",
        "a thousand at once": "/api/admin/actors?limit=1000",
        "one person's": f"/api/admin/actors?user={key(count // 3).user}",
        "a platform's": "/api/admin/actors?platform=spotify",
        "those who must connect again (none)": "/api/admin/actors?status=needs_reauth",
        "the parked (none)": "/api/admin/actors?state=parked",
        "the stopped (none)": "/api/admin/actors?state=stopped",
        "one in full": f"/api/admin/actors/{key(count // 4)}",
    }


def measured(count: int) -> dict[str, tuple[float, float]]:
    with tempfile.TemporaryDirectory() as folder:
        listed = Listed(Path(folder), count)
        try:
            listed.get("/api/admin/actors")
            return {name: listed.milliseconds(path) for name, path in pages(count).items()}
        finally:
            listed.end()


def main() -> int:
    told = argparse.ArgumentParser(prog="python -m tests.bench.admin", description=__doc__)
    told.add_argument("--count", type=int, default=100_000)
    count = told.parse_args().count
    few, many = measured(FEW), measured(count)
    print(f"{'ms, half of them and all of them':<36} {count:>9,} actors      {FEW:>3} actors")
    for name, (half, most) in many.items():
        print(f"{name:<36} {half:>8.1f} {most:>8.1f}   {few[name][0]:>6.1f} {few[name][1]:>6.1f}")
    return 0 if all(half <= MOST_MS for half, _ in many.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
