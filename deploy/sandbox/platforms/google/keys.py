"""The key with which the sandbox's Google signs, kept with the rest of its memory so that it outlives a kill."""

import base64
import hashlib
from functools import cached_property
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from deploy.sandbox.state import State

ISSUER = "https://accounts.google.com"


class SigningKey:
    def __init__(self, state: State) -> None:
        self._state = state

    def sign(self, claims: dict[str, Any]) -> str:
        return jwt.encode({"iss": ISSUER, **claims}, self._private, "RS256", {"kid": self.id})

    def published(self) -> dict[str, Any]:
        """As a JWKS."""
        numbers = self._private.public_key().public_numbers()
        key = {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": self.id}
        return {"keys": [{**key, "n": _coded(numbers.n), "e": _coded(numbers.e)}]}

    @cached_property
    def id(self) -> str:
        modulus = self._private.public_key().public_numbers().n
        return hashlib.sha256(str(modulus).encode()).hexdigest()[:40]

    @cached_property
    def _private(self) -> rsa.RSAPrivateKey:
        """Made when it is first needed; Google's platforms find the same one."""
        kept = self._state.fact("google", "", "key")
        if kept is not None:
            loaded = serialization.load_pem_private_key(kept.encode(), None)
            assert isinstance(loaded, rsa.RSAPrivateKey)
            return loaded
        made = rsa.generate_private_key(65537, 2048)
        text = made.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self._state.keep_fact("google", "", "key", text.decode())
        return made


def _coded(number: int) -> str:
    data = number.to_bytes((number.bit_length() + 7) // 8)
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
