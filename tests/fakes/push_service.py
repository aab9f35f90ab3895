"""A push service of our own: takes what browsers' push services take, and nothing else, and opens it as a browser."""

import base64
import json
import os
import time
from collections import defaultdict, deque
from collections.abc import Mapping
from typing import Any, NamedTuple

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.fakes.http_server import HttpServer, Seen, Wire, reply


class Came(NamedTuple):
    device: str
    event: dict[str, Any]
    headers: Mapping[str, str]


class Device:
    """A browser's end of a subscription."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.auth = os.urandom(16)

    def subscription(self) -> dict[str, Any]:
        """`PushSubscription.toJSON()`"""
        keys = {"p256dh": unpadded(self.point), "auth": unpadded(self.auth)}
        return {"endpoint": self.endpoint, "expirationTime": None, "keys": keys}

    def open(self, body: bytes) -> bytes:
        salt, size, length = body[:16], int.from_bytes(body[16:20]), body[20]
        point, sealed = body[21 : 21 + length], body[21 + length :]
        assert len(body) <= 4096
        assert len(sealed) <= size
        theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        shared = self.key.exchange(ec.ECDH(), theirs)
        secret = HKDF(SHA256(), 32, self.auth, b"WebPush: info\x00" + self.point + point).derive(shared)
        key = HKDF(SHA256(), 16, salt, b"Content-Encoding: aes128gcm\x00").derive(secret)
        nonce = HKDF(SHA256(), 12, salt, b"Content-Encoding: nonce\x00").derive(secret)
        text = AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\x00")
        assert text[-1:] == b"\x02"
        return text[:-1]


class PushService:
    """`came` is what was taken; `answers[device]` what is said before that, in turn."""

    def __init__(self) -> None:
        self.server = HttpServer()
        self.url = self.server.url
        self.devices: dict[str, Device] = {}
        self.came: list[Came] = []
        self.tries: list[str] = []
        self.wrong: list[str] = []
        self.answers: dict[str, deque[tuple[int, dict[str, str]]]] = defaultdict(deque)
        self.now = time.time
        self.public_key = ""

    def close(self) -> None:
        self.server.close()

    def device(self, name: str) -> Device:
        path = f"/push/{name}"
        self.devices[name] = Device(self.server.on(path, lambda wire, seen: self._take(name, wire, seen)))
        return self.devices[name]

    def titles(self, name: str | None = None) -> list[str]:
        return [one.event["title"] for one in self.came if name in (None, one.device)]

    def _take(self, name: str, wire: Wire, seen: Seen) -> None:
        self.tries.append(name)
        if self.answers[name]:
            status, headers = self.answers[name].popleft()
            reply(status, headers=headers)(wire, seen)
            return
        try:
            self._check(seen)
            event = json.loads(self.devices[name].open(seen.body))
        except Exception as error:
            self.wrong.append(repr(error))
            reply(400)(wire, seen)
            return
        self.came.append(Came(name, event, seen.headers))
        reply(201)(wire, seen)

    def _check(self, seen: Seen) -> None:
        headers = seen.headers
        assert seen.method == "POST"
        assert headers["content-encoding"] == "aes128gcm"
        assert 0 <= int(headers["ttl"]) <= 86_400
        assert len(headers["topic"]) <= 32
        assert headers["urgency"] in ("very-low", "low", "normal", "high")
        scheme, _, rest = headers["authorization"].partition(" ")
        fields = dict(part.strip().split("=", 1) for part in rest.split(","))
        assert scheme == "vapid"
        assert fields["k"] == self.public_key
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), padded(fields["k"]))
        claims = jwt.decode(fields["t"], key, ["ES256"], audience=self.url, options={"verify_exp": False})
        assert self.now() < claims["exp"] <= self.now() + 86_400
        assert claims["sub"].startswith(("mailto:", "https:"))


def unpadded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def padded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
