"""`run.py token`: a token as the app would sign it, for trying things out and for scripts."""

import secrets

import jwt

from deploy.errors import SettingError
from deploy.settings import Settings
from storage.records import Secret


def issue(settings: Settings, user: str, *, role: str, org: str | None, ttl: int, now: float) -> str:
    if settings.jwt_secret is None:
        raise SettingError("JWT_SECRET", "missing; without it only the app can sign tokens")
    claims = {"org": org, "aud": settings.jwt_audience, "iss": settings.jwt_issuer}
    return signed(settings.jwt_secret, user, role=role, ttl=ttl, now=now, **claims)


def signed(secret: Secret, user: str, *, role: str, ttl: int, now: float, **claims: str | None) -> str:
    told = {"sub": user, "role": role, "iat": now, "exp": int(now) + ttl, "jti": secrets.token_hex(8), **claims}
    given = {name: value for name, value in told.items() if value is not None}
    return jwt.encode(given, secret.reveal(), algorithm="HS256")
