"""`oauth.v2.access`: form in, 200 out whatever it says."""

import base64
import hmac
from typing import Any

from deploy.sandbox import people
from deploy.sandbox.platforms.base import Route, SandboxPlatform
from deploy.sandbox.platforms.slack import workspace
from deploy.sandbox.platforms.slack.requests import SlackHandler
from deploy.sandbox.tokens import Issued, Refused

CODE_REFUSED = {"used": "code_already_used", "bound": "bad_redirect_uri"}


def routes(platform: SandboxPlatform) -> list[Route]:
    return [(r"/slack/api/oauth\.v2\.access", Access, {"platform": platform})]


class Access(SlackHandler):
    """The app proves itself by Basic or in the form. A user's token is under `authed_user` in the answer to a code,
    and at the top level in the answer to a refresh token."""

    limited = False

    def caller(self) -> str | None:
        if refresh := self.get_argument("refresh_token", ""):
            held = self.platform.tokens.look_up(refresh, "refresh")
            return held.user if held else None
        return self.platform.tokens.user_of_code(self.get_argument("code", ""))

    def post(self) -> None:
        refusal = self._stranger()
        if refusal:
            self.refuse(refusal)
            return
        match self.get_argument("grant_type", "authorization_code"):
            case "authorization_code":
                self._exchange()
            case "refresh_token":
                self._refresh()
            case _:
                self.refuse("invalid_grant_type")

    get = post

    def _stranger(self) -> str | None:
        id_, secret = self._named()
        if id_ != self.platform.client_id:
            return "invalid_client_id"
        return (
            None if hmac.compare_digest(secret.encode(), self.platform.client_secret.encode()) else "bad_client_secret"
        )

    def _named(self) -> tuple[str, str]:
        scheme, _, coded = self.request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return self.get_argument("client_id", ""), self.get_argument("client_secret", "")
        try:
            id_, _, secret = base64.b64decode(coded).decode().partition(":")
        except ValueError:
            return "", ""
        return id_, secret

    def _exchange(self) -> None:
        code, back = self.get_argument("code", ""), self.get_argument("redirect_uri", "")
        try:
            issued = self.platform.tokens.exchange(code, back, self.get_argument("code_verifier", ""))
        except Refused as refused:
            self.refuse(CODE_REFUSED.get(refused.why, "invalid_code"))
            return
        user = self._user(issued.access)
        self.say({**_app(), "authed_user": {"id": user, **_shown(issued)}})
        self.platform.events.door.knock()

    def _refresh(self) -> None:
        """Whatever became of it: unknown, used before, or its grant ended."""
        try:
            issued = self.platform.tokens.refresh(self.get_argument("refresh_token", ""))
        except Refused:
            self.refuse("invalid_refresh_token")
            return
        self.say({**_app(), **_shown(issued), "user_id": self._user(issued.access)})

    def _user(self, access: str) -> str:
        held = self.platform.tokens.look_up(access)
        assert held is not None
        return workspace.member(people.known(held.user)).id


def _shown(issued: Issued) -> dict[str, Any]:
    shown: dict[str, Any] = {"scope": issued.scope, "access_token": issued.access, "token_type": "user"}
    if issued.refresh is not None:
        shown |= {"refresh_token": issued.refresh, "expires_in": issued.expires_in}
    return shown


def _app() -> dict[str, Any]:
    return {
        "app_id": workspace.APP,
        "team": {"id": workspace.TEAM, "name": workspace.TEAM_NAME},
        "enterprise": None,
        "is_enterprise_install": False,
    }
