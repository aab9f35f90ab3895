"""Calls to a platform with a user's token, for the app's own back end. The token never leaves the actors.

Only the platform's API is reached, by a path that can't climb out of it; of the headers both ways only those pass
that say something about the content; the answer is shown to nobody as a page.
"""

import re
from typing import Any
from urllib.parse import quote

from actors.messages import Forward, FreshToken, Refresh
from actors.platforms.base import Answer, Call, Platform
from handlers import orders
from handlers.errors import BadGateway, BadRequest, NotFound
from handlers.users import UserHandler
from storage.records import ConnectionKey

PATIENCE = 25.0
SENT = ("Accept", "Accept-Language", "Content-Type", "If-Match", "If-Modified-Since", "If-None-Match", "Prefer")
SHOWN = re.compile(r"(content-type|content-language|etag|last-modified|link|retry-after|x-ratelimit-.*|ratelimit-.*)")


class Proxy(UserHandler):
    async def get(self, user: str, slug: str, path: str) -> None:
        await self._forward(user, slug, path)

    async def post(self, user: str, slug: str, path: str) -> None:
        await self._forward(user, slug, path)

    async def put(self, user: str, slug: str, path: str) -> None:
        await self._forward(user, slug, path)

    async def patch(self, user: str, slug: str, path: str) -> None:
        await self._forward(user, slug, path)

    async def delete(self, user: str, slug: str, path: str) -> None:
        await self._forward(user, slug, path)

    async def _forward(self, user: str, slug: str, path: str) -> None:
        key = ConnectionKey(self.user(user), self.platform(slug))
        platform = self.parts.platforms.get(slug)
        if platform is None:
            raise NotFound("not_configured", "This platform is not set up here.")
        call = self._call(platform, path)
        await self._order(key, FreshToken)
        answer = await self._order(key, lambda reply: Forward(call, reply))
        if platform.rejects_token(answer):
            rejection = answer
            await self._order(key, lambda reply: Refresh(reply, rejection))
            answer = await self._order(key, lambda reply: Forward(call, reply))
        self._show(answer)

    async def _order(self, key: ConnectionKey, order: Any) -> Any:
        done = await orders.give(self.parts, lambda reply: self.parts.directory.tell(key, order(reply)), PATIENCE)
        if done is orders.STILL_AT_IT:
            raise BadGateway("timeout", "The platform took too long.")
        return done

    def _call(self, platform: Platform, path: str) -> Call:
        headers = {name: self.request.headers[name] for name in SENT if name in self.request.headers}
        query = f"?{self.request.query}" if self.request.query else ""
        return Call(
            self.request.method or "GET",
            f"{platform.urls.api_url.rstrip('/')}/{_inside(path)}{query}",
            headers=headers,
            content=self.received or None,
        )

    def _show(self, answer: Answer) -> None:
        if not 200 <= answer.status <= 599:
            raise BadGateway("bad_answer", f"The platform answered {answer.status}, which is no end of a request.")
        self.set_status(answer.status)
        self.set_header("Content-Security-Policy", "sandbox")
        self.clear_header("Content-Type")
        for name, value in answer.headers.items():
            if SHOWN.fullmatch(name) and value.isprintable():
                self.set_header(name, value)
        self.finish(answer.body if answer.status not in (204, 304) else b"")


def _inside(path: str) -> str:
    """Written anew from what it means, when that stays within the API: no step upwards, no other host."""
    segments = path.split("/")
    if {"..", "."} & set(segments) or "" in segments[:-1] or "\\" in path or not path.isprintable():
        raise BadRequest("bad_path", "The path leads out of the platform's API.")
    return quote(path, safe="/:@!$&'()*+,;=~-._")
