"""Tokens that are checked by the app's public keys."""

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms

from handlers.auth import Authenticator
from handlers.errors import NotAuthenticated, Unavailable
from handlers.jwks import COOLDOWN, LIFESPAN, MAX_BYTES, RETRY, KeyRing, fetch_json
from tests.fakes.http_server import HttpServer, drip, head

NOW = 1_800_000_000.0
RSA_KEY = rsa.generate_private_key(65537, 2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
ED_KEY = ed25519.Ed25519PrivateKey.generate()
KEYS = {"RS256": RSA_KEY, "ES256": EC_KEY, "EdDSA": ED_KEY}


def published(kid: str, algorithm: str, key: Any = None, **more: str) -> dict[str, str]:
    public = (key or KEYS[algorithm]).public_key()
    return {**get_default_algorithms()[algorithm].to_jwk(public, as_dict=True), "kid": kid, "alg": algorithm, **more}  # type: ignore[arg-type,attr-defined]


def token(algorithm: str, kid: str | None, key: Any = None, user: str = "ada") -> str:
    claims = {"sub": user, "exp": NOW + 100_000}
    return jwt.encode(claims, key or KEYS[algorithm], algorithm, headers={"kid": kid} if kid else None)


class Publisher:
    """The app's JWKS document, and how often it was asked for."""

    def __init__(self, *keys: dict[str, str]) -> None:
        self.keys = list(keys)
        self.asked = 0
        self.away = False
        self.elapsed = 0.0

    def fetch(self, _url: str) -> dict[str, Any]:
        self.asked += 1
        if self.away:
            raise OSError("no route")
        return {"keys": list(self.keys)}

    def authenticator(self) -> Authenticator:
        ring = KeyRing("https://app.example/keys", lambda: self.elapsed, self.fetch)
        return Authenticator(lambda: NOW, jwks=ring)


def story(tale: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    def run() -> None:
        asyncio.run(tale())

    run.__name__ = tale.__name__
    return run


@pytest.mark.parametrize("algorithm", KEYS)
def test_a_token_signed_by_a_published_key_is_good(algorithm: str) -> None:
    authenticator = Publisher(published("k", algorithm)).authenticator()
    assert asyncio.run(authenticator.verify(token(algorithm, "k"))).user == "ada"


@story
async def test_many_tokens_at_once_are_one_fetch() -> None:
    publisher = Publisher(published("k", "RS256"))
    authenticator = publisher.authenticator()
    callers = await asyncio.gather(*(authenticator.verify(token("RS256", "k", user=f"u{n}")) for n in range(20)))
    assert len(callers) == 20
    assert publisher.asked == 1


@story
async def test_a_new_key_is_found_and_invented_ids_cause_no_storm() -> None:
    publisher = Publisher(published("k", "RS256"))
    authenticator = publisher.authenticator()
    await authenticator.verify(token("RS256", "k"))
    publisher.keys.append(published("k2", "ES256"))
    for _ in range(5):
        with pytest.raises(NotAuthenticated):
            await authenticator.verify(token("ES256", "k2"))
    assert publisher.asked == 1
    publisher.elapsed += COOLDOWN
    assert (await authenticator.verify(token("ES256", "k2"))).user == "ada"
    assert publisher.asked == 2


@story
async def test_a_withdrawn_key_vouches_for_nobody_even_seen_before() -> None:
    publisher = Publisher(published("k", "RS256"), published("k2", "ES256"))
    authenticator = publisher.authenticator()
    await authenticator.verify(token("RS256", "k"))
    publisher.keys = [published("k2", "ES256")]
    publisher.elapsed += LIFESPAN + 1
    await authenticator.verify(token("RS256", "k"))  # known until the document has been read again
    await authenticator._jwks.refresh()  # type: ignore[union-attr]
    with pytest.raises(NotAuthenticated):
        await authenticator.verify(token("RS256", "k"))


@story
async def test_known_keys_serve_on_while_their_server_is_away() -> None:
    publisher = Publisher(published("k", "RS256"))
    authenticator = publisher.authenticator()
    await authenticator.verify(token("RS256", "k"))
    publisher.away = True
    publisher.elapsed += LIFESPAN * 10
    assert (await authenticator.verify(token("RS256", "k", user="grace"))).user == "grace"


@story
async def test_before_any_key_has_come_nobody_is_called_a_forger() -> None:
    publisher = Publisher(published("k", "RS256"))
    publisher.away = True
    authenticator = publisher.authenticator()
    for _ in range(3):
        with pytest.raises(Unavailable):
            await authenticator.verify(token("RS256", "k"))
    assert publisher.asked == 1
    publisher.away = False
    publisher.elapsed += RETRY
    assert (await authenticator.verify(token("RS256", "k"))).user == "ada"


@story
async def test_a_key_does_only_what_it_is_for() -> None:
    other = rsa.generate_private_key(65537, 2048)
    publisher = Publisher(
        published("sig", "RS256"), published("enc", "RS256", use="enc"), {"kty": "oct", "kid": "oct", "k": "AAAA"}
    )
    authenticator = publisher.authenticator()
    secret = "\0\0\0"
    for given in (
        token("RS256", "sig", other),
        token("RS256", "enc"),
        token("RS256", None),
        token("ES256", "sig"),
        jwt.encode({"sub": "ada", "exp": NOW + 60}, RSA_KEY, "RS384", headers={"kid": "sig"}),
        jwt.encode({"sub": "ada", "exp": NOW + 60}, secret * 12, "HS256", headers={"kid": "oct"}),
    ):
        with pytest.raises(NotAuthenticated):
            await authenticator.verify(given)


@story
async def test_a_document_that_is_none_is_like_a_server_that_is_away() -> None:
    for document in ({}, {"keys": "k"}, {"keys": [7]}, {"keys": []}, {"keys": [{"kty": "RSA"}]}):
        ring = KeyRing("https://app.example/keys", lambda: 0.0, lambda _url, it=document: it)  # type: ignore[misc]
        with pytest.raises(Unavailable):
            await Authenticator(lambda: NOW, jwks=ring).verify(token("RS256", "k"))


@pytest.fixture
def site() -> Iterator[tuple[str, dict[str, bytes]]]:
    pages: dict[str, bytes] = {}

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = pages.get(self.path)
            self.send_response(302 if body is None else 200)
            if body is None:
                self.send_header("Location", "/keys")
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Pages)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", pages
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_document_is_read_over_http_within_bounds(site: tuple[str, dict[str, bytes]]) -> None:
    url, pages = site
    pages["/keys"] = json.dumps({"keys": []}).encode()
    pages["/huge"] = b'{"keys":"' + b"x" * MAX_BYTES + b'"}'
    pages["/list"] = b"[]"
    assert fetch_json(f"{url}/keys") == {"keys": []}
    for path in ("/huge", "/list", "/moved"):
        with pytest.raises((ValueError, OSError)):
            fetch_json(url + path)


def test_a_document_that_drips_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.jwks.MOST_SECONDS", 0.2)
    with HttpServer() as server:
        server.on("/keys", drip(b"{" + b" " * 2000, every=0.02, first=head(200, {"Content-Length": "2001"})))
        with pytest.raises(TimeoutError):
            fetch_json(f"{server.url}/keys")
        assert server.seen


def test_only_http_addresses_hold_keys() -> None:
    for url in ("file:///etc/passwd", "ftp://x/y", "data:,{}", "keys"):
        with pytest.raises(ValueError, match="http"):
            KeyRing(url, lambda: 0.0)
