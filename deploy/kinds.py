"""How the text of a setting becomes its value. A kind raises `ValueError` with what it expects, never with the text."""

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar
from urllib.parse import urlsplit

from actors.schedule import parse
from actors.webpush.vapid import Vapid
from storage.records import Secret

T = TypeVar("T")
Kind = Callable[[str], T]

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
KEY_BYTES = 32
_DURATION = re.compile(r"([1-9][0-9]{0,8})([smhdw])")
_RATE = re.compile(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,8})?([smhd])")
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*\.?")
_BOOLEANS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


class Rate(NamedTuple):
    """At most `most` in any `seconds`."""

    most: int
    seconds: int


def text(value: str) -> str:
    if not value.isprintable():
        raise ValueError("expected one line of text")
    return value


def boolean(value: str) -> bool:
    try:
        return _BOOLEANS[value.lower()]
    except KeyError:
        raise ValueError("expected true or false") from None


def whole(lowest: int, highest: int) -> Kind[int]:
    def read(value: str) -> int:
        if re.fullmatch(r"\d{1,18}", value, re.ASCII) and lowest <= int(value) <= highest:
            return int(value)
        raise ValueError(f"expected a whole number from {lowest} to {highest}")

    return read


def choice(*words: str) -> Kind[str]:
    def read(value: str) -> str:
        if value.lower() in words:
            return value.lower()
        raise ValueError(f"expected {', '.join(words[:-1])} or {words[-1]}")

    return read


def duration(value: str) -> int:
    """`90s`, `30m`, `72h`, `30d`, `2w`, in seconds."""
    match = _DURATION.fullmatch(value)
    if not match:
        raise ValueError("expected a duration such as 90s, 30m, 72h or 30d")
    return int(match[1]) * SECONDS[match[2]]


def rate(value: str) -> Rate:
    """`100/15m`, `6000/m`."""
    match = _RATE.fullmatch(value.replace(" ", ""))
    if not match:
        raise ValueError("expected a rate such as 100/15m or 6000/m")
    return Rate(int(match[1]), int(match[2] or 1) * SECONDS[match[3]])


def host(value: str) -> str:
    """An address or a name to listen on."""
    if _is_address(value) or _HOST.fullmatch(value):
        return value
    raise ValueError("expected an address or a host name, without a port")


def networks(value: str) -> tuple[str, ...]:
    parts = _several(value)
    try:
        for part in parts:
            ipaddress.ip_network(part, strict=False)
    except ValueError:
        raise ValueError("expected IP addresses or networks such as 10.0.0.0/8, comma separated") from None
    return parts


def url(value: str) -> str:
    """An http or https address, without a slash at its end."""
    complaint = "expected an address such as https://example.com"
    if not value.isprintable() or " " in value:
        raise ValueError(complaint)
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise ValueError(complaint) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0 or not _is_host(parts.hostname):
        raise ValueError(complaint)
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError(f"{complaint}, without a user, a query or a fragment")
    return value.rstrip("/")


def origin(value: str) -> str:
    """An address without a path."""
    if urlsplit(url(value)).path:
        raise ValueError("expected an address without a path, such as https://example.com")
    return url(value)


def urls(value: str) -> tuple[str, ...]:
    return tuple(map(url, _several(value)))


def database_url(value: str) -> Secret:
    """A secret, because a password may stand in it."""
    scheme, separator, rest = value.partition("://")
    file = rest.startswith("/") and not rest.endswith(("/", ":memory:"))
    good = {"sqlite": file, "postgresql": bool(rest), "postgres": bool(rest)}
    if not separator or not good.get(scheme):
        raise ValueError("expected sqlite:///file.db or postgresql://user:password@host/name")
    return Secret(value)


def directory(value: str) -> Path:
    return Path(text(value)).expanduser()


def directory_of(database: Secret) -> Path:
    """Where a SQLite file lies; for any other database, here."""
    scheme, _, rest = database.reveal().partition("://")
    return Path(rest[1:]).parent if scheme == "sqlite" else Path()


def public_key(value: str) -> str:
    """An Ed25519 public key."""
    if len(value) != 64 or not all(digit in "0123456789abcdefABCDEF" for digit in value):
        raise ValueError("64 hexadecimal digits are expected")
    return value.lower()


def schedule(value: str) -> str:
    """A cron line or a duration, as given."""
    parse(value)
    return value


def secret(value: str) -> Secret:
    return Secret(text(value))


def signing_secret(value: str) -> Secret:
    if len(value.encode()) < KEY_BYTES:
        raise ValueError(f"expected {KEY_BYTES} bytes or more")
    return secret(value)


def vapid_key(value: str) -> Secret:
    """The private key of a pair of P-256."""
    try:
        Vapid(Secret(value), "")
    except ValueError:
        raise ValueError("expected a private key of P-256: 32 bytes in base64url") from None
    return Secret(value)


def contact(value: str) -> str:
    if re.fullmatch(r"mailto:[^@\s]+@[^@\s]+", value):
        return value
    if not url(value).startswith("https:"):
        raise ValueError("expected mailto:name@example.com or an https address")
    return value


def push_hosts(value: str) -> tuple[str, ...]:
    parts = _several(value)
    for part in parts:
        if "://" in part:
            if not is_loopback(urlsplit(origin(part)).hostname or ""):
                raise ValueError("expected host names; an address with http:// is for loopback only")
        elif (
            not _HOST.fullmatch(part) or part != part.lower() or "." not in part or part.rpartition(".")[2].isdecimal()
        ):
            raise ValueError("expected host names in lower case, comma separated")
    return parts


def encryption_keys(value: str) -> tuple[Secret, ...]:
    """Hex, whatever was given."""
    return tuple(Secret(_key_bytes(part).hex()) for part in _several(value))


def is_loopback(name: str) -> bool:
    if name.lower() == "localhost":
        return True
    return _is_address(name) and ipaddress.ip_address(name).is_loopback


def _key_bytes(value: str) -> bytes:
    if re.fullmatch(r"[0-9a-fA-F]{64}", value):
        return bytes.fromhex(value)
    standard = value.replace("-", "+").replace("_", "/")
    try:
        key = base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(f"expected {KEY_BYTES} bytes in base64 or hex, several comma separated")
    return key


def _several(value: str) -> tuple[str, ...]:
    """Nothing said is nothing at all."""
    if not value:
        return ()
    parts = tuple(part.strip() for part in value.split(","))
    if not all(parts):
        raise ValueError("expected values separated by single commas")
    return parts


def _is_address(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


def _is_host(value: str) -> bool:
    return _is_address(value) or _HOST.fullmatch(value) is not None
