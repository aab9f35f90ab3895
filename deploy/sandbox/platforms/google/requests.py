"""What the requests to Google's APIs share: how they say no, whose they are, what they cost."""

from typing import TYPE_CHECKING, Any, ClassVar

from deploy.sandbox.faults import Fault
from deploy.sandbox.people import Person
from deploy.sandbox.platforms.base import PlatformHandler

if TYPE_CHECKING:
    from deploy.sandbox.platforms.google import GooglePlatform

UNSIGNED = (
    "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid "
    "authentication credential."
)
REJECTED = (
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
    "authentication credential."
)
NO_SCOPE = "Request had insufficient authentication scopes."
STATUSES = {
    400: "INVALID_ARGUMENT",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
}
SCOPE_DETAIL = {
    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
    "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
    "domain": "googleapis.com",
}


class GoogleHandler(PlatformHandler):
    platform: "GooglePlatform"

    def refuse(self, status: int, message: str, reason: str, domain: str = "global", **more: Any) -> None:
        """In the shape of the older APIs, with the newer ones' `status` where they have it."""
        named = {"status": STATUSES[status]} if self.platform.names_statuses and status in STATUSES else {}
        errors = [{"message": message, "domain": domain, "reason": reason}]
        self.answer(status, {"error": {"code": status, "message": message, "errors": errors, **named, **more}})

    def refuse_token(self, message: str, reason: str, short: str) -> None:
        where = {"location": "Authorization", "locationType": "header"}
        errors = [{"message": short, "domain": "global", "reason": reason, **where}]
        told = {"code": 401, "message": message, "errors": errors, "status": "UNAUTHENTICATED"}
        challenge = 'Bearer realm="https://accounts.google.com/"' + (', error="invalid_token"' if self.bearer() else "")
        self.answer(401, {"error": told}, {"WWW-Authenticate": challenge})

    def say_down(self) -> None:
        self.refuse(503, "The service is currently unavailable.", "backendError")

    def say_rate_limited(self, fault: Fault) -> None:
        """In turn as 403 and as 429; when it is over, neither says."""
        if fault.met % 2:
            self.refuse(403, "User Rate Limit Exceeded", "userRateLimitExceeded", "usageLimits")
        else:
            self.refuse(429, "Rate Limit Exceeded", "rateLimitExceeded", "usageLimits")

    def not_found(self) -> None:
        self.refuse(404, "Requested entity was not found.", "notFound")

    def invalid(self, message: str) -> None:
        self.refuse(400, message, "invalidArgument")

    def write_error(self, status_code: int, **_: Any) -> None:
        self.refuse(status_code, self._reason, "badRequest" if status_code < 500 else "backendError")


class SignedIn(GoogleHandler):
    """Needs a token that is good, with the platform's scope, and enough of the quota."""

    person: Person
    cost: ClassVar[int] = 1
    """Units of the quota."""

    async def prepare(self) -> None:
        await super().prepare()
        if self._finished:
            return
        if self.held is None or not self.held.live:
            if self.bearer():
                self.refuse_token(REJECTED, "authError", "Invalid Credentials")
            else:
                self.refuse_token(UNSIGNED, "required", "Login Required.")
        elif self.platform.needs not in self.held.scope.split():
            self.refuse(403, NO_SCOPE, "insufficientPermissions", details=[SCOPE_DETAIL])
        elif refusal := self.platform.spend(self.held.user, self.cost):
            self.refuse(403, *refusal)
        else:
            self.person = self.platform.person(self.held.user)

    def number(self, name: str, default: int, most: int) -> int | None:
        """Of the query; None, and answered, when it makes no sense. More than the most is the most."""
        text = self.get_query_argument(name, str(default))
        if not text.isdecimal() or len(text) > 9 or int(text) < 1:
            self.invalid(f"Invalid value '{text}'. Values must be within the range: [1, {most}]")
            return None
        return min(int(text), most)


class Nowhere(GoogleHandler):
    def get(self) -> None:
        self.refuse(404, "Not Found", "notFound")

    post = patch = put = delete = get
