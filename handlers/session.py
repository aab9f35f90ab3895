"""Signing in by cookie, for pages; and tickets, for what can carry neither cookie nor header."""

import time
from http.cookies import CookieError
from typing import Any

import msgspec

from handlers.auth import SESSION_COOKIE, Caller, from_request
from handlers.base import Handler
from handlers.errors import Forbidden, NotAuthenticated
from handlers.tickets import LASTS
from storage.records import iso


class SignIn(msgspec.Struct):
    token: str


class Session(Handler):
    async def get(self) -> None:
        """Whom this browser is signed in as, for a page that begins."""
        try:
            caller = await from_request(self)
        except NotAuthenticated:
            self.reply({"user": None, "role": None, "expires_at": None})
        else:
            self.reply(_told(caller))

    async def post(self) -> None:
        origins = self.parts.origins
        if origins.is_foreign(self.request) and not origins.may_change(self.request):
            raise Forbidden("wrong_origin", "A page of this origin may not sign anybody in.")
        token = self.json_body(SignIn).token
        caller = await self.parts.authenticator.verify(token)
        if caller.role == "service":
            raise Forbidden("forbidden", "The role service has no session: its token goes in the Authorization header.")
        if caller.role == "admin" and origins.is_foreign(self.request):
            raise Forbidden("wrong_origin", "An administrator signs in on the service's own pages only.")
        self._set(token, caller.expires_at)
        self.reply(_told(caller))

    def delete(self) -> None:
        if self.get_cookie(SESSION_COOKIE) and not self.parts.origins.may_change(self.request):
            raise Forbidden("wrong_origin", "A page of this origin may not sign anybody out.")
        self._set("", 0)
        self.set_status(204)
        self.clear_header("Content-Type")

    def _set(self, token: str, expires_at: float) -> None:
        try:
            self.set_cookie(
                SESSION_COOKIE,
                token,
                expires=time.gmtime(expires_at),
                path="/",
                httponly=True,
                samesite="Lax",
                secure=self.parts.public_url.startswith("https:"),
            )
        except (CookieError, ValueError):
            raise NotAuthenticated("invalid_token", "The token can't be kept in a cookie.") from None


class StreamTicket(Handler):
    roles = ("user",)
    counted = False  # a stream that comes back needs one each time; tickets have a bound of their own

    def post(self) -> None:
        ticket = self.parts.tickets.issue(self.caller)
        expires_at = min(self.parts.clock.now() + LASTS, self.caller.expires_at)
        self.reply({"ticket": ticket, "expires_at": iso(expires_at)})


def _told(caller: Caller) -> dict[str, Any]:
    return {"user": caller.user, "role": caller.role, "expires_at": iso(caller.expires_at)}
