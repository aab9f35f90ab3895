"""Which addresses pushes may go to. They come from browsers, so nothing in them is to be believed: only push services
that were named may be called, in the one plain way that they are called, or anyone could have us knock inside."""

import re
from collections.abc import Sequence

import urllib3
from urllib3.exceptions import LocationParseError

LONGEST = 2048
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+")
_PLAIN = re.compile(r"[!-~]+")
_ODD = frozenset("\\@#")


class PushHosts:
    """`named`: hosts, each with all that lie below it (`push.apple.com`), and for tests whole origins
    (`http://127.0.0.1:4000`), which are let through as they are."""

    def __init__(self, named: Sequence[str]) -> None:
        self.named = tuple(named)
        self._hosts = tuple(one for one in named if "://" not in one)
        self._origins = tuple(one for one in named if "://" in one)

    def of(self, endpoint: str) -> str | None:
        """The one of `named` that allows it; None when none does."""
        if len(endpoint) > LONGEST or not _PLAIN.fullmatch(endpoint) or not _ODD.isdisjoint(endpoint):
            return None
        for origin in self._origins:
            if endpoint.startswith(origin + "/"):
                return origin
        try:
            url = urllib3.util.parse_url(endpoint)  # by the parser that decides where the connection goes
        except LocationParseError:
            return None
        if url.scheme != "https" or url.auth is not None or url.port not in (None, 443):
            return None
        host = url.host or ""
        written = endpoint.lower().removeprefix(f"https://{host}").removeprefix(":443")
        if not _NAME.fullmatch(host) or not written.startswith("/"):  # nothing that only becomes a host when decoded
            return None
        return next((name for name in self._hosts if host == name or host.endswith(f".{name}")), None)
