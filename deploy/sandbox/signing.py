"""The keys with which platforms sign tokens, kept with the rest of the sandbox's memory so that they outlive a kill."""

import base64
import hashlib
from functools import cached_property
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from deploy.sandbox.state import State


class SigningKey:
    """`owner`: under which name it is kept; platforms that give the same one find the same key."""

    def __init__(self, state: State, owner: str, issuer: str) -> None:
        self._state = state
        self._owner = owner
        self._issuer = issuer

    def sign(self, claims: dict[str, Any]) -> str:
        return jwt.encode({"iss": self._issuer, **claims}, self._private, "RS256", {"kid": self.id})

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
        """Made when it is first needed."""
        kept = self._state.fact(self._owner, "", "key")
        if kept is not None:
            loaded = serialization.load_pem_private_key(kept.encode(), None)
            assert isinstance(loaded, rsa.RSAPrivateKey)
            return loaded
        made = rsa.generate_private_key(65537, 2048)
        text = made.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self._state.keep_fact(self._owner, "", "key", text.decode())
        return made


def _coded(number: int) -> str:
    data = number.to_bytes((number.bit_length() + 7) // 8)
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
