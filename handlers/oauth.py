"""Back from the platform's consent page, in the browser and for the user that the connect was begun by.

A browser that is signed in as one user connects nothing for another, whose flow may have been slipped to it. The
handler exchanges nothing: the connection's own actor does.
"""

from functools import partial
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from actors.messages import Connect as ConnectOrder
from actors.operations.connect import OtherAccount
from handlers import oauth_pages, orders
from handlers.auth import signed_in_user
from handlers.base import Handler
from handlers.errors import ApiError
from handlers.oauth_begin import FLOW_COOKIE, LONGEST, callback_url
from storage import connections, events, flows
from storage.flows import Flow
from storage.records import ConnectionKey, Draft, Secret
from storage.transaction import Transaction

EXCHANGE_WITHIN = 30.0


class Callback(Handler):
    """Where the platform sends the user back to."""

    async def head(self, *_: str) -> None:
        """A scanner that looks at links before its user does uses up no sign-in."""
        self.finish()

    async def get(self, slug: str) -> None:
        signed_in = await signed_in_user(self)  # before the state is used up: that can't be told while keys are missing
        flow = await self._flow()
        if flow is None or flow.key.platform != slug:
            oauth_pages.show(self, 400, "unknown", self._title(slug))
        elif flow.browser != flows.digest(Secret(self.get_cookie(FLOW_COOKIE) or "")):
            await self._tell(flow.key, "connect_refused", "A sign-in came back in another browser and was refused.")
            oauth_pages.show(self, 403, "other_browser", self._title(slug))
        elif signed_in not in (None, flow.key.user):
            await self._tell(flow.key, "connect_refused", "A sign-in came back to another user and was refused.")
            oauth_pages.show(self, 403, "other_user", self._title(slug))
        else:
            self._go_back(flow, await self._outcome(flow))

    async def _flow(self) -> Flow | None:
        state = self.get_query_argument("state", "")
        if not state or len(state) > LONGEST:
            return None
        return await self.parts.bridge.write(lambda tx: flows.take(tx, self.parts.vault, Secret(state)))

    async def _outcome(self, flow: Flow) -> str:
        title = self._title(flow.key.platform)
        if self.parts.clock.now() > flow.expires_at:
            await self._tell(flow.key, "connect_expired", f"Signing in to {title} took too long. Please try again.")
            return "expired"
        if self.get_query_argument("error", None) is not None:
            await self._tell(flow.key, "connect_denied", f"{title} was not connected: it was not allowed there.")
            return "denied"
        code = self.get_query_argument("code", "")
        if not code or len(code) > LONGEST or flow.key.platform not in self.parts.platforms:
            await self._tell(flow.key, "connect_failed", f"{title} sent you back without what is needed.")
            return "failed"
        return await self._exchange(flow, Secret(code))

    async def _exchange(self, flow: Flow, code: Secret) -> str:
        """The actor tells its own failures in the user's sequence."""
        parts, key = self.parts, flow.key
        now = parts.clock.now()
        await parts.bridge.write(partial(connections.create, key=key, at=now))
        back = callback_url(parts.public_url, key.platform)
        verifier = flow.verifier if parts.platforms[key.platform].pkce else None
        try:
            done = await orders.give(
                parts,
                lambda reply: parts.directory.tell(key, ConnectOrder(code, back, verifier, reply)),
                EXCHANGE_WITHIN,
            )
        except ApiError as error:
            return "other_account" if error.code == OtherAccount.kind else "failed"
        return "failed" if done is orders.STILL_AT_IT else "connected"

    async def _tell(self, key: ConnectionKey, code: str, message: str) -> None:
        at = self.parts.clock.now()
        draft = Draft("problem", {"platform": key.platform, "code": code, "message": message})

        def unit(tx: Transaction) -> None:
            events.append(tx, key.user, [draft], at)

        await self.parts.bridge.write(unit)

    def _go_back(self, flow: Flow, result: str) -> None:
        split = urlsplit(flow.return_to)
        told = {"platform": flow.key.platform, "result": result}
        kept = [(name, value) for name, value in parse_qsl(split.query, keep_blank_values=True) if name not in told]
        self.redirect(urlunsplit(split._replace(query=urlencode([*kept, *told.items()]))))

    def _title(self, slug: str) -> str:
        platform = self.parts.platforms.get(slug)
        return platform.title if platform is not None else self.parts.unconfigured.get(slug, "This platform")
