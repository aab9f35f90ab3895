"""What happens while the service is down is told once it is back, soon, and once."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from typing import Any

from tests.e2e.service import Service, eventually

HAPPENINGS = {"github": "issues", "gmail": "mail", "calendar": "event"}


def stored(service: Service, platform: str) -> list[str]:
    path = f"/api/data?platform={platform}&limit=1000"
    items = service.call("GET", path, by="ada", role="user").json()["items"]
    return sorted(str(item["external_id"]) for item in items)


def github_told(service: Service, cursor: str | None) -> list[dict[str, Any]]:
    told = service.events("ada", cursor)
    return [event for event in told if event["type"] == "webhook_received" and event["platform"] == "github"]


def last_alive(service: Service, seconds: float) -> None:
    """As if it had been down for so long."""
    with closing(sqlite3.connect(service.folder / "soulwire.db")) as database, database:
        found = database.execute(
            "UPDATE meta SET value = CAST(value AS REAL) - ? WHERE name IN ('alive_at', 'away_since')", [seconds]
        ).rowcount
        assert found


def healed(service: Service) -> dict[str, float]:
    """What `/metrics` says of it."""
    lines = service.call("GET", "/metrics", by="root", role="admin").text.splitlines()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if line.startswith("soulwire_h")}


def test_what_happened_meanwhile_is_told_once(start_connected: Callable[..., Service]) -> None:
    service = start_connected(API_RATE_LIMIT="10000/m")
    for platform in HAPPENINGS:
        eventually(lambda platform=platform: service.actor("ada", platform)["last_sync"], what=f"{platform}'s look")
    before = {platform: stored(service, platform) for platform in HAPPENINGS}
    cursor = service.call("GET", "/api/events", by="ada", role="user").json()["cursor"]
    service.kill()

    for platform, kind in HAPPENINGS.items():
        service.sandbox.activity(platform, "ada", kind)
    service.start()

    for platform in HAPPENINGS:
        eventually(lambda platform=platform: len(stored(service, platform)) > len(before[platform]), what=platform)
    told = eventually(lambda: github_told(service, cursor), what="the webhook that failed")
    assert len(told) == 1
    assert sum(line["count"] for line in service.logged("deliveries_asked_again")) == 1
    assert healed(service)['soulwire_healed_total{platform="github",what="asked_again"}'] == 1
    assert {
        platform: len(stored(service, platform)) - len(before[platform]) for platform in HAPPENINGS
    } == dict.fromkeys(HAPPENINGS, 1)


def test_slack_which_gives_a_page_a_minute_is_read_conversation_by_conversation(
    start_connected: Callable[..., Service],
) -> None:
    service = start_connected(API_RATE_LIMIT="10000/m")
    before = eventually(lambda: service.actor("ada", "slack")["last_sync"], what="Slack's look")
    service.kill()
    last_alive(service, 600.0)
    service.start()

    eventually(lambda: service.actor("ada", "slack")["last_sync"] > before, what="a look after the start")
    shown = service.actor("ada", "slack")
    wait = datetime.fromisoformat(shown["next_poll"]) - datetime.fromisoformat(shown["last_sync"])
    assert wait.total_seconds() <= 120, "and not the hours until the next safety poll"
