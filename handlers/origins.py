"""Which web pages may act for a user who is signed in by cookie."""

from collections.abc import Iterable

from tornado.httputil import HTTPServerRequest


class Origins:
    """The service's own origin, and the app's pages that may call it."""

    def __init__(self, public_url: str, frontend_urls: Iterable[str] = ()) -> None:
        self.own = origin_of(public_url)
        pages = [*frontend_urls] or [public_url]
        self.home = pages[0].rstrip("/") + "/"
        """Where users are sent back to."""
        self.allowed = frozenset({self.own, *map(origin_of, pages)})

    def may_change(self, request: HTTPServerRequest) -> bool:
        """A page of ours or of the app sent this, and its browser says so. Silence is not enough."""
        return request.headers.get("Origin") in self.allowed or _same_origin(request)

    def may_read(self, request: HTTPServerRequest) -> bool:
        """No page of another origin says that it asks. Silence will do: what it reads stays in its own window."""
        return "Origin" not in request.headers or self.may_change(request)

    def is_own(self, request: HTTPServerRequest) -> bool:
        return request.headers.get("Origin") == self.own or _same_origin(request)

    def is_foreign(self, request: HTTPServerRequest) -> bool:
        """The browser says that another origin's page asks; an address typed in, or silence, is not foreign."""
        if self.is_own(request):
            return False
        return "Origin" in request.headers or request.headers.get("Sec-Fetch-Site", "none") != "none"


def origin_of(url: str) -> str:
    """scheme://host[:port], as a browser writes it"""
    scheme, _, rest = url.partition("://")
    host = rest.partition("/")[0].lower()
    default = {"http": ":80", "https": ":443"}.get(scheme.lower(), "")
    return f"{scheme.lower()}://{host.removesuffix(default) if default else host}"


def _same_origin(request: HTTPServerRequest) -> bool:
    return request.headers.get("Sec-Fetch-Site") == "same-origin"
