"""Where connecting in a browser begins: on to the platform's consent page, bound to this user and this browser.

The state names a flow that is kept with its user, its platform and the digest of a cookie that only this browser has,
is good once and for ten minutes. A browser that is signed in as one user connects nothing for another, whose ticket
may have been slipped to it; one that isn't signed in is asked first, for a platform that remembers an earlier yes
sends it back without a word.
"""

import base64
import hashlib
import secrets
from urllib.parse import parse_qs, urljoin, urlsplit

import msgspec

from actors.platforms.base import Platform
from handlers import oauth_pages
from handlers.auth import signed_in_user
from handlers.base import ANYONE, Handler
from handlers.errors import BadRequest, Forbidden, NotAuthenticated
from storage import flows
from storage.flows import Flow
from storage.records import ConnectionKey, Secret
from storage.vault import WrongKey

FLOW_COOKIE = "soulwire_flow"
LASTS = 600.0
"""Seconds that a user has to say yes: here where they are asked, and then at the platform."""
LONGEST = 4096


class Question(msgspec.Struct, frozen=True):
    """What a user is asked; sealed in the page's form, for the browser that it was shown to."""

    user: str
    return_to: str
    expires_at: float


class Begin(Handler):
    """What both ways to the platform share."""

    def _platform(self, slug: str) -> Platform | None:
        """None when a page has said that it isn't set up."""
        if slug in self.parts.unconfigured:
            oauth_pages.show(self, 503, "not_configured", self.parts.unconfigured[slug])
            return None
        return self.parts.platforms[self.platform(slug)]

    async def _go(self, platform: Platform, user: str, cookie: Secret, return_to: str) -> None:
        state, verifier = (Secret(secrets.token_urlsafe(32)) for _ in range(2))
        flow = Flow(
            key=ConnectionKey(user, platform.slug),
            browser=flows.digest(cookie),
            verifier=verifier,
            return_to=return_to,
            expires_at=self.parts.clock.now() + LASTS,
        )
        await self.parts.bridge.write(lambda tx: flows.begin(tx, self.parts.vault, state, flow))
        self._remember(cookie)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.reveal().encode()).digest()).rstrip(b"=").decode()
        back = callback_url(self.parts.public_url, platform.slug)
        self.redirect(platform.authorize_url(state.reveal(), back, challenge))

    def _browser(self) -> Secret | None:
        """The cookie of another flow that this browser has under way: both may come back."""
        cookie = self.get_cookie(FLOW_COOKIE)
        return Secret(cookie) if cookie and 20 <= len(cookie) <= 100 else None

    def _remember(self, cookie: Secret) -> None:
        self.set_cookie(
            FLOW_COOKIE,
            cookie.reveal(),
            max_age=int(LASTS),
            path="/api/oauth",
            httponly=True,
            samesite="Lax",
            secure=self.parts.public_url.startswith("https:"),
        )


class Connect(Begin):
    """Where an app sends its user to connect."""

    roles = ANYONE
    takes_tickets = True

    async def prepare(self) -> None:
        """A person who comes by an old link is told so on a page: JSON is for programs."""
        try:
            await super().prepare()
        except NotAuthenticated:
            if not self._came_by_a_link():
                raise
            oauth_pages.show(self, 401, "not_signed_in", "")

    async def get(self, slug: str) -> None:
        platform = self._platform(slug)
        if platform is None:
            return
        signed_in = await signed_in_user(self)
        if signed_in not in (None, self.caller.user):
            oauth_pages.show(self, 403, "other_user", platform.title)
            return
        return_to = self._return_to()
        cookie = self._browser() or Secret(secrets.token_urlsafe(32))
        if signed_in is None and self._came_by_a_link():
            self._ask(platform, cookie, return_to)
        else:
            await self._go(platform, self.caller.user, cookie, return_to)

    def _came_by_a_link(self) -> bool:
        """A ticket says for whom, and anybody can send a link around with theirs in it. Whoever has no session and no
        link has a bearer token; and a program, which wants no page, has nobody's account at a platform open."""
        headers = self.request.headers
        return "Authorization" not in headers and (
            "text/html" in headers.get("Accept", "") or "Sec-Fetch-Mode" in headers
        )

    def _ask(self, platform: Platform, cookie: Secret, return_to: str) -> None:
        question = Question(self.caller.user, return_to, self.parts.clock.now() + LASTS)
        text = Secret(msgspec.json.encode(question).decode())
        self._remember(cookie)
        oauth_pages.ask(self, platform, question.user, self.parts.vault.seal(text, _place(platform.slug, cookie)))

    def _return_to(self) -> str:
        """Where the user goes afterwards: a path of the app's, or an address of an allowed origin."""
        asked = self.get_query_argument("return", "/")
        try:
            address = urljoin(self.parts.origins.home, asked)
            parts = urlsplit(address)
        except ValueError:  # no address at all
            address, parts = "", urlsplit("")
        if (
            len(asked) > LONGEST
            or "\\" in asked
            or f"{parts.scheme}://{parts.netloc}" not in self.parts.origins.allowed
        ):
            raise BadRequest("bad_return", "return is an address of an allowed origin.")
        return address


class Confirm(Begin):
    """Where the page that asks leads when the user says yes."""

    body_limit = 16 * 1024

    async def post(self, slug: str) -> None:
        if not self.parts.origins.is_own(self.request):
            raise Forbidden("wrong_origin", "Only the page that asks may answer for its user.")
        platform = self._platform(slug)
        if platform is None:
            return
        cookie = self._browser()
        question = self._question(platform, cookie) if cookie is not None else None
        if cookie is None or question is None or question.expires_at < self.parts.clock.now():
            oauth_pages.show(self, 400, "unknown", platform.title)
        elif await signed_in_user(self) not in (None, question.user):
            oauth_pages.show(self, 403, "other_user", platform.title)
        else:
            await self._go(platform, question.user, cookie, question.return_to)

    def _question(self, platform: Platform, cookie: Secret) -> Question | None:
        sealed = parse_qs(self.received.decode(errors="replace")).get("question", [""])[0]
        try:
            text = self.parts.vault.open(sealed, _place(platform.slug, cookie))
        except WrongKey:
            return None
        return msgspec.json.decode(text.reveal(), type=Question)


def callback_url(public_url: str, slug: str) -> str:
    """As it must be registered at the platform."""
    return f"{public_url}/api/oauth/{slug}/callback"


def _place(slug: str, cookie: Secret) -> str:
    """A question that was answered elsewhere, or about another platform, doesn't open."""
    return f"question:{slug}:{flows.digest(cookie)}"
