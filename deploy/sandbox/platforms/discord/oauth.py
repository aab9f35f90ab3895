"""The token endpoint, which takes forms only, and the revocation, which ends all that the app has of somebody."""

import base64
import hmac
from typing import Any

from deploy.sandbox.platforms.base import Route, SandboxPlatform
from deploy.sandbox.platforms.discord.requests import DiscordHandler
from deploy.sandbox.tokens import Held, Issued, Refused

FORM = "application/x-www-form-urlencoded"


def routes(platform: SandboxPlatform) -> list[Route]:
    given = {"platform": platform}
    return [(r"/discord/api/oauth2/token", Token, given), (r"/discord/api/oauth2/token/revoke", Revoke, given)]


class FromTheApp(DiscordHandler):
    """A form, by Basic or with the client in it. Anything else is not read at all."""

    limited = False

    async def prepare(self) -> None:
        await super().prepare()
        if not self._finished and self.request.method == "POST" and not self._is_the_app():
            self.answer(401, {"error": "invalid_client"})

    def told(self, name: str) -> str:
        sent_as = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return self.get_body_argument(name, "") if sent_as == FORM else ""

    def held_by(self, token: str) -> Held | None:
        tokens = self.platform.tokens
        return tokens.look_up(token, "refresh") or tokens.look_up(token) if token else None

    def _is_the_app(self) -> bool:
        scheme, _, coded = self.request.headers.get("Authorization", "").partition(" ")
        given = f"{self.told('client_id')}:{self.told('client_secret')}".encode()
        if scheme.lower() == "basic":
            try:
                given = base64.b64decode(coded)
            except ValueError:
                return False
        sent_as = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        known = f"{self.platform.client_id}:{self.platform.client_secret}".encode()
        # What isn't a form is refused for that, in words of its own.
        return sent_as != FORM or hmac.compare_digest(given, known)

    def refuse_grant(self, error: str, description: str) -> None:
        self.answer(400, {"error": error, "error_description": description})


class Token(FromTheApp):
    def caller(self) -> str | None:
        if refresh := self.told("refresh_token"):
            held = self.platform.tokens.look_up(refresh, "refresh")
            return held.user if held else None
        return self.platform.tokens.user_of_code(self.told("code"))

    def post(self) -> None:
        match self.told("grant_type"):
            case "authorization_code":
                self._exchange()
            case "refresh_token":
                self._refresh()
            case other:
                self.refuse_grant("unsupported_grant_type", f"Grant type {other or None} is not supported")

    def _exchange(self) -> None:
        code, back, verifier = (self.told(name) for name in ("code", "redirect_uri", "code_verifier"))
        try:
            issued = self.platform.tokens.exchange(code, back, verifier)
        except Refused as refused:
            if refused.why == "bound":
                self.refuse_grant("invalid_request", 'Invalid "redirect_uri" in request.')
            else:
                self.refuse_grant("invalid_grant", 'Invalid "code" in request.')
            return
        self._tell(issued)
        self.platform.events.door.knock()

    def _refresh(self) -> None:
        """Used before, withdrawn, unknown: one answer for all."""
        try:
            self._tell(self.platform.tokens.refresh(self.told("refresh_token")))
        except Refused:
            self.refuse_grant("invalid_grant", 'Invalid "refresh_token" in request')

    def _tell(self, issued: Issued) -> None:
        shown: dict[str, Any] = {"token_type": "Bearer", "access_token": issued.access, "expires_in": issued.expires_in}
        self.answer(200, {**shown, "refresh_token": issued.refresh, "scope": issued.scope})


class Revoke(FromTheApp):
    """RFC 7009: a token that isn't one is as good as revoked."""

    def caller(self) -> str | None:
        held = self.held_by(self.told("token"))
        return held.user if held else None

    def post(self) -> None:
        if not self.told("token"):
            self.refuse_grant("invalid_request", "token is missing")
            return
        if held := self.held_by(self.told("token")):
            self.platform.tokens.revoke(held.user)
        self.answer(200, {})
