"""The route table."""

from handlers.app import ROUTES, route_lines
from tests.handlers.serving import Serving


def test_the_table_says_methods_path_and_who_may() -> None:
    assert len(list(route_lines())) == len(ROUTES)
    table = "\n".join(route_lines())
    for part in ("POST ", " /api/webhooks/{platform}/{user} ", "/ws", "GET DELETE", "admin", "open"):
        assert part in table
    assert {line.index(" /") for line in route_lines()} == {25}, "the paths stand below each other"


def test_no_path_stands_twice() -> None:
    paths = [route.path for route in ROUTES]
    assert len(set(paths)) == len(paths)


def test_nothing_changes_without_somebody_who_may(serving: Serving) -> None:
    """Every path that takes a change is either for those who sign in, or checks its own sender."""
    open_to_all = {
        "/api/session",
        "/api/oauth/{platform}/confirm",
        "/api/webhooks/{platform}/{user}",
        "/api/webhooks/{platform}",
    }
    for route in ROUTES:
        methods = getattr(route.handler, "methods", list)()
        for method in {"POST", "PUT", "PATCH", "DELETE"} & set(methods):
            if route.path not in open_to_all:
                path = route.path.replace("{platform}", "github").replace("{user}", "ada").replace("{id}", "1")
                answer = serving.ask(method, path.replace("{order}", "poll"))
                assert answer.status == 401, f"{method} {route.path}"
