"""LinkedIn: who the user is there, once a day. It lets apps of everybody read no more than that, and pushes nothing.

Its access lasts 60 days and is not renewed: then the user has to say yes again (`reauth_due_at`), unless LinkedIn
has approved the app as a partner's; then a refresh token comes along, which lives 365 days from consent and is not
prolonged by use.
"""

import hashlib
import json
from collections.abc import Generator, Mapping
from typing import Any

import msgspec

from actors.platforms.answers import UNNAMED_WAIT, is_data, structured, words
from actors.platforms.base import Answer, Call, Endpoints, Grant, Pacing, Page, Platform, Reading, Reads
from actors.platforms.failures import (
    EXCHANGE_ONLY,
    GONE,
    BadAnswer,
    GrantRefused,
    PlatformError,
    RateLimited,
    Refusal,
    Unauthorized,
    data_answer,
    token_answer,
)
from actors.platforms.fields import decode_object, dig, link, number, text
from storage.records import Account, Item, Secret, Token

DAY = 86_400.0
REVOKED, EXPIRED = 65601, 65602
"""Service error codes. 65600 is a token that is none."""
SETTLES = 5.0
"""Seconds in which a fresh token may be called revoked."""
AGED = Refusal("expired_by_age", "LinkedIn ends each access 60 days after you gave it. Please reconnect.")

SEEN, PARTS = "profile:seen", "profile:parts"
"""The cursors: a digest of the profile as it was, and one of each of its parts."""
WORDS = {"name": "name", "picture": "picture", "email": "e-mail address", "locale": "language"}
"""The parts, as people call them."""


class LinkedIn(Platform):
    """A 429 doesn't say whether the app or the member is meant: only this connection waits. Polled once a day, the
    others find out for themselves with one call each, and nobody who connects meanwhile is kept out."""

    slug = "linkedin"
    title = "LinkedIn"
    endpoints = Endpoints(
        "https://www.linkedin.com/oauth/v2/authorization",
        "https://www.linkedin.com/oauth/v2/accessToken",
        "https://api.linkedin.com",
    )
    poll_every = "1d"
    scopes = ("openid", "profile", "email")
    pkce = False
    pace = Pacing(rate=2.0, burst=5.0, concurrency=2)

    # -- tokens ---------------------------------------------------------------------------------
    def exchange(
        self, code: Secret, redirect_uri: str, verifier: Secret | None = None
    ) -> Generator[Call, Answer, Grant]:
        """A bad code is an `invalid_request` like many others; the description speaks of it."""
        form: dict[str, str | Secret] = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        answer = yield self._ask_for_token(form)
        try:
            return Grant.from_answer(token_answer(answer, exchanging=True))
        except BadAnswer as trouble:
            if "authorization code" in _description(answer).lower():
                refusal = EXCHANGE_ONLY["invalid_grant"]
                raise GrantRefused(refusal.reason, refusal.hint, trouble.detail) from None
            raise

    def refresh(self, token: Token) -> Generator[Call, Answer, Grant]:
        """Whatever word LinkedIn finds for it: a structured 400 says that the refresh token is dead."""
        if token.refresh is None:
            raise ValueError("a token without a refresh token is never refreshed")
        answer = yield self._ask_for_token({"grant_type": "refresh_token", "refresh_token": token.refresh})
        try:
            return Grant.from_answer(token_answer(answer))
        except BadAnswer as trouble:
            if answer.status == 400 and is_data(answer) and isinstance((structured(answer) or {}).get("error"), str):
                refusal = GONE["invalid_grant"]
                raise GrantRefused(refusal.reason, refusal.hint, trouble.detail) from None
            raise

    def revoke(self, token: Token) -> Generator[Call, Answer, None]:
        url = self.urls.token_url.rpartition("/")[0] + "/revoke"
        form: dict[str, str | Secret] = {"token": token.access}
        form |= {"client_id": self.client.id, "client_secret": self.client.secret}
        answer = yield Call("POST", url, form=form, auth="none")
        if answer.status not in (400, 401):  # not a token any more
            data_answer(answer)

    def rejects_token(self, answer: Answer) -> bool:
        """A revoked one is not cured by a refresh: it may only be so fresh that LinkedIn doesn't know it yet."""
        return answer.status == 401 and _code(answer) != REVOKED

    # -- reading --------------------------------------------------------------------------------
    def identify(self) -> Generator[Call, Answer, Account]:
        me = yield from self._userinfo(None)
        sub = _sub(me)
        return Account(sub, text(me, "name") or _joined(me) or sub)

    def poll(self, account: Account, cursors: Mapping[str, str], now: float) -> Reads:
        me = yield from self._userinfo(now)
        if _sub(me) != account.id:
            raise BadAnswer("LinkedIn shows the profile of another account")
        before, digest = cursors.get(SEEN), _digest(me)
        if digest == before:
            return Reading()
        # What it was before is part of the name: going back to an earlier picture is a change like any other.
        name = f"{account.id}:{digest}" if before is None else f"{account.id}:{digest}:{before}"
        parts = _parts(me)
        raw = me if before is None else {**me, "changed": _changed(cursors.get(PARTS, ""), parts)}
        yield Page([Item("profile", name, raw, now)], {SEEN: digest, PARTS: json.dumps(parts)})
        return Reading()

    def found(self, data_type: str, count: int) -> str:
        return "Your LinkedIn profile has changed"

    def found_first(self, data_type: str, count: int) -> str:
        return "Your LinkedIn profile is here"

    def line(self, item: Item) -> Mapping[str, str | None]:
        """What has changed, and where that is a name, what it is now."""
        changed = [WORDS[part] for part in dig(item.raw, "changed") or [] if part in WORDS]
        name = text(item.raw, "name")
        if changed == ["name"] and name:
            what = f"name is now {name}"
        else:
            what = f"{' and '.join(changed) or 'profile'} {'have' if len(changed) > 1 else 'has'} changed"
        fields = {"who": None, "what": f"your {what}", "where": "LinkedIn", "url": None}
        return fields | {"message": f"Your LinkedIn {what}"}

    def _userinfo(self, now: float | None) -> Generator[Any, Any, Any]:
        call = Call("GET", f"{self.urls.api_url}/v2/userinfo")
        answer = yield call
        if answer.status == 401 and _code(answer) == REVOKED:
            answer = yield msgspec.structs.replace(call, after=SETTLES)
        return _data(answer, now).json()


