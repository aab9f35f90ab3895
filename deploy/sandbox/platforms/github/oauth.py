"""The token endpoint, which answers 200 also when it refuses, and the revocation of what it gave."""

import base64
import hmac
from typing import Any
from urllib.parse import urlencode

import msgspec

from deploy.sandbox import people
from deploy.sandbox.platforms.base import Route, SandboxPlatform
from deploy.sandbox.platforms.github.requests import GitHubHandler, profile
from deploy.sandbox.tokens import Issued, Refused

DOCS = "https://docs.github.com/apps/managing-oauth-apps/troubleshooting-oauth-app-access-token-request-errors/"

REFUSALS = {
    "incorrect_client_credentials": "The client_id and/or client_secret passed are incorrect.",
    "bad_verification_code": "The code passed is incorrect or expired.",
    "bad_refresh_token": "The refresh token passed is incorrect or expired.",
    "redirect_uri_mismatch": "The redirect_uri MUST match the registered callback URL for this application.",
    "unsupported_grant_type": "The grant_type is not supported.",
}


def routes(platform: SandboxPlatform) -> list[Route]:
    given = {"platform": platform}
    return [
        (r"/github/login/oauth/access_token", AccessToken, given),
        (r"/github/api/applications/([^/]+)/(token|grant)", Application, given),
    ]


class AccessToken(GitHubHandler):
    """Takes the form or the query, credentials in either; answers in form encoding unless JSON is asked for."""

    limited = False
    needs_agent = False

    def caller(self) -> str | None:
        tokens = self.platform.tokens
        if refresh := self.get_argument("refresh_token", ""):
            held = tokens.look_up(refresh, "refresh")
            return held.user if held else None
        return tokens.user_of_code(self.get_argument("code", ""))

    def post(self) -> None:
        named = self.get_argument("client_id", ""), self.get_argument("client_secret", "")
        if not _same(named, (self.platform.client_id, self.platform.client_secret)):
            self.refuse_grant("incorrect_client_credentials")
            return
        grant_type = self.get_argument("grant_type", "authorization_code")
        if grant_type not in ("authorization_code", "refresh_token"):
            self.refuse_grant("unsupported_grant_type")
            return
        try:
            issued = self._refresh() if grant_type == "refresh_token" else self._exchange()
        except Refused as refused:
            self.refuse_grant(self._why(refused, grant_type))
            return
        self.tell(_shown(issued))

    def _refresh(self) -> Issued:
        return self.platform.tokens.refresh(self.get_argument("refresh_token", ""))

    def _exchange(self) -> Issued:
        names = ("code", "redirect_uri", "code_verifier")
        return self.platform.tokens.exchange(*(self.get_argument(name, "") for name in names))

    def _why(self, refused: Refused, grant_type: str) -> str:
        if grant_type == "refresh_token":
            return "bad_refresh_token"
        was_for = self.platform.tokens.was_bound(self.get_argument("code", ""))
        is_elsewhere = refused.why == "bound" and was_for != self.get_argument("redirect_uri", "")
        return "redirect_uri_mismatch" if is_elsewhere else "bad_verification_code"

    def refuse_grant(self, error: str) -> None:
        page = DOCS + "#" + error.replace("_", "-")
        self.tell({"error": error, "error_description": REFUSALS[error], "error_uri": page})

    def tell(self, fields: dict[str, Any]) -> None:
        if "json" in self.request.headers.get("Accept", ""):
            self.answer(200, fields)
        else:
            form = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
            self.answer(200, urlencode(fields), form)


def _shown(issued: Issued) -> dict[str, Any]:
    shown: dict[str, Any] = {"access_token": issued.access}
    if issued.expires_in is not None:
        shown["expires_in"] = issued.expires_in
    if issued.refresh is not None:
        shown["refresh_token"] = issued.refresh
        shown["refresh_token_expires_in"] = issued.refresh_expires_in
    return {**shown, "scope": issued.scope, "token_type": "bearer"}


class Application(GitHubHandler):
    """`POST …/token` checks a token, `DELETE …/token` and `DELETE …/grant` end it and all of its grant."""

    def caller(self) -> str | None:
        self.held = self.platform.tokens.look_up(self._named())
        return self.held.user if self.held else None

    def _named(self) -> str:
        try:
            body = msgspec.json.decode(self.request.body)
        except msgspec.DecodeError:
            return ""
        token = body.get("access_token") if isinstance(body, dict) else None
        return token if isinstance(token, str) else ""

    def post(self, client_id: str, what: str) -> None:
        if not self._is_the_app(client_id) or what != "token" or self.held is None or not self.held.live:
            self.not_found()
            return
        self.answer(
            200,
            {
                "token": self._named(),
                "scopes": self.held.scope.split(","),
                "user": profile(people.known(self.held.user), self.platform.api),
            },
        )

    def delete(self, client_id: str, what: str) -> None:
        if not self._is_the_app(client_id):
            self.not_found()
            return
        if not self._named():
            self.answer(422, {"message": "Validation Failed", "status": "422"})
            return
        if self.held is None or not self.held.live:
            self.not_found()
            return
        if what == "grant":
            self.platform.tokens.revoke(self.held.user)
        else:
            self.platform.tokens.revoke_grant(self.held.grant)
        self.answer(204)

    def _is_the_app(self, client_id: str) -> bool:
        scheme, _, coded = self.request.headers.get("Authorization", "").partition(" ")
        try:
            name, _, secret = base64.b64decode(coded).decode().partition(":")
        except ValueError:
            return False
        known = (self.platform.client_id, self.platform.client_secret)
        return scheme.lower() == "basic" and client_id == name and _same((name, secret), known)


def _same(given: tuple[str, str], known: tuple[str, str]) -> bool:
    return hmac.compare_digest("\0".join(given).encode(), "\0".join(known).encode())
