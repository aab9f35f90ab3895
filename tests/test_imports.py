"""Imports go one way: run -> handlers -> actors -> storage; deploy belongs to run.py alone."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("storage", "actors", "handlers", "deploy")
OWN = (*PACKAGES, "run", "tests")
SQL = re.compile(r"\s*(SELECT\s|INSERT\s+INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s|WITH\s+\w+\s+AS\s)", re.IGNORECASE)

# Which of our own, and which libraries, a package may not know.
MAY_NOT_KNOW = {
    "storage": {"actors", "handlers", "deploy", "run", "tests", "pykka", "tornado", "requests"},
    "actors": {"handlers", "deploy", "run", "tests", "tornado"},
    "handlers": {"deploy", "run", "tests", "storage.models", "peewee", "playhouse", "sqlite3", "psycopg", "requests"},
    "deploy": {"run", "tests"},
    "deploy/sandbox": {"actors", "handlers", "storage", *(f"deploy.{one}" for one in ("cli", "loading", "settings"))},
}
SHARED_BY_PLATFORMS = {
    f"actors.platforms.{one}" for one in ("base", "values", "failures", "answers", "fields", "google")
}

# Where the text of a secret is taken out of its wrapper, and what for.
REVEALING = {
    "actors/outbound.py": "sends it to the platform",
    "actors/pusher.py": "calls a device's address, and seals with its secret",
    "actors/webpush/vapid.py": "signs pushes with it",
    "actors/platforms/github/inbound.py": "checks a webhook's signature with it",
    "actors/platforms/google_calendar/pushes.py": "compares a channel's token with it",
    "actors/platforms/slack/inbound.py": "checks a webhook's signature with it",
    "actors/platforms/youtube/hub.py": "makes the secrets of the hub's subscriptions from it",
    "actors/platforms/youtube/pushes.py": "checks a feed's signature with it",
    "deploy/commands/token.py": "signs a token with it",
    "deploy/demo.py": "tells the sandbox the made-up ones",
    "deploy/kinds.py": "finds the directory in a database's address",
    "deploy/loading.py": "reads a key that was made like one that was given",
    "deploy/opening.py": "opens the database",
    "deploy/probing/tokens.py": "shows it to the deployment whose user's it is",
    "deploy/settings.py": "hands the encryption keys to the vault",
    "handlers/auth.py": "checks a token's signature with it, or compares a bearer",
    "handlers/oauth_begin.py": "sends a browser to consent with it",
    "storage/flows.py": "keeps its hash",
    "storage/records.py": "is its wrapper",
    "storage/subscriptions.py": "seals a device's address",
    "storage/vault.py": "seals it",
}


def sources(where: str) -> list[Path]:
    return sorted((ROOT / where).rglob("*.py"))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(path: Path) -> Iterator[str]:
    """Every module that the file imports, anywhere in it; `from a import b` gives `a.b`, for b may be a module."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are written out in full"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("package", MAY_NOT_KNOW)
def test_a_package_knows_only_what_lies_below_it(package: str) -> None:
    forbidden = MAY_NOT_KNOW[package]
    wrong = [
        f"{shown(path)} imports {module}"
        for path in sources(package)
        for module in imported(path)
        if any(is_within(module, one) for one in forbidden)
    ]
    assert wrong == []


def test_a_platform_knows_nothing_of_ours_but_values_and_what_a_platform_is() -> None:
    """So that it is tested with a payload in and values out, and none leans on another."""
    folder = ROOT / "actors" / "platforms"
    files = [path for path in sources("actors/platforms") if path.name != "registry.py"]
    wrong = []
    for path in files:
        own = "actors.platforms." + path.relative_to(folder).parts[0].removesuffix(".py")
        may_know = {"storage.records", own, *SHARED_BY_PLATFORMS}
        wrong += [
            f"{shown(path)} imports {module}"
            for module in imported(path)
            if module.split(".")[0] in OWN and not any(is_within(module, one) for one in may_know)
        ]
    assert len(files) > 5
    assert wrong == []


def test_only_run_and_deploy_read_the_environment() -> None:
    ways = {"environ", "environb", "getenv", "getenvb"}
    wrong = [
        f"{shown(path)}:{node.lineno}"
        for package in ("storage", "actors", "handlers")
        for path in sources(package)
        for node in ast.walk(tree(path))
        if (isinstance(node, ast.Attribute) and node.attr in ways)
        or (isinstance(node, ast.ImportFrom) and node.module == "os" and ways & {alias.name for alias in node.names})
    ]
    assert wrong == []


def test_handlers_hold_no_sql() -> None:
    wrong = [
        f"{shown(path)}:{node.lineno}"
        for path in sources("handlers")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.match(node.value)
    ]
    assert wrong == []


def test_few_places_see_the_text_of_a_secret() -> None:
    revealing = {
        shown(path)
        for package in PACKAGES
        for path in sources(package)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and node.attr in ("reveal", "_text")
    }
    assert sorted(revealing - REVEALING.keys()) == [], "a new place needs a reason in REVEALING"
    stale = [path for path in REVEALING if path not in revealing and (ROOT / path).exists()]
    assert stale == [], "these need no place in REVEALING any more"
