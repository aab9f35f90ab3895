"""Started again, everything is where it was; what fell due meanwhile is done soon, and not all at once."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from tests.e2e.listeners import SocketListener
from tests.e2e.service import Service, eventually

TOKEN_PATHS = ("/login/oauth/access_token", "/api/token")
PEOPLE = 20
INTERVAL = 20.0
"""Seconds between Spotify polls in the test of what fell due."""

End = Callable[[Service], object]


@pytest.fixture(params=[Service.kill, Service.stop], ids=["killed", "stopped"])
def end(request: pytest.FixtureRequest) -> End:
    how: End = request.param
    return how


def schedule(service: Service) -> dict[tuple[str, str], Any]:
    return {(row["user"], row["platform"]): row["next_poll"] for row in service.actors()}


def test_connections_come_back_by_themselves_where_they_were(service: Service) -> None:
    before, polls = service.actors(), schedule(service)
    calls = {platform: len(service.sandbox.calls(platform)) for platform in ("github", "spotify")}

    service.kill()
    service.start()

    eventually(lambda: all(row["state"] == "running" for row in service.actors()), what="every actor")
    assert schedule(service) == polls, "timers are where they were"
    kept = ("user", "platform", "status", "method", "last_sync", "token_expires_at")
    assert [[row[name] for name in kept] for row in service.actors()] == [
        [row[name] for name in kept] for row in before
    ]
    for platform, count in calls.items():
        assert service.sandbox.calls(platform)[count:] == [], "nobody was asked for anything again"


def test_tokens_are_good_after_an_orderly_stop_too(service: Service) -> None:
    polls = schedule(service)
    service.stop()
    service.start()

    for platform in ("github", "spotify"):
        assert service.order("ada", platform, "poll").status_code == 200
    calls = [call for platform in ("github", "spotify") for call in service.sandbox.calls(platform)]
    assert not [call for call in calls if call["path"].endswith(TOKEN_PATHS)], "no token was asked for"
    assert {key: at for key, at in schedule(service).items() if key[0] != "ada"} == {
        key: at for key, at in polls.items() if key[0] != "ada"
    }


def test_hooks_still_arrive(service: Service, listen: Callable[..., Any], end: End) -> None:
    end(service)
    service.start()
    screen = listen(SocketListener, service, "ada")

    sent = service.sandbox.activity("github", "ada", "push")["deliveries"]

    assert screen.wait_for_webhook(sent[0])["kind"] == "push"


def test_what_fell_due_meanwhile_runs_soon_and_spread_out(make_service: Callable[..., Service]) -> None:
    service = make_service(SANDBOX_PEOPLE=str(PEOPLE), SPOTIFY_POLL=f"{INTERVAL:.0f}s", GITHUB_HOOK_REPOS="0")
    service.start()
    eventually(lambda: len(synced(service, 0.0)) == PEOPLE + 3, 60.0, what="everyone's first poll")
    service.kill()
    move_polls_back(service, 3600.0)

    service.start()
    began = time.time()

    eventually(lambda: len(synced(service, began)) == PEOPLE + 3, INTERVAL + 10.0, what="everyone's next poll")
    times = sorted(synced(service, began))
    assert max(times) - began < INTERVAL + 5.0
    assert len([at for at in times if at - times[0] < 1.0]) < PEOPLE / 2, "not all at once"


def test_who_is_cut_off_in_the_middle_of_connecting_is_connected_in_the_end(
    make_service: Callable[..., Service],
) -> None:
    service = make_service()
    for moment in (0.02, 0.05, 0.1):
        service.start()
        service.has_ended(moment)
        service.kill()

    service.start()

    def connected() -> bool:
        rows = service.actors()
        return {row["status"] for row in rows} == {"connected"} and len(rows) == 3 * len(service.sandbox.platforms())

    eventually(connected, what="everyone connected")
    for user in ("ada", "grace", "alan"):
        for platform in ("github", "spotify"):
            assert service.order(user, platform, "poll").status_code == 200


def test_an_actor_that_an_administrator_stopped_stays_so(service: Service, end: End) -> None:
    assert service.order("ada", "github", "stop").status_code == 200
    eventually(lambda: service.actor("ada", "github")["state"] == "stopped", what="the stop")

    end(service)
    service.start()

    eventually(lambda: service.actor("ada", "spotify")["state"] == "running", what="the others")
    assert service.actor("ada", "github")["state"] == "stopped"
    assert service.order("ada", "github", "restart").status_code == 200
    eventually(lambda: service.actor("ada", "github")["state"] == "running", what="the restart")


def test_an_old_cursor_of_this_database_is_good_and_another_ones_is_not(
    service: Service, listen: Callable[..., Any], end: End
) -> None:
    cursor = listen(SocketListener, service, "ada").greetings[0]["cursor"]
    end(service)
    service.start()

    good, foreign = (listen(SocketListener, service, "ada", cursor=asked) for asked in (cursor, f"another{cursor[7:]}"))

    assert good.greetings[0]["recovered"] is True
    assert foreign.greetings[0]["recovered"] is False
    assert foreign.greetings[0]["reason"]


def synced(service: Service, after: float) -> list[float]:
    """When everyone's Spotify was last polled, of those after that time."""
    with closing(sqlite3.connect(service.folder / "soulwire.db")) as database:
        rows = database.execute("SELECT last_sync FROM platform_connections WHERE platform = 'spotify'").fetchall()
    return [at for (at,) in rows if at is not None and at > after]


def move_polls_back(service: Service, seconds: float) -> None:
    """As if it had been down for so long."""
    with closing(sqlite3.connect(service.folder / "soulwire.db")) as database, database:
        database.execute("UPDATE platform_connections SET next_poll = next_poll - ? WHERE next_poll > 0", [seconds])
