"""A thousand tokens end in the same minute, at a platform that takes each refresh token once, and the process is killed
in the middle: no grant is lost but where the answer was on its way at that moment, and that is said."""

import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from actors.platforms import registry
from deploy.demo import MARK
from deploy.sandbox.platforms.github import GitHub
from deploy.sandbox.state import State
from deploy.sandbox.tokens import Issued, Lifetimes, Tokens
from storage import connections, meta
from storage.database import Database
from storage.records import Account, ConnectionKey, Secret, Token
from storage.vault import Vault
from tests.e2e.service import Service, eventually

PEOPLE = 1000
KEY = "42" * 32
NOBODY = "http://127.0.0.1:9/token"
LEFT = 25.0
"""Seconds after the state is made in which all the tokens end; they are due to be renewed from the start on."""
IN_FLIGHT = 8
"""Calls that GitHub's lane makes at a time."""
USERS = [f"user-{number:04}" for number in range(1, PEOPLE + 1)]


@pytest.fixture
def service(make_service: Callable[..., Service]) -> Service:
    out_of_play = {f"{slug.upper()}_TOKEN_URL": NOBODY for slug in registry.PLATFORMS if slug != "github"}
    one = make_service(ENCRYPTION_KEY=KEY, GITHUB_HOOK_REPOS="0", **out_of_play)
    connect_everyone(one.folder)
    return one


def connect_everyone(folder: Path) -> None:
    """What the service and its sandbox would have on disk, had all of them clicked through the consent page."""
    now, vault = time.time(), Vault([bytes.fromhex(KEY)])
    with closing(State(folder / "sandbox.db")) as state:
        there = Tokens(state, "github", GitHub.rules, time.time)
        there.change(Lifetimes(LEFT, GitHub.rules.refresh, rotates=True))
        with state.change():
            given = {user: there.exchange(there.consent(user)) for user in USERS}
        there.change(Lifetimes(3600.0, GitHub.rules.refresh, rotates=True))

    def unit(tx: Any) -> None:
        meta.keep(tx, MARK, "true")
        for number, (user, issued) in enumerate(given.items()):
            keep(tx, vault, ConnectionKey(user, "github"), Account(str(10_000 + number), user), issued, now)

    database = Database.open(f"sqlite:///{folder}/soulwire.db", vault=vault)
    database.write(unit).result()
    database.close()


def keep(tx: Any, vault: Vault, key: ConnectionKey, account: Account, issued: Issued, now: float) -> None:
    connections.create(tx, key, now)
    assert issued.refresh
    token = Token(Secret(issued.access), Secret(issued.refresh), now + LEFT, now + 8.0)
    connections.keep_token(tx, vault, key, 0, token, account=account, status="connected", granted_at=now)
    connections.update(tx, key, next_poll=now + 86_400.0, hook_error="none here")


def test_no_grant_is_lost_that_was_not_on_its_way_at_the_kill(service: Service) -> None:
    service.start()
    with ThreadPoolExecutor(40) as callers:
        asked = [callers.submit(call_there, service, user) for user in USERS]
        eventually(lambda: spent(service) >= PEOPLE // 3, 60.0, what="a third of the renewals")
        service.sandbox.fault("github", "slow")
        eventually(lambda: service.sandbox.hanging("github"), what="answers that are on their way")
        service.kill()
        for one in asked:
            one.result()
    service.sandbox.heal("github")
    eventually(lambda: len(rotated_unheard(service)) > 0, what="what was done there after the kill")
    at_the_kill = spent(service)
    on_their_way = rotated_unheard(service)
    assert at_the_kill < PEOPLE, "else it was not in the middle"
    assert 0 < len(on_their_way) <= IN_FLIGHT

    service.start()
    with ThreadPoolExecutor(40) as callers:
        statuses = dict(zip(USERS, callers.map(lambda user: call_there(service, user), USERS), strict=True))
        eventually(lambda: settled(service), 150.0, what="everyone's renewal")

    rows = {row["user"]: row for row in service.actors() if row["user"] in statuses}
    lost = sorted(user for user, row in rows.items() if row["status"] != "connected")
    assert lost == on_their_way
    for user, token in stored(service).items():
        assert (state_of(service, token) == "live") is (user not in lost), user
    for user in lost:
        check_said(service, user)
    assert all(status == 200 for user, status in statuses.items() if user not in lost)
    assert spent(service) == PEOPLE, "each was renewed once"
    print(f"{at_the_kill} of {PEOPLE} were renewed at the kill, {len(lost)} answers of them were on their way")


def rotated_unheard(service: Service) -> list[str]:
    """Whose refresh token was used there while the new one never came here."""
    return sorted(user for user, token in stored(service).items() if state_of(service, token) == "rotated")


def call_there(service: Service, user: str) -> int:
    """The app calls GitHub with the user's token, while the token's own timer comes due."""
    try:
        path = f"/api/users/{user}/proxy/github/user"
        for _ in range(20):
            answer = service.call("GET", path, by="app", role="service")
            if answer.status_code not in (502, 503, 504):
                break
        return answer.status_code
    except OSError:  # it was killed; requests' errors are of this kind
        return 0


def check_said(service: Service, user: str) -> None:
    told = [event for event in service.events(user) if event["type"] == "needs_reauth"]
    assert [event["reason"] for event in told] == ["answer_lost"]
    assert "cut off" in told[0]["hint"]
    assert told[0]["reconnect_url"]


def settled(service: Service) -> bool:
    """Each has a token that is good for long, or says that it has none."""
    soon = time.time() + 600
    with closing(sqlite3.connect(service.folder / "soulwire.db")) as database:
        sql = (
            "SELECT count(*) FROM platform_connections WHERE user_id LIKE 'user-%' AND platform = 'github' "
            "AND status = 'connected' AND token_expires_at < ?"
        )
        return int(database.execute(sql, (soon,)).fetchone()[0]) == 0


# -- by the platform's own book -----------------------------------------------------------------------


def spent(service: Service) -> int:
    """Refresh tokens that were used."""
    sql = (
        "SELECT count(*) FROM tokens t JOIN grants g ON g.id = t.grant_id WHERE g.platform = 'github' "
        "AND g.user LIKE 'user-%' AND t.kind = 'refresh' AND t.state = 'rotated'"
    )
    with book(service) as state:
        return int(state.execute(sql).fetchone()[0])


def state_of(service: Service, token: Secret) -> str:
    with book(service) as state:
        row = state.execute("SELECT state FROM tokens WHERE token = ?", (token.reveal(),)).fetchone()
    return str(row[0])


def book(service: Service) -> "closing[sqlite3.Connection]":
    return closing(sqlite3.connect(service.folder / "sandbox.db"))


def stored(service: Service) -> dict[str, Secret]:
    """Everyone's refresh token as the service has it on disk."""
    vault = Vault([bytes.fromhex(KEY)])
    found = {}
    with closing(sqlite3.connect(service.folder / "soulwire.db")) as database:
        sql = "SELECT user_id, refresh_token FROM platform_connections WHERE user_id LIKE ? AND platform = 'github'"
        for user, sealed in database.execute(sql, ("user-%",)):
            found[user] = vault.open(sealed, connections.bound_to(ConnectionKey(user, "github"), "refresh_token"))
    return found
