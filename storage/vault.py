"""Seals what opens platforms: AES-256-GCM, bound to the place where it is kept, under one of several keys."""

import hashlib
import json
import secrets
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage import meta
from storage.records import Secret
from storage.transaction import Transaction

_SCHEME = "v1"
_NONCE = 12
_CHECK = "vault"
_CHECK_PLACE = "meta:vault"
_CHECK_TEXT = Secret("soulwire")


class WrongKey(Exception):
    """It was sealed with a key that isn't here, or for another place, or has been changed."""


class Vault:
    """The first key seals, all of them open. Sealed text is `v1.{key id}.{nonce and ciphertext}`."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) != 32 for key in keys):
            raise ValueError("a vault needs keys of 32 bytes each")
        self._ciphers = {_key_id(key): AESGCM(key) for key in keys}
        self._first = _key_id(keys[0])

    def __repr__(self) -> str:
        return f"Vault({', '.join(self._ciphers)})"

    def seal(self, secret: Secret, bound_to: str) -> str:
        nonce = secrets.token_bytes(_NONCE)
        sealed = self._ciphers[self._first].encrypt(nonce, secret.reveal().encode(), bound_to.encode())
        return f"{_SCHEME}.{self._first}.{urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, bound_to: str) -> Secret:
        scheme, _, rest = sealed.partition(".")
        key_id, _, text = rest.partition(".")
        cipher = self._ciphers.get(key_id)
        if scheme != _SCHEME or cipher is None:
            raise WrongKey(f"{bound_to} was sealed with the key {key_id or 'unknown'}, which isn't here")
        try:
            data = b64decode(text, altchars=b"-_", validate=True)
            return Secret(cipher.decrypt(data[:_NONCE], data[_NONCE:], bound_to.encode()).decode())
        except (InvalidTag, ValueError):
            raise WrongKey(f"{bound_to} doesn't open: it was sealed for another place, or has been changed") from None

    def is_current(self, sealed: str) -> bool:
        """Whether the first key sealed it."""
        return sealed.startswith(f"{_SCHEME}.{self._first}.")

    # -- the check at start -----------------------------------------------------------------------
    def check(self, tx: Transaction) -> None:
        """Raises `WrongKey` unless every key that values of this database may be sealed with is here."""
        for sealed in _checks(tx):
            try:
                self.open(sealed, _CHECK_PLACE)
            except WrongKey as error:
                raise WrongKey(f"ENCRYPTION_KEY is not the one that this database was written with: {error}") from None

    def enrol(self, tx: Transaction) -> None:
        """From now on this database may have values sealed with the first key."""
        checks = _checks(tx)
        if not any(self.is_current(sealed) for sealed in checks):
            _keep_checks(tx, [*checks, self.seal(_CHECK_TEXT, _CHECK_PLACE)])

    def retire_others(self, tx: Transaction) -> None:
        """Nothing is sealed with another key than the first any more."""
        _keep_checks(tx, [sealed for sealed in _checks(tx) if self.is_current(sealed)])


def _checks(tx: Transaction) -> list[str]:
    text = meta.value(tx, _CHECK)
    return list(json.loads(text)) if text else []


def _keep_checks(tx: Transaction, checks: list[str]) -> None:
    meta.keep(tx, _CHECK, json.dumps(checks))


def _key_id(key: bytes) -> str:
    return hashlib.sha256(b"soulwire key id:" + key).hexdigest()[:8]
