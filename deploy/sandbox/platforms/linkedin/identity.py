"""The identity token that goes with an access token, and the key that it is checked with."""

import base64
from functools import cached_property
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from deploy.sandbox.state import State

KID = "sandbox-linkedin-1"
LIFETIME = 3_600


class Signer:
    """Its key is made when it is first needed, and kept."""

    def __init__(self, state: State, platform: str) -> None:
        self._state = state
        self._platform = platform

    def sign(self, claims: dict[str, Any], issuer: str, audience: str, now: float) -> str:
        times = {"iat": int(now), "exp": int(now) + LIFETIME}
        headers = {"kid": KID}
        return jwt.encode({**claims, "iss": issuer, "aud": audience, **times}, self._key, "RS256", headers)

    def jwks(self) -> dict[str, Any]:
        numbers = self._key.public_key().public_numbers()
        key = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": KID, "n": _text(numbers.n), "e": _text(numbers.e)}
        return {"keys": [key]}

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        kept = self._state.fact(self._platform, "", "identity key")
        if kept is None:
            made = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
            kept = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
            self._state.keep_fact(self._platform, "", "identity key", kept)
        key = load_pem_private_key(kept.encode(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        return key


def _text(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes((number.bit_length() + 7) // 8)).rstrip(b"=").decode()
