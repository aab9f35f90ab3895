"""Attacks on streams by those who claim to be somebody else, or more than they are."""

import base64
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from handlers.auth import Authenticator
from handlers.jwks import KeyRing
from storage.records import Secret
from tests.handlers.streaming import SECRET, Service, with_service

EVIL = "https://evil.example"


def claims(service: Service, **more: Any) -> dict[str, Any]:
    return {"sub": "ada", "exp": service.clock.now() + 3600, **more}


def unsigned(told: dict[str, Any], algorithm: str) -> str:
    parts = ({"alg": algorithm, "typ": "JWT"}, told)
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts) + "."


async def is_refused(service: Service, token: str) -> bool:
    """By first message, by header, by address and by cookie, on both transports."""
    bearer = {"Authorization": f"Bearer {token}"}
    cookie = {"Cookie": f"soulwire_session={token}"}
    async with service.socket() as client:
        await client.say(type="auth", token=token)
        codes = [(await client.end())[0]]
    for query, headers in (("", bearer), (f"?token={token}", {})):
        async with service.socket(query, additional_headers=headers) as client:
            codes.append((await client.end())[0])
    statuses = []
    for query, headers in (("", bearer), (f"?token={token}", {}), ("", cookie)):
        async with service.sse(query, headers=headers) as listener:
            statuses.append(listener.status)
    async with service.sse(headers=bearer | {"Last-Event-ID": "x-1"}) as listener:
        statuses.append(listener.status)
    return codes == [4501] * 3 and statuses == [401, 401, 401, 204]


@with_service()
async def test_a_token_that_nobody_signed_opens_nothing(service: Service) -> None:
    for algorithm in ("none", "None", "NONE", "HS256", ""):
        assert await is_refused(service, unsigned(claims(service), algorithm)), algorithm


@with_service()
async def test_a_token_that_somebody_else_signed_opens_nothing(service: Service) -> None:
    assert await is_refused(service, jwt.encode(claims(service), "x" * 32, "HS256"))
    head, body, signature = service.token("ada").split(".")
    changed = base64.urlsafe_b64encode(json.dumps(claims(service, role="admin")).encode()).rstrip(b"=").decode()
    assert await is_refused(service, f"{head}.{changed}.{signature}")
    assert body != changed


@with_service()
async def test_a_public_key_is_no_secret_to_sign_with(service: Service) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    jwk = {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())), "kid": "k", "use": "sig"}
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    ring = KeyRing("https://app.example/jwks", service.clock.elapsed, lambda _: {"keys": [jwk]})
    for secret in (None, Secret(SECRET)):
        service.parts.authenticator = Authenticator(service.clock.now, secret=secret, jwks=ring)
        good = jwt.encode(claims(service), key, "RS256", {"kid": "k"})
        async with service.socket(f"?token={good}") as client:
            assert (await client.next())["user_id"] == "ada"
        for word in (pem, pem.strip(), json.dumps(jwk).encode()):
            hmac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
            signed = unsigned(claims(service), "HS256").rstrip(".")
            signature = base64.urlsafe_b64encode(hmac.sign(signed.encode(), word)).rstrip(b"=").decode()
            assert await is_refused(service, f"{signed}.{signature}")


@with_service()
async def test_a_token_of_another_audience_or_issuer_opens_nothing(service: Service) -> None:
    checking = {"secret": Secret(SECRET), "audience": "soulwire", "issuer": "app"}
    service.parts.authenticator = Authenticator(service.clock.now, **checking)  # type: ignore[arg-type]
    for told in ({}, {"aud": "other", "iss": "app"}, {"aud": "soulwire", "iss": "other"}, {"aud": "soulwire"}):
        assert await is_refused(service, jwt.encode(claims(service, **told), SECRET, "HS256")), told
    good = jwt.encode(claims(service, aud=["other", "soulwire"], iss="app"), SECRET, "HS256")
    async with service.socket(f"?token={good}") as client:
        assert (await client.next())["user_id"] == "ada"


@pytest.mark.parametrize("role", ["admin", "service"])
@with_service()
async def test_a_role_is_not_taken_from_an_address_or_a_cookie_of_a_foreign_page(service: Service, role: str) -> None:
    token = service.token("root", role=role)
    async with service.sse(f"?token={token}") as listener:
        assert listener.status == 403
    async with service.socket(f"?token={token}") as client:
        assert await client.end() == (4503, "not allowed")
    for headers in ({}, {"Origin": EVIL}, {"Sec-Fetch-Site": "cross-site"}):
        cookie = {"Cookie": f"soulwire_session={token}", **headers}
        async with service.socket(additional_headers=cookie) as client:
            assert await client.end() == (4503, "not allowed")
    async with service.sse(f"?token={service.token('ada')}&role={role}&userId=root") as listener:
        assert listener.status == 403


@with_service()
async def test_a_foreign_page_reads_nothing_by_the_users_cookie(service: Service) -> None:
    cookie = {"Cookie": f"soulwire_session={service.token('ada')}"}
    for origin in (EVIL, "null", "https://app.example.evil.example"):
        async with service.sse(headers=cookie | {"Origin": origin}) as listener:
            assert listener.status == 403
            assert "access-control-allow-origin" not in listener.headers
        async with service.socket(additional_headers=cookie, origin=origin) as client:
            assert await client.end() == (4503, "not allowed")


@pytest.mark.parametrize("kind", ["websocket", "sse"])
@with_service()
async def test_anothers_cursor_opens_ones_own_events_and_no_others(service: Service, kind: str) -> None:
    await service.tell("ada", "mine", "mine too")
    (hers,) = await service.tell("grace", "hers")
    async with service.listening(kind, hers.cursor) as client:
        assert client.greeting["user_id"] == "ada"
        assert await client.titles(1) == ["mine too"]
    for cursor in (f"{hers.cursor}\r\nX: 1".encode().hex(), "'; DROP TABLE events; --", "1" * 5000):
        async with service.joined("ada", cursor) as socket:
            assert (socket.greeting["recovered"], socket.greeting["reason"]) == (False, "malformed")
