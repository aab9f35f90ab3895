"""RFC 8292: who pushes, signed, so that push services know whom to turn to and browsers who may."""

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from actors.webpush.encryption import decoded, encoded, encoded_point
from storage.records import Secret

GOOD_FOR = 12 * 3600.0
RENEW_AFTER = 6 * 3600.0


class Vapid:
    """One key for all pushes; the signature for a push service is used again for some hours. For one thread."""

    def __init__(self, key: Secret, subject: str) -> None:
        """`key`: 32 bytes, in base64url. Raises `ValueError` when it is no key of P-256."""
        number = int.from_bytes(decoded(key.reveal().replace("+", "-").replace("/", "_")))
        self._key = ec.derive_private_key(number, ec.SECP256R1())
        self._subject = subject
        self._signed: dict[str, tuple[float, str]] = {}
        self.public_key = encoded(encoded_point(self._key.public_key()))
        """As browsers take it for `applicationServerKey`."""

    def authorization(self, origin: str, now: float) -> str:
        """The header for a push service; `origin` is one of few."""
        made_at, header = self._signed.get(origin, (0.0, ""))
        if not made_at <= now < made_at + RENEW_AFTER:
            claims = {"aud": origin, "exp": int(now + GOOD_FOR), "sub": self._subject}
            header = f"vapid t={jwt.encode(claims, self._key, 'ES256')}, k={self.public_key}"
            self._signed[origin] = (now, header)
        return header