def _data(answer: Answer, now: float | None) -> Answer:
    try:
        return data_answer(answer, now)
    except RateLimited as limited:
        if "retry-after" in answer.headers:
            raise
        raise RateLimited(limited.detail, _until_midnight(now)) from None
    except Unauthorized as trouble:
        raise _meaning(_code(answer), trouble) from None


def _meaning(code: int | None, trouble: Unauthorized) -> PlatformError:
    gone = {REVOKED: GONE["token_revoked"], EXPIRED: AGED}.get(code or 0)
    return GrantRefused(gone.reason, gone.hint, trouble.detail) if gone else trouble


def _until_midnight(now: float | None) -> float:
    """LinkedIn counts by the day, in UTC, and says nothing of it."""
    return DAY - now % DAY if now is not None else UNNAMED_WAIT


def _code(answer: Answer) -> int | None:
    return number(structured(answer), "serviceErrorCode")


def _description(answer: Answer) -> str:
    return words((structured(answer) or {}).get("error_description")) if answer.status == 400 else ""


def _sub(me: Any) -> str:
    sub = text(me, "sub")
    if not sub:
        raise BadAnswer("LinkedIn did not say whose account this is")
    return sub


def _joined(me: Any) -> str:
    return " ".join(filter(None, (text(me, "given_name"), text(me, "family_name"))))


def _digest(me: Any) -> str:
    """Of what a person would call a change. The picture's address carries an expiry that is another each time."""
    fields = [text(me, name) for name in ("name", "given_name", "family_name", "email")]
    return _of(*fields, _picture(me), _locale(dig(me, "locale")))


def _parts(me: Any) -> dict[str, str]:
    name = [text(me, name) for name in ("name", "given_name", "family_name")]
    locale = _locale(dig(me, "locale"))
    return {"name": _of(*name), "picture": _of(_picture(me)), "email": _of(text(me, "email")), "locale": _of(locale)}


def _changed(before: str, parts: Mapping[str, str]) -> list[str]:
    try:
        known = decode_object(before.encode("utf-8", "replace"))
    except ValueError:
        return []
    return [part for part, now in parts.items() if known.get(part) not in (None, now)]


def _of(*values: str | None) -> str:
    return hashlib.sha256(json.dumps(values).encode("utf-8", "replace")).hexdigest()[:16]


def _picture(me: Any) -> str:
    return (link(me, "picture") or "").partition("?")[0]


def _locale(value: Any) -> str | None:
    """`{"language": "en", "country": "US"}`, and seen as `en_US` and `en-US` too."""
    if isinstance(value, dict):
        return "_".join(filter(None, (text(value, "language"), text(value, "country"))))
    return value.replace("-", "_") if isinstance(value, str) else None
