"""Who is calling: the app's JWT from a header or the session cookie; on streams also from the query, or by ticket."""

import hmac
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256
from typing import Any, Literal

import jwt
import msgspec
from tornado.httputil import HTTPServerRequest
from tornado.web import RequestHandler

from handlers.errors import Forbidden, NotAuthenticated, Unavailable
from handlers.jwks import KeyRing
from handlers.revocations import Revocations
from handlers.userids import is_user_id
from storage.records import Secret

Role = Literal["user", "service", "admin"]
ROLES = ("user", "service", "admin")
SESSION_COOKIE = "soulwire_session"
PUBLIC_KEY_ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
MAX_TOKEN = 8 * 1024
CACHED_TOKENS = 10_000
NOT_BEFORE_LEEWAY = 60.0
LATEST = 1e11
"""No time is later than this: the year 5138."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Caller(msgspec.Struct, frozen=True):
    """Whom a good token names."""

    user: str
    role: Role
    expires_at: float
    org: str | None = None
    jti: str | None = None
    issued_at: float | None = None


class Authenticator:
    """Checks tokens: HS256 with the secret only, public-key algorithms by JWKS only, nothing else at all."""

    def __init__(
        self,
        now: Callable[[], float],
        *,
        secret: Secret | None = None,
        jwks: KeyRing | None = None,
        audience: str | None = None,
        issuer: str | None = None,
        revocations: Revocations | None = None,
    ) -> None:
        if secret is None and jwks is None:
            raise ValueError("tokens need a secret or a JWKS address to be checked by")
        if secret is not None and len(secret.reveal().encode()) < 32:
            raise ValueError("a token secret has 32 bytes or more")
        self._now = now
        self._secret = secret
        self._jwks = jwks
        self._audience = audience
        self._options: jwt.types.Options = {  # times are compared here, by our own clock
            "verify_exp": False,
            "verify_nbf": False,
            "verify_iat": False,
            "verify_aud": audience is not None,
            "require": ["exp", "sub"],
        }
        self._issuer = issuer
        self.revocations = revocations or Revocations()
        self._checked: OrderedDict[bytes, Caller] = OrderedDict()
        self._keys_as_of = 0

    async def verify(self, token: str) -> Caller:
        """`check`, fetching public keys off the loop where that is needed."""
        if self._jwks is not None and self._jwks.is_stale():
            if self._jwks.known:
                self._jwks.refresh_soon()
            else:
                await self._jwks.refresh()
        try:
            return self.check(token)
        except _KeyUnknown:
            if self._jwks is None or not self._jwks.may_refresh():
                raise
        await self._jwks.refresh()
        return self.check(token)

    def check(self, token: str) -> Caller:
        """The caller, by what is known here and now. Raises `NotAuthenticated`, or `Unavailable` without any key."""
        if len(token) > MAX_TOKEN:
            raise NotAuthenticated("invalid_token", "The token is too long.")
        if self._jwks is not None and self._jwks.changes != self._keys_as_of:
            self._keys_as_of = self._jwks.changes
            self._checked.clear()  # a key that was withdrawn vouches for nobody
        fingerprint = sha256(token.encode("utf-8", "surrogatepass")).digest()
        caller = self._checked.get(fingerprint)
        if caller is None:
            caller = self._read(token)
            self._remember(fingerprint, caller)
        return self.still_good(caller)

    def still_good(self, caller: Caller) -> Caller:
        """A caller whose token was checked earlier. Raises `NotAuthenticated` when it has expired since, or was
        revoked."""
        if caller.expires_at <= self._now():
            raise NotAuthenticated("token_expired", "The token has expired.", hint="Get a new one from the app.")
        if self.revocations.cover(caller.user, caller.jti, caller.issued_at, caller.expires_at):
            hint = "Get a new one from the app; it has to say when it was issued (iat)."
            raise NotAuthenticated("token_revoked", "The token was revoked.", hint=hint)
        return caller

    def expiry_of(self, user: str, jti: str) -> float | None:
        """When a token by this id expires, if it was used lately."""
        known = [one.expires_at for one in self._checked.values() if one.jti == jti and one.user == user]
        return max(known, default=None)

    def _remember(self, fingerprint: bytes, caller: Caller) -> None:
        self._checked[fingerprint] = caller
        if len(self._checked) > CACHED_TOKENS:
            self._checked.popitem(last=False)

    def _read(self, token: str) -> Caller:
        try:
            key, algorithm = self._key_for(jwt.get_unverified_header(token))
            claims = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self._audience,
                issuer=self._issuer,
                options=self._options,
            )
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise NotAuthenticated("invalid_token", "The token is not good.", hint=_why(error)) from None
        return self._caller(claims)

    def _key_for(self, header: dict[str, Any]) -> "tuple[str | jwt.PyJWK, str]":
        algorithm = header.get("alg")
        if algorithm == "HS256" and self._secret is not None:
            return self._secret.reveal(), "HS256"
        if self._jwks is None or not isinstance(algorithm, str) or algorithm not in PUBLIC_KEY_ALGORITHMS:
            raise jwt.InvalidAlgorithmError("The specified alg value is not allowed")
        kid = header.get("kid")
        if not isinstance(kid, str):
            raise jwt.InvalidTokenError("no key id")
        key = self._jwks.find(kid)
        if key is None:
            if not self._jwks.known:
                raise Unavailable("keys_unavailable", "The keys that tokens are checked with can't be fetched now.")
            raise _KeyUnknown("invalid_token", "The token is signed with a key that isn't known.")
        return key, algorithm

    def _caller(self, claims: dict[str, Any]) -> Caller:
        user, role = claims["sub"], claims.get("role", "user")
        org, jti = claims.get("org"), claims.get("jti")
        expires_at, not_before, issued_at = claims["exp"], claims.get("nbf", 0), claims.get("iat")
        if not is_user_id(user):
            raise NotAuthenticated("invalid_token", "The token's subject is not a user id.")
        if role not in ROLES:
            raise NotAuthenticated("invalid_token", "The token's role is not one that exists.")
        if not (_is_time(expires_at) and _is_time(not_before) and (issued_at is None or _is_time(issued_at))):
            raise NotAuthenticated("invalid_token", "The token's times are not numbers.")
        if not (_is_text_or_none(org) and _is_text_or_none(jti)):
            raise NotAuthenticated("invalid_token", "The token's org and jti are text.")
        if not_before > self._now() + NOT_BEFORE_LEEWAY:
            raise NotAuthenticated("invalid_token", "The token is not good yet.")
        return Caller(user, role, float(expires_at), org or None, jti, issued_at)


class _KeyUnknown(NotAuthenticated):
    """Another look at the JWKS document may help."""


async def from_request(
    handler: RequestHandler, *, ticket: bool = False, query_token: bool = False, changes: bool | None = None
) -> Caller:
    """The caller of this request. Needs `handler.parts`. `ticket` and `query_token` say what may stand in the address.
    `changes` defaults to what the method says; the upgrade of a WebSocket counts as a change, for a foreign page can
    ask for it with the user's cookie. Raises `NotAuthenticated`, `Forbidden` or `Unavailable`."""
    parts: Any = handler.parts  # type: ignore[attr-defined]
    request = handler.request
    header = request.headers.get("Authorization")
    if header is not None:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise NotAuthenticated("invalid_token", "The Authorization header is not a bearer token.")
        caller: Caller = await parts.authenticator.verify(token.strip())
        return caller
    if ticket and (given := handler.get_query_argument("ticket", "")):
        return _by_ticket(parts, given)
    if query_token and (token := handler.get_query_argument("token", "")):
        caller = await parts.authenticator.verify(token)
        return _only_user(caller)
    if cookie := handler.get_cookie(SESSION_COOKIE):
        caller = await parts.authenticator.verify(cookie)
        return _by_cookie(handler, caller, request.method not in SAFE_METHODS if changes is None else changes)
    raise NotAuthenticated("no_token", "This needs a token.", hint="Send Authorization: Bearer, or sign in.")


