"""The service worker, with the list of what it keeps and a version that changes with any of it."""

import json
from hashlib import sha256
from typing import Any

from handlers.base import Handler
from handlers.files import FOLDERS, WORKER

_SOURCE = WORKER["service-worker.js"].content.decode()
_KEPT = (".js", ".css", ".svg")


class ServiceWorker(Handler):
    quiet = True

    def get(self) -> None:
        """What it fetches is ruled by its own policy, not by that of its pages; a notification's icon is an image."""
        self.set_header("Content-Type", "text/javascript; charset=utf-8")
        self.set_header("Cache-Control", "no-cache")
        self.set_header("Content-Security-Policy", "default-src 'none'; connect-src 'self'; img-src 'self'")
        self.finish(source(sandbox=self.parts.sandbox_url))


def source(sandbox: str | None) -> str:
    pages = ["/", "/demo"] if sandbox else ["/"]
    shell = [f"{folder}{name}" for folder, files in FOLDERS.items() for name in files if name.endswith(_KEPT)]
    return _filled(version=_version(sandbox), shell=shell, pages=pages)


def _version(sandbox: str | None) -> str:
    """Of everything that pages are made of, the worker itself included."""
    etags = [file.etag for files in (*FOLDERS.values(), WORKER) for file in files.values()]
    return sha256("".join([sandbox or "", *etags]).encode()).hexdigest()[:12]


def _filled(version: str, **lists: Any) -> str:
    text = _SOURCE.replace("{{version}}", version)
    for name, values in lists.items():
        text = text.replace(f"{{{{{name}}}}}", json.dumps(values))
    return text
