"""RFC 8291: a message that only the browser can read which the subscription came from, in one record of RFC 8188.

By hand, for it is a few lines over `cryptography`; the RFC's own example is a test.
"""

import base64
import binascii
import os
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

RECORD = 4096
"""Bytes; also the most that a push service has to take."""
_POINT = 65
_SALT = 16
LARGEST = RECORD - (_SALT + 4 + 1 + _POINT) - 1 - 16
"""Bytes of text that fit: what is left beside the header, the mark of the last record, and the tag."""
_LAST_RECORD = b"\x02"


class DeviceKeys(NamedTuple):
    """A subscription's `keys`, decoded."""

    p256dh: bytes
    auth: bytes


def device_keys(p256dh: str, auth: str) -> DeviceKeys:
    """Raises `ValueError` for what can't be a browser's."""
    keys = DeviceKeys(decoded(p256dh), decoded(auth))
    if len(keys.p256dh) != _POINT or len(keys.auth) != 16:
        raise ValueError("p256dh is 65 bytes and auth 16, in base64url")
    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), keys.p256dh)
    return keys


def encrypt(
    text: bytes, keys: DeviceKeys, *, salt: bytes | None = None, ours: ec.EllipticCurvePrivateKey | None = None
) -> bytes:
    """Each time with a fresh salt and key of our own; to be given only by who knows what comes out."""
    salt = salt or os.urandom(_SALT)
    ours = ours or ec.generate_private_key(ec.SECP256R1())
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), keys.p256dh)
    point = encoded_point(ours.public_key())
    shared = ours.exchange(ec.ECDH(), theirs)
    secret = _derived(shared, keys.auth, b"WebPush: info\0" + keys.p256dh + point, 32)
    key = _derived(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(secret, salt, b"Content-Encoding: nonce\0", 12)
    header = salt + RECORD.to_bytes(4) + bytes([_POINT]) + point
    return header + AESGCM(key).encrypt(nonce, text + _LAST_RECORD, None)


def encoded_point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def encoded(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """base64url, with padding or without. Raises `ValueError`."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)
