"""The pages: nothing inline, nothing from elsewhere."""

from html import escape
from typing import ClassVar

from handlers.base import Handler
from handlers.errors import NotFound
from handlers.files import FILES
from handlers.modules import preloads


def _with_preloads(page: str) -> str:
    return page.replace("{{preloads}}", preloads(page))


_PAGES = {name: _with_preloads(file.content.decode()) for name, file in FILES.items() if name.endswith(".html")}


class Page(Handler):
    quiet = True
    file: ClassVar[str]

    def get(self) -> None:
        sandbox = self.parts.sandbox_url or ""
        self.set_header("Content-Type", FILES[self.file].type)
        self.set_header("Cache-Control", "no-cache")
        self.set_header("Content-Security-Policy", self._policy(sandbox))
        self.finish(_PAGES[self.file].replace("{{sandbox}}", escape(sandbox)))

    def _policy(self, sandbox: str) -> str:
        websocket = self.parts.origins.own.replace("http", "ws", 1)  # Safari counts it as another origin
        return (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; "
            f"form-action 'none'; frame-ancestors 'none'; connect-src 'self' {websocket} {sandbox}"
        ).strip()


class Home(Page):
    file = "index.html"


class Demo(Page):
    """All that the client, the elements and the worker do. It takes orders that only a sandbox knows."""

    file = "demo.html"

    def get(self) -> None:
        if self.parts.sandbox_url is None:
            raise NotFound("not_found", "There is nothing at this path.")
        super().get()


class Offline(Page):
    """What the service worker shows where a page can't be had."""

    file = "offline.html"
