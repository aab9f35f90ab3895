"""The requests to LinkedIn: tokens, their end, and who somebody is. There is nothing else for everybody's apps."""

import hmac
from typing import TYPE_CHECKING, Any

from deploy.sandbox import people
from deploy.sandbox.faults import Fault
from deploy.sandbox.platforms.base import PlatformHandler, Route, SandboxPlatform
from deploy.sandbox.tokens import Held, Issued, Refused

if TYPE_CHECKING:
    from deploy.sandbox.platforms.linkedin import LinkedIn

BAD_CODE = (
    "Unable to retrieve access token: appid/redirect uri/code verifier does not match authorization code. "
    "Or authorization code expired. Or external member binding exists"
)
REFUSED_TOKENS = {
    "revoked": (65601, "REVOKED_ACCESS_TOKEN", "The token used in the request has been revoked by the user"),
    "expired": (65602, "EXPIRED_ACCESS_TOKEN", "The token used in the request has expired"),
}
INVALID_TOKEN = (65600, "INVALID_ACCESS_TOKEN", "Invalid access token")


def routes(platform: SandboxPlatform) -> list[Route]:
    given = {"platform": platform}
    return [
        (r"/linkedin/oauth/v2/accessToken", AccessToken, given),
        (r"/linkedin/oauth/v2/introspectToken", Introspect, given),
        (r"/linkedin/oauth/v2/revoke", Revoke, given),
        (r"/linkedin/oauth/openid/jwks", Keys, given),
        (r"/linkedin/v2/userinfo", UserInfo, given),
        (r"/linkedin/.*", Nowhere, given),
    ]


class LinkedInHandler(PlatformHandler):
    platform: "LinkedIn"

    def refuse(self, status: int, message: str, **more: Any) -> None:
        self.answer(status, {"status": status, **more, "message": message})

    def say_down(self) -> None:
        self.refuse(503, "Service Unavailable", code="SERVICE_UNAVAILABLE")

    def say_rate_limited(self, fault: Fault) -> None:
        """Nothing says until when: it is midnight in UTC."""
        told = "Resource level throttle limit for calls to this resource is reached."
        self.refuse(429, told, serviceErrorCode=101)

    def write_error(self, status_code: int, **_: Any) -> None:
        self.refuse(status_code, "Method not allowed" if status_code == 405 else "Internal Server Error")


class Nowhere(LinkedInHandler):
    def get(self) -> None:
        self.refuse(404, "Requested resource not found", code="RESOURCE_NOT_FOUND")

    post = patch = put = delete = get


class FromTheApp(LinkedInHandler):
    """A form with the client's id and secret in it; Basic is not looked at."""

    limited = False

    async def prepare(self) -> None:
        await super().prepare()
        if self._finished or self.request.method != "POST":
            return
        given = f"{self.told('client_id')}:{self.told('client_secret')}"
        known = f"{self.platform.client_id}:{self.platform.client_secret}"
        if not hmac.compare_digest(given.encode(), known.encode()):
            self.answer(401, {"error": "invalid_client", "error_description": "Client authentication failed"})

    def told(self, name: str) -> str:
        return self.get_body_argument(name, "")

    def held_by(self, token: str) -> Held | None:
        tokens = self.platform.tokens
        return tokens.look_up(token) or tokens.look_up(token, "refresh") if token else None

    def caller(self) -> str | None:
        held = self.held_by(self.told("token") or self.told("refresh_token"))
        return held.user if held else self.platform.tokens.user_of_code(self.told("code"))

    def refuse_request(self, description: str) -> None:
        self.answer(400, {"error": "invalid_request", "error_description": description})

    def missing(self, *names: str) -> bool:
        name = next((name for name in names if not self.told(name)), None)
        if name is not None:
            self.refuse_request(f'A required parameter "{name}" is missing')
        return name is not None


class AccessToken(FromTheApp):
    def post(self) -> None:
        if self.missing("grant_type"):
            return
        match self.told("grant_type"):
            case "authorization_code":
                self._exchange()
            case "refresh_token":
                self._refresh()
            case _:
                told = "The passed in grant_type is invalid"
                self.answer(400, {"error": "unsupported_grant_type", "error_description": told})

    def _exchange(self) -> None:
        if self.missing("code", "redirect_uri"):
            return
        code, back, verifier = (self.told(name) for name in ("code", "redirect_uri", "code_verifier"))
        try:
            issued = self.platform.tokens.exchange(code, back, verifier)
        except Refused:
            self.refuse_request(BAD_CODE)
            return
        self._tell(issued, issued.refresh, issued.refresh_expires_in)

    def _refresh(self) -> None:
        """The same refresh token comes back. Its life runs on from the consent, and is shorter each time."""
        if self.missing("refresh_token"):
            return
        refresh = self.told("refresh_token")
        held = self.platform.tokens.look_up(refresh, "refresh")
        try:
            issued = self.platform.tokens.refresh(refresh)
        except Refused as refused:
            past = {"expired": "is expired", "unknown": "is invalid"}.get(refused.why, "was revoked")
            self.refuse_request(f"The provided refresh token {past}")
            return
        ends_at = held.ends_at if held else None
        left = None if ends_at is None else int(ends_at - self.platform.now())
        self._tell(issued, issued.refresh or refresh, left)

    def _tell(self, issued: Issued, refresh: str | None, left: int | None) -> None:
        held = self.platform.tokens.look_up(issued.access)
        assert held is not None
        told: dict[str, Any] = {"access_token": issued.access, "expires_in": issued.expires_in}
        if refresh is not None:
            told |= {"refresh_token": refresh, "refresh_token_expires_in": left}
        told |= {"scope": issued.scope, "token_type": "Bearer"}
        told["id_token"] = self.platform.identity_token(people.known(held.user))
        self.answer(200, told, {"Cache-Control": "no-store"})


class Revoke(FromTheApp):
    def post(self) -> None:
        if self.missing("token"):
            return
        held = self.held_by(self.told("token"))
        if held is None or not held.live:
            self.refuse_request("The passed in token is invalid")
            return
        self.platform.tokens.revoke_grant(held.grant)
        self.answer(200)


class Introspect(FromTheApp):
    def post(self) -> None:
        if self.missing("token"):
            return
        held = self.held_by(self.told("token"))
        if held is None:
            self.answer(200, {"active": False})
            return
        state = {"live": "active", "expired": "expired"}.get(held.state, "revoked")
        told: dict[str, Any] = {"active": held.live, "client_id": self.platform.client_id, "status": state}
        if held.ends_at is not None:
            told["expires_at"] = int(held.ends_at)
        self.answer(200, {**told, "scope": held.scope, "auth_type": "3L"})


class Keys(LinkedInHandler):
    limited = False

    def get(self) -> None:
        self.answer(200, self.platform.key.published())


class UserInfo(LinkedInHandler):
    def get(self) -> None:
        if self.held is None:
            self._no_token(*INVALID_TOKEN)
        elif not self.held.live:
            self._no_token(*REFUSED_TOKENS.get(self.held.state, INVALID_TOKEN))
        else:
            person = self.platform.person(self.held.user)
            self.answer(200, self.platform.profiles.shown(person, self.platform.now()))

    def _no_token(self, number: int, code: str, message: str) -> None:
        self.refuse(401, message, serviceErrorCode=number, code=code)