async def signed_in_user(handler: RequestHandler) -> str | None:
    """Whom this browser's session names, whatever else the request brings. Raises `Unavailable`."""
    parts: Any = handler.parts  # type: ignore[attr-defined]
    cookie = handler.get_cookie(SESSION_COOKIE)
    try:
        caller: Caller | None = await parts.authenticator.verify(cookie) if cookie else None
    except NotAuthenticated:
        return None
    return caller.user if caller else None


def is_bearer(request: HTTPServerRequest, expected: Secret | None) -> bool:
    """Whether the request brings this static secret of the deployment's."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if expected is None or scheme.lower() != "bearer":
        return False
    return hmac.compare_digest(given.strip().encode(), expected.reveal().encode())


def require(caller: Caller, *roles: Role) -> Caller:
    if caller.role not in roles:
        raise Forbidden("forbidden", f"This is for the role {' or '.join(roles)}.")
    return caller


def _by_ticket(parts: Any, ticket: str) -> Caller:
    caller: Caller = parts.tickets.take(ticket)
    parts.authenticator.still_good(caller)
    return caller


def _by_cookie(handler: RequestHandler, caller: Caller, changes: bool) -> Caller:
    origins = handler.parts.origins  # type: ignore[attr-defined]
    if caller.role == "service":
        raise Forbidden("forbidden", "The role service is taken from the Authorization header only.")
    if caller.role == "admin":
        fine = origins.is_own(handler.request) if changes else not origins.is_foreign(handler.request)
    else:
        fine = origins.may_change(handler.request) if changes else origins.may_read(handler.request)
    if not fine:
        raise Forbidden("wrong_origin", "A page of this origin may not do this with the session cookie.")
    return caller


def _only_user(caller: Caller) -> Caller:
    if caller.role != "user":
        raise Forbidden("forbidden", "A token in the address is taken for the role user only.")
    return caller


def _is_time(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < LATEST


def _is_text_or_none(value: Any) -> bool:
    return value is None or (isinstance(value, str) and len(value) <= 256)


def _why(error: Exception) -> str:
    """Of what is wrong with a token, what helps an honest client and tells a forger nothing."""
    if isinstance(error, jwt.InvalidAudienceError):
        return "It is for another audience."
    if isinstance(error, jwt.InvalidIssuerError):
        return "It is from another issuer."
    if isinstance(error, jwt.MissingRequiredClaimError):
        return "It needs the claims exp and sub."
    return "It has to be a JWT, signed with this service's JWT_SECRET or by a key of its JWT_JWKS_URL."
