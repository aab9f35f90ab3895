"""Codes, grants and tokens, the same for every platform; a platform's `TokenRules` say where they differ."""

import base64
import hashlib
import secrets
from collections.abc import Callable

import msgspec

from deploy.sandbox.state import State

CODE_LIFETIME = 600.0


class TokenRules(msgspec.Struct, frozen=True):
    access: float | None
    """Seconds that an access token is good; None: for ever, and there is no refresh token."""
    refresh: float | None
    scope: str
    access_prefix: str
    refresh_prefix: str
    rotates: bool = False
    """A refresh gives a new refresh token and ends the old one."""
    rotation_ends_access: bool = False
    """A rotation ends the old access token too."""
    ends_from_consent: bool = False
    """`refresh` counts from the consent, whatever is refreshed in between."""
    may_not_expire: bool = False
    """There are access tokens without an end."""
    live_grants: int | None = None
    """More consents than this of one person end the oldest."""
    lasting_prefix: str | None = None
    """How access tokens without an end begin, where that is different. Whoever consents again has the same one."""
    endless_refresh: bool = True
    """`refresh` None: refresh tokens have no end; else there are none then."""
    access_bytes: int = 18


class Lifetimes(msgspec.Struct, frozen=True):
    """What an order changed in the rules."""

    access: float | None
    refresh: float | None
    rotates: bool


class Issued(msgspec.Struct, frozen=True):
    access: str
    refresh: str | None
    expires_in: int | None
    refresh_expires_in: int | None
    scope: str


class Held(msgspec.Struct, frozen=True):
    """Whose a token is and what it is worth."""

    user: str
    scope: str
    grant: int
    state: str
    """`live`, `expired`, `rotated` or `revoked`."""
    ends_at: float | None = None

    @property
    def live(self) -> bool:
        return self.state == "live"


class Refused(Exception):
    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why
        """`unknown`, `used`, `expired`, `rotated`, `revoked` or `bound`: to another address or proof key."""


