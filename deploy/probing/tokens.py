"""Who speaks to a deployment: tokens that were given, or made with the app's secret."""

import base64
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jwt

from deploy.commands import token
from handlers.userids import is_user_id
from storage.records import Secret


class Person(NamedTuple):
    id: str
    token: Secret


class Signer(NamedTuple):
    """Signs as the app does, for users of its own making."""

    secret: Secret
    audience: str | None = None
    issuer: str | None = None

    def person(self, user: str, role: str = "user", ttl: int = 3600, **claims: str) -> Person:
        told = {"aud": self.audience, "iss": self.issuer, **claims}
        return Person(user, Secret(token.signed(self.secret, user, role=role, ttl=ttl, now=time.time(), **told)))


def given(text: str) -> Secret:
    """A token, or `@` and the file that holds it. Raises `ValueError`."""
    if not text.startswith("@"):
        return Secret(text)
    try:
        return Secret(Path(text[1:]).read_text(encoding="utf-8").strip())
    except OSError as error:
        raise ValueError(f"{text[1:]}: {error.strerror}") from None


def owner(one: Secret) -> Person:
    """Whose token it is, by its own words. Raises `ValueError`."""
    try:
        claims = jwt.decode(one.reveal(), options={"verify_signature": False})
    except jwt.PyJWTError:
        raise ValueError("this is not a token (JWT)") from None
    user = str(claims.get("sub"))
    if not is_user_id(user):
        raise ValueError("the token's subject (sub) is not a user id")
    return Person(user, one)


# -- the ways in which a token is shown -----------------------------------------------------------


def bearer(one: Secret) -> dict[str, str]:
    return {"Authorization": f"Bearer {one.reveal()}"}


def cookie(one: Secret) -> dict[str, str]:
    return {"Cookie": f"soulwire_session={one.reveal()}"}


def in_query(one: Secret) -> str:
    return f"token={one.reveal()}"


def in_json(one: Secret, **more: Any) -> dict[str, Any]:
    return {**more, "token": one.reveal()}


# -- tokens that nobody signed --------------------------------------------------------------------


def _unsigned(one: Secret) -> Secret:
    """`alg: none`, and no signature."""
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).rstrip(b"=").decode()
    return Secret(f"{header}.{one.reveal().split('.')[1]}.")


def _signed_by_another(one: Secret) -> Secret:
    claims = jwt.decode(one.reveal(), options={"verify_signature": False})
    return Secret(jwt.encode(claims, "a secret that only a stranger to the app would use", algorithm="HS256"))


FORGERIES: dict[str, Callable[[Secret], Secret]] = {
    "signed with another secret": _signed_by_another,
    "alg none": _unsigned,
}
