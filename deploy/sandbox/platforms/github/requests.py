"""What all requests to GitHub share: headers, the hour's allowance, errors, pages and ETags."""

import hashlib
import math
import uuid
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode

from deploy.sandbox.faults import Fault
from deploy.sandbox.people import Person
from deploy.sandbox.platforms.base import PlatformHandler
from deploy.sandbox.platforms.github import shapes
from deploy.sandbox.platforms.github.repositories import account

if TYPE_CHECKING:
    from deploy.sandbox.platforms.github import GitHub

DOCS = "https://docs.github.com/rest"
HOURLY = 5_000
HOUR = 3_600

UNICORN = (
    "<!DOCTYPE html>\n<html>\n<head><title>Unicorn! &middot; GitHub</title></head>\n<body>\n"
    "<p><strong>We had issues producing the response to your request.</strong></p>\n</body>\n</html>\n"
)
NO_AGENT = (
    "Request forbidden by administrative rules. Please make sure your request has a User-Agent header "
    f"({DOCS}/overview/resources-in-the-rest-api#user-agent-required). Check https://developer.github.com "
    "for other possible causes.\n"
)


class GitHubHandler(PlatformHandler):
    platform: "GitHub"
    needs_agent: ClassVar[bool] = True

    def set_default_headers(self) -> None:
        self.set_header("Server", "github.com")
        self.set_header("X-GitHub-Request-Id", uuid.uuid4().hex[:24].upper())
        self.set_header("X-GitHub-Media-Type", "github.v3; format=json")

    async def prepare(self) -> None:
        await super().prepare()
        if not self._finished and self.needs_agent and not self.request.headers.get("User-Agent"):
            self.answer(403, NO_AGENT, {"Content-Type": "text/plain"})

    # -- refusals ------------------------------------------------------------------------------------
    def refuse(self, status: int, message: str, **more: Any) -> None:
        self.answer(status, {"message": message, **more, "documentation_url": DOCS, "status": str(status)})

    def not_found(self) -> None:
        self.refuse(404, "Not Found")

    def say_down(self) -> None:
        self.answer(503, UNICORN, {"Content-Type": "text/html"})

    def say_rate_limited(self, fault: Fault) -> None:
        """The hour's allowance used up, and the secondary limit, in turn: clients meet both."""
        wait = math.ceil(self.platform.faults.remaining(fault) or 60)
        if fault.met % 2:
            self._limit_headers(HOURLY, int(self.platform.now()) + wait)
            user = self.held.user if self.held else "you"
            self.refuse(403, f"API rate limit exceeded for user ID {user}.")
        else:
            self.set_header("Retry-After", str(wait))
            self.refuse(429, "You have exceeded a secondary rate limit. Please wait before you try again.")

    def write_error(self, status_code: int, **_: Any) -> None:
        self.refuse(status_code, "Method Not Allowed" if status_code == 405 else "Server Error")

    def _limit_headers(self, used: int, reset: int) -> None:
        self.set_header("X-RateLimit-Limit", str(HOURLY))
        self.set_header("X-RateLimit-Remaining", str(HOURLY - used))
        self.set_header("X-RateLimit-Used", str(used))
        self.set_header("X-RateLimit-Reset", str(reset))
        self.set_header("X-RateLimit-Resource", "core")


def profile(person: Person, api: str) -> dict[str, Any]:
    mine = account(person)
    return {**shapes.user(mine, api), "name": mine.name, "email": None}


class SignedIn(GitHubHandler):
    """Needs a token that is good."""

    person: Person

    async def prepare(self) -> None:
        await super().prepare()
        if self._finished:
            return
        if self.held is None or not self.held.live:
            told = "Bad credentials" if self.request.headers.get("Authorization") else "Requires authentication"
            self.refuse(401, told)
            return
        self.person = self.platform.person(self.held.user)
        if self.spend():
            self.set_header("X-OAuth-Scopes", self.held.scope.replace(",", ", "))
            self.set_header("X-GitHub-Api-Version-Selected", "2022-11-28")

    # -- the hour's allowance ------------------------------------------------------------------------
    def spend(self) -> bool:
        """One call of the caller's hour; answered 403 here when none is left."""
        used, reset = self.platform.allowance.get(self.person.name, (0, 0.0))
        now = self.platform.now()
        if reset <= now:
            used, reset = 0, now + HOUR
        if used >= HOURLY:
            self._limit_headers(used, int(reset))
            self.refuse(403, f"API rate limit exceeded for user ID {self.person.name}.")
            return False
        self.platform.allowance[self.person.name] = used + 1, reset
        self._limit_headers(used + 1, int(reset))
        return True

    def give_back(self) -> None:
        """A 304 doesn't count."""
        used, reset = self.platform.allowance[self.person.name]
        self.platform.allowance[self.person.name] = used - 1, reset
        self._limit_headers(used - 1, int(reset))

    # -- ETags and pages -----------------------------------------------------------------------------
    def unchanged(self, *depends_on: object) -> bool:
        """Sets the ETag of an answer that depends on these; answers 304 when the client has it already."""
        basis = repr((self.request.uri, self.platform.etags(self.person.name), depends_on))
        etag = f'"{hashlib.sha256(basis.encode()).hexdigest()}"'
        self.set_header("ETag", f"W/{etag}")
        self.set_header("Cache-Control", "private, max-age=60, s-maxage=60")
        self.set_header("Vary", "Accept, Authorization, Cookie, X-GitHub-OTP, Accept-Encoding, X-Requested-With")
        known = self.request.headers.get("If-None-Match", "")
        if etag not in known:
            return False
        self.give_back()
        self.answer(304)
        return True

    def page(self, most: int) -> tuple[int, int]:
        """`page` and `per_page`, put right as GitHub does it: what makes no sense is the default."""
        page, per_page = self._number("page", 1), self._number("per_page", 30)
        return max(1, page), min(per_page, most) if per_page > 0 else 30

    def _number(self, name: str, default: int) -> int:
        text = self.get_argument(name, "")
        return int(text) if text.isdecimal() and len(text) < 10 else default

    def link_pages(self, page: int, last: int) -> None:
        """The `Link` header, when there is more than one page."""
        near = {"prev": page - 1, "first": 1} if page > 1 else {}
        far = {"next": page + 1, "last": last} if page < last else {}
        links = [f'<{self._page_url(number)}>; rel="{rel}"' for rel, number in (near | far).items()]
        if links:
            self.set_header("Link", ", ".join(links))

    def _page_url(self, page: int) -> str:
        query = {name: self.get_argument(name) for name in self.request.query_arguments}
        return f"{self.platform.root}{self.request.path.removeprefix('/github')}?{urlencode({**query, 'page': page})}"