class Tokens:
    """One platform's."""

    def __init__(self, state: State, platform: str, rules: TokenRules, now: Callable[[], float]) -> None:
        self._state = state
        self._platform = platform
        self._defaults = rules
        self._now = now

    # -- what is given from now on -------------------------------------------------------------------
    @property
    def rules(self) -> TokenRules:
        changed = self._state.fact(self._platform, "", "lifetimes")
        if changed is None:
            return self._defaults
        order = msgspec.json.decode(changed, type=Lifetimes)
        return msgspec.structs.replace(
            self._defaults, access=order.access, refresh=order.refresh, rotates=order.rotates
        )

    @property
    def defaults(self) -> TokenRules:
        return self._defaults

    def change(self, lifetimes: Lifetimes) -> None:
        self._state.keep_fact(self._platform, "", "lifetimes", msgspec.json.encode(lifetimes).decode())

    # -- from consent to tokens ----------------------------------------------------------------------
    def consent(self, user: str, redirect_uri: str | None = None, challenge: str | None = None) -> str:
        """The code that the person is sent back with. With `redirect_uri` and `challenge` it is good only for whoever
        names the one and knows what the other was made of."""
        code = secrets.token_hex(20)
        expires_at = self._now() + CODE_LIFETIME
        with self._state.change():
            sql = "INSERT INTO codes (code, platform, user, expires_at) VALUES (?, ?, ?, ?)"
            self._state.run(sql, code, self._platform, user, expires_at)
            if redirect_uri is not None:
                self._state.run("INSERT INTO consents VALUES (?, ?, ?)", code, redirect_uri, challenge)
        return code

    def user_of_code(self, code: str) -> str | None:
        row = self._state.one("SELECT user FROM codes WHERE code = ? AND platform = ?", code, self._platform)
        return row[0] if row else None

    def was_bound(self, code: str) -> str | None:
        """The address that the code was for."""
        row = self._state.one("SELECT redirect_uri FROM consents WHERE code = ?", code)
        return row[0] if row else None

    def exchange(self, code: str, redirect_uri: str = "", verifier: str = "") -> Issued:
        bound = self._state.one("SELECT redirect_uri, challenge FROM consents WHERE code = ?", code)
        if bound is not None and (redirect_uri != bound[0] or not _proves(bound[1], verifier)):
            raise Refused("bound")
        with self._state.change():
            row = self._state.one(
                "SELECT user, expires_at, used FROM codes WHERE code = ? AND platform = ?", code, self._platform
            )
            if row is None:
                raise Refused("unknown")
            user, expires_at, used = row
            if used or expires_at <= self._now():
                raise Refused("used" if used else "expired")
            self._state.run("UPDATE codes SET used = 1 WHERE code = ?", code)
            return self._lasting(user) or self._grant(user)

    def _lasting(self, user: str) -> Issued | None:
        """The token that the person has and keeps, on a platform that gives one only."""
        rules = self.rules
        if rules.lasting_prefix is None or rules.access is not None:
            return None
        row = self._state.one(
            "SELECT t.token FROM tokens t JOIN grants g ON g.id = t.grant_id WHERE g.platform = ? AND g.user = ?"
            " AND g.live AND t.kind = 'access' AND t.state = 'live' AND t.expires_at IS NULL",
            self._platform, user,
        )  # fmt: skip
        return Issued(row[0], None, None, None, rules.scope) if row else None

    def _grant(self, user: str) -> Issued:
        rules, now = self.rules, self._now()
        ends_at = now + rules.refresh if rules.ends_from_consent and rules.refresh else None
        grant = self._state.insert(
            "INSERT INTO grants (platform, user, scope, consented_at, ends_at, live) VALUES (?, ?, ?, ?, ?, 1)",
            self._platform, user, rules.scope, now, ends_at,
        )  # fmt: skip
        if rules.live_grants:
            self._end_oldest(user, rules.live_grants)
        with_refresh = rules.access is not None and (rules.refresh is not None or rules.endless_refresh)
        return self._issue(rules, grant, rules.scope, with_refresh)

    def _end_oldest(self, user: str, keep: int) -> None:
        self._state.run(
            "UPDATE grants SET live = 0 WHERE platform = ? AND user = ? AND live AND id NOT IN"
            " (SELECT id FROM grants WHERE platform = ? AND user = ? AND live ORDER BY id DESC LIMIT ?)",
            self._platform, user, self._platform, user, keep,
        )  # fmt: skip

    def _issue(self, rules: TokenRules, grant: int, scope: str, with_refresh: bool) -> Issued:
        prefix = rules.lasting_prefix if rules.access is None and rules.lasting_prefix else rules.access_prefix
        access = prefix + secrets.token_hex(rules.access_bytes)
        self._add(access, grant, "access", rules.access)
        refresh = None
        if with_refresh:
            refresh = rules.refresh_prefix + secrets.token_hex(38)
            self._add(refresh, grant, "refresh", None if rules.ends_from_consent else rules.refresh)
        return Issued(access, refresh, _whole(rules.access), _whole(rules.refresh) if refresh else None, scope)

    def _add(self, token: str, grant: int, kind: str, lifetime: float | None) -> None:
        expires_at = None if lifetime is None else self._now() + lifetime
        self._state.run("INSERT INTO tokens VALUES (?, ?, ?, ?, 'live')", token, grant, kind, expires_at)

    def refresh(self, token: str) -> Issued:
        with self._state.change():
            held = self.look_up(token, "refresh")
            if held is None or not held.live:
                raise Refused(held.state if held else "unknown")
            rules = self.rules
            if rules.rotates:
                self._state.run("UPDATE tokens SET state = 'rotated' WHERE token = ?", token)
                if rules.rotation_ends_access:
                    self._state.run(
                        "UPDATE tokens SET state = 'rotated' WHERE grant_id = ? AND kind = 'access' AND state = 'live'",
                        held.grant,
                    )
            return self._issue(rules, held.grant, held.scope, with_refresh=rules.rotates)

    # -- what a token is worth -----------------------------------------------------------------------
    def look_up(self, token: str, kind: str = "access") -> Held | None:
        row = self._state.one(
            "SELECT g.user, g.scope, g.id, t.state, t.expires_at, g.live, g.ends_at FROM tokens t"
            " JOIN grants g ON g.id = t.grant_id WHERE t.token = ? AND t.kind = ? AND g.platform = ?",
            token, kind, self._platform,
        )  # fmt: skip
        if row is None:
            return None
        user, scope, grant, state, expires_at, live, ends_at = row
        ends = min((at for at in (expires_at, ends_at if kind == "refresh" else None) if at is not None), default=None)
        if not live:
            state = "revoked"
        elif state == "live" and ends is not None and ends <= self._now():
            state = "expired"
        return Held(user, scope, grant, state, ends)

    # -- what ends them ------------------------------------------------------------------------------
    def revoke_grant(self, grant: int) -> None:
        self._state.run("UPDATE grants SET live = 0 WHERE id = ?", grant)

    def revoke(self, user: str | None) -> None:
        """The person (None: everyone) takes the app's access away."""
        sql = "UPDATE grants SET live = 0 WHERE platform = ? AND (? IS NULL OR user = ?)"
        self._state.run(sql, self._platform, user, user)

    def expire(self, user: str | None) -> None:
        """Access tokens end now; refresh tokens stay good."""
        self._mark("expired", "access", user)

    def use_elsewhere(self, user: str | None) -> None:
        """Somebody else refreshed: the refresh token that was given out is a used one."""
        self._mark("rotated", "refresh", user)
        if self.rules.rotation_ends_access:
            self._mark("rotated", "access", user)

    def _mark(self, state: str, kind: str, user: str | None) -> None:
        self._state.run(
            "UPDATE tokens SET state = ? WHERE kind = ? AND state = 'live' AND grant_id IN"
            " (SELECT id FROM grants WHERE platform = ? AND (? IS NULL OR user = ?))",
            state, kind, self._platform, user, user,
        )  # fmt: skip


def _whole(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds)


def _proves(challenge: str | None, verifier: str) -> bool:
    """PKCE with S256; a code that was asked for without a challenge needs no proof."""
    if challenge is None:
        return True
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == challenge
