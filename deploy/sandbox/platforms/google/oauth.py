"""Google's token endpoint, userinfo, revocation, and the keys it signs with."""

import base64
import hmac
from typing import Any

from deploy.sandbox import people
from deploy.sandbox.platforms.base import Route
from deploy.sandbox.platforms.google.accounts import claims, sub
from deploy.sandbox.platforms.google.requests import REJECTED, UNSIGNED, GoogleHandler
from deploy.sandbox.tokens import Held, Issued, Refused

GONE = "Token has been expired or revoked."
CERTS_FOR = 21_600
"""Seconds that the keys may be kept."""


def routes(platform: Any) -> list[Route]:
    given = {"platform": platform}
    root = f"/{platform.slug}"
    return [
        (rf"{root}/token", Token, given),
        (rf"{root}/(?:v1/)?userinfo", Userinfo, given),
        (rf"{root}/tokeninfo", TokenInfo, given),
        (rf"{root}/revoke", Revoke, given),
    ]


class OAuthHandler(GoogleHandler):
    limited = False

    def say_down(self) -> None:
        self.refuse_grant(503, "temporarily_unavailable", "The service is currently unavailable.")

    def refuse_grant(self, status: int, error: str, description: str) -> None:
        self.answer(status, {"error": error, "error_description": description})


class Token(OAuthHandler):
    """Form in, JSON out; the app proves itself in the form or by Basic."""

    def caller(self) -> str | None:
        if refresh := self.get_body_argument("refresh_token", ""):
            held = self.platform.tokens.look_up(refresh, "refresh")
            return held.user if held else None
        return self.platform.tokens.user_of_code(self.get_body_argument("code", ""))

    def post(self) -> None:
        if not self._is_the_app():
            self.refuse_grant(401, "invalid_client", "Unauthorized")
            return
        match self.get_body_argument("grant_type", ""):
            case "authorization_code":
                self._exchange()
            case "refresh_token":
                self._refresh()
            case given:
                self.refuse_grant(400, "unsupported_grant_type", f"Invalid grant_type: {given}")

    def _exchange(self) -> None:
        code, back = self.get_body_argument("code", ""), self.get_body_argument("redirect_uri", "")
        if not back:
            self.refuse_grant(400, "invalid_request", "Missing parameter: redirect_uri")
            return
        try:
            self.tell(self.platform.tokens.exchange(code, back, self.get_body_argument("code_verifier", "")))
        except Refused as refused:
            if refused.why == "bound" and self.platform.tokens.was_bound(code) != back:
                self.refuse_grant(400, "redirect_uri_mismatch", "Bad Request")
            else:
                told = {"bound": "Invalid code verifier.", "unknown": "Malformed auth code."}
                self.refuse_grant(400, "invalid_grant", told.get(refused.why, "Bad Request"))

    def _refresh(self) -> None:
        refresh = self.get_body_argument("refresh_token", "")
        if not refresh:
            self.refuse_grant(400, "invalid_request", "Missing required parameter: refresh_token")
            return
        try:
            self.tell(self.platform.tokens.refresh(refresh))
        except Refused as refused:
            self.refuse_grant(400, "invalid_grant", "Bad Request" if refused.why == "unknown" else GONE)

    def _is_the_app(self) -> bool:
        name, secret = self.get_body_argument("client_id", ""), self.get_body_argument("client_secret", "")
        scheme, _, coded = self.request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                name, _, secret = base64.b64decode(coded).decode().partition(":")
            except ValueError:
                return False
        known = f"{self.platform.client_id}\0{self.platform.client_secret}"
        return hmac.compare_digest(f"{name}\0{secret}".encode(), known.encode())

    def tell(self, issued: Issued) -> None:
        shown: dict[str, Any] = {"access_token": issued.access, "expires_in": issued.expires_in}
        if issued.refresh is not None:
            shown["refresh_token"] = issued.refresh
            if issued.refresh_expires_in is not None:
                shown["refresh_token_expires_in"] = issued.refresh_expires_in
        shown |= {"scope": issued.scope, "token_type": "Bearer"}
        held = self.platform.tokens.look_up(issued.access)
        if held is not None and "openid" in issued.scope.split():
            shown["id_token"] = self._id_token(held)
        self.answer(200, shown, {"Cache-Control": "no-cache, no-store, max-age=0, must-revalidate"})

    def _id_token(self, held: Held) -> str:
        now, own = int(self.platform.now()), claims(people.known(held.user))
        client = self.platform.client_id
        named = {name: own[name] for name in ("sub", "email", "email_verified")}
        return self.platform.key.sign({"aud": client, "azp": client, **named, "iat": now, "exp": now + 3_600})


class Userinfo(OAuthHandler):
    def get(self) -> None:
        if self.held is None or not self.held.live:
            self.refuse_token(*((REJECTED, "authError") if self.bearer() else (UNSIGNED, "required")), "Unauthorized")
            return
        self.answer(200, claims(self.platform.person(self.held.user)))


class TokenInfo(OAuthHandler):
    def caller(self) -> str | None:
        self.held = self.platform.tokens.look_up(self.get_argument("access_token", ""))
        return self.held.user if self.held else None

    def get(self) -> None:
        if self.held is None or not self.held.live:
            self.refuse_grant(400, "invalid_token", "Invalid Value")
            return
        client, whose = self.platform.client_id, sub(people.known(self.held.user))
        told = {"azp": client, "aud": client, "sub": whose, "scope": self.held.scope, "access_type": "offline"}
        self.answer(200, told)

    post = get


class Revoke(OAuthHandler):
    """By either token; all that this account has granted to this client ends with it."""

    def caller(self) -> str | None:
        token, tokens = self.get_argument("token", ""), self.platform.tokens
        self.held = tokens.look_up(token) or tokens.look_up(token, "refresh")
        return self.held.user if self.held else None

    def post(self) -> None:
        if self.held is None or not self.held.live:
            self.refuse_grant(400, "invalid_token", "Token expired or revoked")
            return
        self.platform.tokens.revoke_account(self.held.user)
        self.answer(200, {})


class Certs(OAuthHandler):
    """The JWKS; needs no token."""

    def get(self) -> None:
        headers = {"Cache-Control": f"public, max-age={CERTS_FOR}, must-revalidate, no-transform"}
        self.answer(200, self.platform.key.published(), headers)
