"""Keys that nobody gave: made once, kept in STATE_DIR for the owner alone."""

import base64
import os
import secrets
from pathlib import Path

from storage.records import Secret

KEY_BYTES = 32


def kept(directory: Path, name: str) -> Secret:
    """The key of that name, made now when it isn't there. Two processes that make it at once get the same one."""
    path = directory / f"{name}.key"
    try:
        return _read(path)
    except FileNotFoundError:
        _make(path)
        return _read(path)


def _read(path: Path) -> Secret:
    text = path.read_text(encoding="ascii").strip()
    if not text:
        raise OSError(f"{path} is empty")
    return Secret(text)


def _make(path: Path) -> None:
    """Whole or not at all: written aside, made durable, then linked to its name unless another was quicker."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        _write(draft, base64.b64encode(secrets.token_bytes(KEY_BYTES)))
        _link(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _link(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
