"""`PLATFORMS_FILE`: further platforms, described in TOML. What is wrong there is one line with the file and the key."""

import re
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from actors.platforms.plain import Description
from deploy import kinds
from deploy.errors import SettingError

NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_PLACE = re.compile(r"(.*?)(?: - at `\$\.?(.*)`)?", re.DOTALL)


def read(path: Path, taken: Collection[str]) -> dict[str, Description]:
    """By slug. `taken`: names that other platforms have."""
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingError("PLATFORMS_FILE", f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:  # what can't be decoded, too
        raise SettingError("PLATFORMS_FILE", f"{path}: is not TOML: {error}") from None
    return {slug: _description(path, slug, one, taken) for slug, one in said.items()}


def _description(path: Path, slug: str, said: Any, taken: Collection[str]) -> Description:
    if not NAME.fullmatch(slug):
        _wrong(path, slug, "a platform's name is a-z, 0-9 and _, 32 at most")
    if slug in taken:
        _wrong(path, slug, "there is a platform or a setting of this name already")
    try:
        one = msgspec.convert(said, Description)
    except msgspec.ValidationError as error:
        match = _PLACE.fullmatch(str(error))
        complaint, place = (match[1], match[2]) if match else (str(error), None)
        _wrong(path, f"{slug}.{place}" if place else slug, complaint[:1].lower() + complaint[1:])
    _check(path, slug, one)
    return one


def _check(path: Path, slug: str, one: Description) -> None:
    checked: Mapping[str, tuple[kinds.Kind[Any], str | None]] = {
        "title": (kinds.text, one.title),
        "authorize_url": (kinds.url, one.authorize_url),
        "token_url": (kinds.url, one.token_url),
        "api_url": (_root, one.api_url),
        "revoke_url": (kinds.url, one.revoke_url),
        "interval": (kinds.schedule, one.interval),
        "identity.path": (_path, one.identity.path),
    }
    for key, (kind, value) in checked.items():
        _try(path, f"{slug}.{key}", kind, value)
    if one.client_secret is not None and one.client_secret_file is not None:
        _wrong(path, f"{slug}.client_secret", "given together with client_secret_file")
    if not one.endpoints:
        _wrong(path, f"{slug}.endpoints", "there is nothing to read")
    types = [listing.data_type for listing in one.endpoints]
    for at, listing in enumerate(one.endpoints):
        key = f"{slug}.endpoints[{at}]"
        _try(path, f"{key}.path", _path, listing.path)
        if not NAME.fullmatch(listing.data_type) or types.count(listing.data_type) > 1:
            _wrong(path, f"{key}.data_type", "expected a-z, 0-9 and _, and another one for each endpoint")
        if (listing.cursor is None) != (listing.cursor_param is None):
            _wrong(path, f"{key}.cursor", "cursor and cursor_param belong together")


def secret_of(path: Path, slug: str, one: Description) -> str | None:
    """A relative `client_secret_file` lies beside the file that names it."""
    if one.client_secret_file is None:
        return one.client_secret
    key = f"{slug}.client_secret_file"
    try:
        content = (path.parent / one.client_secret_file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        _wrong(path, key, "cannot be read")
    return content or _wrong(path, key, "the file is empty")


def _try(path: Path, key: str, kind: kinds.Kind[Any], value: str | None) -> None:
    try:
        if value is not None:
            kind(value)
    except ValueError as error:
        _wrong(path, key, str(error))


def _root(value: str) -> str:
    if kinds.url(value) != value:
        raise ValueError("expected an address without a slash at its end")
    return value


def _path(value: str) -> str:
    if not value.startswith("/") or not value.isprintable() or " " in value:
        raise ValueError("expected a path such as /v1/orders")
    return value


def _wrong(path: Path, key: str, complaint: str) -> NoReturn:
    raise SettingError("PLATFORMS_FILE", f"{path}: {key}: {complaint}")
