"""The page on which a person says yes or no, the same for every platform.

Who is signed in there isn't asked for a password: the page offers the demo people, and takes anybody who lives here.
"""

from html import escape
from string import Template
from typing import Any
from urllib.parse import urlencode, urlsplit

from tornado import web

from deploy.sandbox import people
from deploy.sandbox.places import endpoints
from deploy.sandbox.platforms.base import Route, SandboxPlatform

_PAGE = Template(
    """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title: allow access?</title><link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 26rem; margin: 12vh auto; padding: 0 1.25rem }
h1 { font-size: 1.25rem } small { opacity: .75 }
button { font: inherit; display: block; width: 100%; margin: .5rem 0; padding: .6rem; border-radius: .5rem;
  border: 1px solid color-mix(in srgb, currentColor 30%, transparent); background: transparent; color: inherit;
  cursor: pointer }
button:hover, button:focus-visible { background: color-mix(in srgb, currentColor 10%, transparent) }
</style></head><body><main>
<h1>$title (sandbox)</h1>
<p><strong>$client</strong> asks for access to your account.<br><small>$scope</small></p>
<form method="post">$hidden
$scopes
$choices
<button name="decision" value="deny">Don't allow</button>
</form></main></body></html>
"""
)

ASKED = (
    "client_id", "redirect_uri", "state", "scope", "user_scope", "code_challenge", "code_challenge_method",
    "access_type", "prompt", "include_granted_scopes",
)  # fmt: skip


def routes(platform: SandboxPlatform) -> list[Route]:
    path = urlsplit(endpoints(0)[platform.slug]["authorize"]).path
    return [(path, Consent, {"platform": platform})]


class Consent(web.RequestHandler):
    def initialize(self, platform: SandboxPlatform) -> None:
        self.platform = platform
        self.asked: dict[str, str] = {}

    def prepare(self) -> None:
        """A client or an address that isn't registered gets a page of the platform's own, and is sent nothing."""
        self.asked = {name: self.get_argument(name, "") for name in ASKED}
        if self.asked["client_id"] != self.platform.client_id:
            raise web.HTTPError(400, reason="Unknown client_id")
        back = urlsplit(self.asked["redirect_uri"])
        if back.scheme not in ("http", "https") or back.hostname not in ("127.0.0.1", "localhost", "::1"):
            raise web.HTTPError(400, reason="redirect_uri is not a registered one")
        if self.asked["code_challenge"] and self.asked["code_challenge_method"] != "S256":
            raise web.HTTPError(400, reason="code_challenge_method must be S256")

    def get(self) -> None:
        asked = {name: escape(value) for name, value in self.asked.items() if value}
        hidden = "".join(f'<input type="hidden" name="{name}" value="{value}">' for name, value in asked.items())
        choices = "".join(
            f'<button name="user" value="{escape(name)}">Continue as {escape(people.known(name).shown)}</button>'
            for name in people.NAMED
        )
        scopes = "".join(_tick(scope) for scope in self.platform.optional_scopes(self.asked["scope"]))
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.finish(
            _PAGE.substitute(
                title=escape(type(self.platform).__name__),
                client=escape(self.asked["client_id"]),
                scope=escape(self.asked["scope"] or self.asked["user_scope"] or "public information"),
                hidden=hidden,
                scopes=scopes,
                choices=choices,
            )
        )

    def post(self) -> None:
        person = people.find(self.get_argument("user", ""))
        if self.get_argument("decision", "") == "deny" or person is None:
            self._back({"error": self.platform.denial, "error_description": "The user did not allow it."})
            return
        name = self.platform.person(person.name).name
        left_out = set(self.get_arguments("offered")) - set(self.get_arguments("granted"))
        self._back({"code": self.platform.consented(name, self.asked, left_out)})

    def _back(self, told: dict[str, str]) -> None:
        address = self.asked["redirect_uri"]
        state = {"state": self.asked["state"]} if self.asked["state"] else {}
        self.redirect(f"{address}{'&' if urlsplit(address).query else '?'}{urlencode({**told, **state})}")

    def write_error(self, status_code: int, **_: Any) -> None:
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(f"<!doctype html><title>{status_code}</title><h1>{escape(self._reason)}</h1>")


def _tick(scope: str) -> str:
    """A box that is ticked until somebody unticks it; what was offered goes along, for an empty box says nothing."""
    value = escape(scope)
    return (
        f'<input type="hidden" name="offered" value="{value}"><label><input type="checkbox" name="granted"'
        f' value="{value}" checked> {value}</label>'
    )
