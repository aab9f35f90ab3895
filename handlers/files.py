"""The files that browsers are given, from memory."""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import ClassVar, NamedTuple

from handlers.base import Handler
from handlers.errors import NotFound

_STATIC = Path(__file__).parent / "static"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".ts": "text/plain; charset=utf-8",
    ".json": "application/json",
    ".md": "text/markdown; charset=utf-8",
}


class File(NamedTuple):
    content: bytes
    type: str
    etag: str


def load(folder: Path) -> dict[str, File]:
    found = {}
    for path in sorted(folder.iterdir()):
        if path.suffix in _TYPES:
            content = path.read_bytes()
            found[path.name] = File(content, _TYPES[path.suffix], f'"{sha256(content).hexdigest()[:20]}"')
    return found


FILES = load(_STATIC)
CLIENT = load(_STATIC / "client")
ELEMENTS = load(_STATIC / "client" / "elements")
WORKER = load(_STATIC / "worker")
FOLDERS = {"/static/": FILES, "/client/": CLIENT, "/client/elements/": ELEMENTS}


class Asset(Handler):
    quiet = True
    files: ClassVar[Mapping[str, File]] = FILES

    def get(self, name: str) -> None:
        file = self.files.get(name)
        if file is None or name.endswith(".html"):
            raise NotFound("not_found", "There is nothing at this path.")
        self.set_header("Etag", file.etag)
        self.set_header("Cache-Control", "no-cache")
        if self.request.headers.get("If-None-Match") == file.etag:
            self.set_status(304)
            self.clear_header("Content-Type")
            return
        self.set_header("Content-Type", file.type)
        self.finish(file.content)


class ClientFile(Asset):
    """What pages of the app import too, from their own origins."""

    files = CLIENT


class Element(Asset):
    files = ELEMENTS
