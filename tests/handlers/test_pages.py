"""The plain page as it is served."""

import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import pytest

from handlers.files import FOLDERS
from tests.handlers.serving import Serving

SERVED = {f"{folder}{name}": file for folder, files in FOLDERS.items() for name, file in files.items()}


class Outline(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))

    def values(self, name: str) -> list[str]:
        return [str(attributes[name]) for _, attributes in self.tags if name in attributes]


def imported_by(path: str) -> list[str]:
    if not path.endswith(".js"):
        return []
    names = re.findall(r'(?:from|^import) "([^"]+)"', SERVED[path].content.decode(), re.MULTILINE)
    return [urljoin(path, name) for name in names if name != "react"]


def test_the_page_needs_nothing_from_elsewhere_and_nothing_inline(serving: Serving) -> None:
    answer = serving.ask("GET", "/")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    outline = Outline(answer.body.decode())
    links = outline.values("src") + outline.values("href")
    assert links
    for link in links:
        assert serving.ask("GET", link).status == 200
    assert not outline.values("style")
    assert not [name for _, attributes in outline.tags for name in attributes if name.startswith("on")]
    assert re.findall(r"<script[^>]*>(.*?)</script>", answer.body.decode(), re.DOTALL) == [""]
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert f"connect-src 'self' ws://127.0.0.1:{serving.port}" in policy


def test_modules_import_what_is_there() -> None:
    for path in SERVED:
        for imported in imported_by(path):
            assert imported in SERVED, f"{path} imports {imported}"


@pytest.mark.parametrize("path", ["/", "/demo"])
def test_a_page_names_all_its_modules_so_that_none_is_waited_for_to_learn_of_the_next(serve: Any, path: str) -> None:
    outline = Outline(serve(sandbox_url="http://127.0.0.1:3002").ask("GET", path).body.decode())
    (entry,) = [str(found["src"]) for tag, found in outline.tags if tag == "script"]
    named = [str(found["href"]) for tag, found in outline.tags if found.get("rel") == "modulepreload"]
    assert len(named) > 10
    assert sorted(named) == sorted({one for module in (entry, *named) for one in imported_by(module)})


def test_only_a_sandbox_offers_people(serve: Any) -> None:
    serving = serve(sandbox_url="http://127.0.0.1:3002")
    answer = serving.ask("GET", "/")
    assert b'<meta name="soulwire-sandbox" content="http://127.0.0.1:3002">' in answer.body
    assert answer.headers["Content-Security-Policy"].endswith(" http://127.0.0.1:3002")


def test_without_a_sandbox_the_page_knows_of_none(serving: Serving) -> None:
    assert b'<meta name="soulwire-sandbox" content="">' in serving.ask("GET", "/").body


def test_what_the_browser_has_is_not_sent_again(serving: Serving) -> None:
    first = serving.ask("GET", "/static/page.js")
    assert first.headers["Content-Type"] == "text/javascript; charset=utf-8"
    again = serving.ask("GET", "/static/page.js", None, {"If-None-Match": first.headers["Etag"]})
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize("name", ["index.html", "page.jsx", ".", "..", "%2e%2e%2fapp.py", "page.js%00", "PAGE.JS"])
def test_nothing_else_is_served(serving: Serving, name: str) -> None:
    assert serving.ask("GET", f"/static/{name}").status == 404


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("soulwire.js", "text/javascript; charset=utf-8"),
        ("soulwire.d.ts", "text/plain; charset=utf-8"),
        ("package.json", "application/json"),
    ],
)
def test_the_client_is_served_to_the_apps_own_pages(serve: Any, name: str, type_: str) -> None:
    serving = serve(frontend_urls=["https://app.example"])
    answer = serving.ask("GET", f"/client/{name}", None, {"Origin": "https://app.example"})
    assert answer.status == 200
    assert answer.headers["Content-Type"] == type_
    assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example"
    conditional = {"If-None-Match": answer.headers["Etag"], "Origin": "https://app.example"}
    again = serving.ask("GET", f"/client/{name}", None, conditional)
    assert (again.status, again.headers["Access-Control-Allow-Origin"]) == (304, "https://app.example")
    stranger = serving.ask("GET", f"/client/{name}", None, {"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in stranger.headers
