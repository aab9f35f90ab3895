"""`run.py token`: a token as the app would sign it, for trying things out and for scripts."""

import secrets

import jwt

from deploy.errors import SettingError
from deploy.settings import Settings


def issue(settings: Settings, user: str, *, role: str, org: str | None, ttl: int, now: float) -> str:
    if settings.jwt_secret is None:
        raise SettingError("JWT_SECRET", "missing; without it only the app can sign tokens")
    claims = {
        "sub": user,
        "role": role,
        "iat": now,
        "exp": int(now) + ttl,
        "jti": secrets.token_hex(8),
        "org": org,
        "aud": settings.jwt_audience,
        "iss": settings.jwt_issuer,
    }
    given = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(given, settings.jwt_secret.reveal(), algorithm="HS256")
