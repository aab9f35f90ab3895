"""The app's public keys: fetched off the loop, bounded, and kept while their server is away."""

import asyncio
import json
import time
import urllib.request
from collections.abc import Callable
from typing import Any

import jwt
import structlog

log = structlog.get_logger()

LIFESPAN = 300.0
COOLDOWN = 30.0
"""Between two fetches for keys that nobody has seen: what a stranger with invented key ids can cause."""
RETRY = 5.0
MAX_BYTES = 256 * 1024
TIMEOUT = 5.0
MOST_SECONDS = 10.0


class KeyRing:
    """What the JWKS address last said. `find` never waits; `refresh` does, on another thread."""

    def __init__(
        self, url: str, now: Callable[[], float], fetch: "Callable[[str], dict[str, Any]] | None" = None
    ) -> None:
        if not url.startswith(("http://", "https://")):
            raise ValueError("a JWKS address is http or https")
        self._url = url
        self._now = now
        self._fetch = fetch or fetch_json
        self._keys: dict[str, jwt.PyJWK] = {}
        self._document: dict[str, Any] | None = None
        self._fetched_at: float | None = None
        self.changes = 0
        """How often other keys came than before."""
        self._not_before = 0.0
        self._running: asyncio.Task[None] | None = None

    @property
    def known(self) -> bool:
        """Some answer has come, so that an unknown key id is the token's fault and not ours."""
        return self._fetched_at is not None

    def find(self, kid: str) -> jwt.PyJWK | None:
        return self._keys.get(kid)

    def is_stale(self) -> bool:
        return self._fetched_at is None or self._now() - self._fetched_at > LIFESPAN

    def may_refresh(self) -> bool:
        return self._running is not None or self._now() >= self._not_before

    async def refresh(self) -> None:
        """One fetch however many ask; a failed one keeps the keys that are known."""
        if self._running is None:
            if not self.may_refresh():
                return
            self._running = asyncio.get_running_loop().create_task(self._refresh())
        await asyncio.shield(self._running)

    def refresh_soon(self) -> None:
        """From the loop, without waiting for it."""
        if self._running is None and self.may_refresh():
            self._running = asyncio.get_running_loop().create_task(self._refresh())

    async def _refresh(self) -> None:
        try:
            found = await asyncio.get_running_loop().run_in_executor(None, self._fetch, self._url)
            self._take(found)
            self._fetched_at = self._now()
            self._not_before = self._fetched_at + COOLDOWN
        except Exception as error:  # the network's, or whatever a document that is none makes of its reading
            self._not_before = self._now() + RETRY
            log.warning("jwks_fetch_failed", error=f"{type(error).__name__}: {error}", keys_kept=len(self._keys))
        finally:
            self._running = None

    def _take(self, found: dict[str, Any]) -> None:
        if found != self._document:
            self._keys, self._document = _usable(found), found
            self.changes += 1


def _usable(found: dict[str, Any]) -> dict[str, jwt.PyJWK]:
    """Signing keys with an id; a symmetric key has no business in a public document."""
    keys = [key for key in jwt.PyJWKSet.from_dict(found).keys if key.key_id]
    return {str(key.key_id): key for key in keys if key.key_type != "oct" and key.public_key_use in (None, "sig")}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def fetch_json(url: str) -> dict[str, Any]:
    """Blocks; `TIMEOUT` per read, `MAX_BYTES` and `MOST_SECONDS` in all: nobody with a new key waits for a drip."""
    began = time.monotonic()
    request = urllib.request.Request(url, headers={"Accept": "application/json"})
    with urllib.request.build_opener(_NoRedirect()).open(request, timeout=TIMEOUT) as response:
        data = b""
        while piece := response.read1(MAX_BYTES):
            data += piece
            if len(data) > MAX_BYTES:
                raise ValueError("the JWKS document is too large")
            if time.monotonic() - began > MOST_SECONDS:
                raise TimeoutError("the JWKS document takes too long")
    found = json.loads(data)
    if isinstance(found, dict):
        return found
    raise ValueError("the JWKS document is not an object")
