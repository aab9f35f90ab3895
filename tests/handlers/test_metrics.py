"""`/metrics`, in the words of Prometheus."""

import re
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from actors.status import Parked, Supervision
from storage import events, subscriptions
from storage.records import Draft, Secret
from storage.subscriptions import Subscription
from storage.transaction import Transaction
from storage.trouble import Health
from tests.handlers.serving import Answer, Serving

GUIDE = Path(__file__).parents[2] / "deploy" / "README.md"


def read(answer: Answer) -> dict[tuple[str, str], float]:
    """By name and the values of the labels."""
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    families = text_string_to_metric_families(answer.body.decode())
    return {
        (sample.name, " ".join(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in families
        for sample in family.samples
    }


def test_what_happened_can_be_read_off(serving: Serving) -> None:
    serving.connect()
    serving.hook()
    serving.hook()
    serving.hook(delivery="d-2", secret="guess")
    serving.get("/nothing-of-this-name")
    serving.directory.supervision = Supervision(
        children=7, restarting=1, restarts=4, parked=(Parked("a/b", "x", 0, 0),)
    )
    serving.directory.heals.count("github", "asked_again", 3)
    serving.directory.heals.count("github", "asked_again", 2)
    found = read(serving.get("/metrics", role="admin"))
    route = "/api/webhooks/{platform}/{user}"
    assert found["soulwire_http_requests_total", f"POST {route} 202"] == 2
    assert found["soulwire_http_requests_total", f"POST {route} 401"] == 1
    assert found["soulwire_http_requests_total", "GET none 404"] == 1
    assert found["soulwire_http_seconds_count", route] == 3
    assert found["soulwire_http_seconds_bucket", f"+Inf {route}"] == 3
    assert found["soulwire_webhooks_total", "accepted github"] == 1
    assert found["soulwire_webhooks_total", "duplicate github"] == 1
    assert found["soulwire_webhooks_total", "wrong_signature github"] == 1
    assert found["soulwire_actors", "running"] == 5
    assert found["soulwire_actors", "parked"] == 1
    assert found["soulwire_actor_restarts_total", ""] == 4
    assert found["soulwire_healed_total", "github asked_again"] == 5
    assert found["soulwire_connections", "github connected"] == 1
    assert found["soulwire_streams", "sse"] == 0
    assert found["soulwire_storage_ok", ""] == 1


def test_pushes_are_counted_by_how_they_ended_and_those_that_wait_are_read(serving: Serving) -> None:
    counts = serving.parts.push_counts
    counts.sent, counts.failed, counts.refused, counts.unneeded, counts.devices_dropped = 5, 4, 3, 2, 1
    device = Subscription(Secret("https://push.example/1"), "push.example", "", Secret(""))
    hello = Draft("notification", {"title": "Hi"})

    def unit(tx: Transaction) -> None:
        subscriptions.keep(tx, serving.vault, "ada", device, 0.0)
        events.append(tx, "ada", [hello, hello], 0.0)

    serving.write(unit)
    found = read(serving.get("/metrics", role="admin"))
    outcomes = ("sent", "failed", "refused", "unneeded")
    assert [found["soulwire_pushes_total", outcome] for outcome in outcomes] == [5, 4, 3, 2]
    assert found["soulwire_push_devices_dropped_total", ""] == 1
    assert found["soulwire_pushes_waiting", ""] == 2


def test_what_is_passed_in_is_shown_too(serve: Any) -> None:
    serving = serve(gauges={"turns_waiting": lambda: 42.0})
    assert read(serving.get("/metrics", role="admin"))["soulwire_turns_waiting", ""] == 42


def test_no_stranger_makes_a_label(serving: Serving) -> None:
    for number in range(30):
        serving.ask("GET", f"/stranger-{number}")
        serving.ask("POST", f"/api/webhooks/stranger-{number}/ada")
        serving.ask(f"FROB{number}", "/health")
    text = serving.get("/metrics", role="admin").body.decode()
    assert "stranger" not in text
    assert "FROB" not in text
    assert "OTHER" in text


@pytest.mark.parametrize(
    ("given", "status"), [("Bearer scrape-me", 200), ("Bearer scrape-you", 401), ("scrape-me", 401), ("Bearer é", 401)]
)
def test_a_token_of_its_own_reads_it(serve: Any, given: str, status: int) -> None:
    serving = serve(metrics_token=Secret("scrape-me"))
    assert serving.ask("GET", "/metrics", None, {"Authorization": given}).status == status
    assert serving.get("/metrics", role="admin").status == 200


def test_it_is_there_when_the_database_is_not(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving.database, "health", lambda: Health(False, "lost", 0.0))
    monkeypatch.setattr(serving.database, "read", None)
    found = read(serving.get("/metrics", role="admin"))
    assert found["soulwire_storage_ok", ""] == 0
    assert ("soulwire_pushes_waiting", "") not in found


def test_every_figure_is_explained(serve: Any) -> None:
    """What `run.py` passes in is looked for by its name."""
    serving = serve(gauges={"turns_waiting": lambda: 0.0, "timers": lambda: 0.0})
    text = serving.get("/metrics", role="admin").body.decode()
    shown = {family.name for family in text_string_to_metric_families(text)}
    listed = re.findall(r"^\| `(soulwire_\w+)", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    assert {name.removesuffix("_total") for name in listed} == shown
    assert len(listed) == len(shown)


def test_what_operators_are_told_to_watch_is_there(serving: Serving) -> None:
    told = re.findall(r"^- .*(soulwire_\w+)", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    text = serving.get("/metrics", role="admin").body.decode()
    assert "soulwire_storage_ok" in told
    assert set(told) <= set(re.findall(r"^# TYPE (\w+) ", text, re.MULTILINE))
