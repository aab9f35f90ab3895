"""What GitHub really sends, by its own examples: all of it is stored, and the kinds that we ask for are readable."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.e2e.hooks import headers, post
from tests.e2e.listeners import SocketListener
from tests.e2e.service import Service, eventually

EXAMPLES = Path(__file__).parent.parent / "npm/node_modules/@octokit/webhooks-examples/api.github.com/index.json"
READABLE = ("push", "issues", "pull_request", "release", "star", "fork")


def examples() -> dict[str, tuple[str, dict[str, Any]]]:
    """The kind and the payload of each, by a delivery id."""
    assert EXAMPLES.exists(), "these tests need GitHub's examples: sh deploy/prepare npm_packages"
    kinds = json.loads(EXAMPLES.read_bytes())
    every = [(kind["name"], payload) for kind in kinds for payload in kind["examples"]]
    return {f"example-{number:03}": one for number, one in enumerate(every)}


def test_every_example_that_github_publishes_is_stored_and_told(service: Service, listen: Callable[..., Any]) -> None:
    screen = listen(SocketListener, service, "ada")
    sent = examples()
    assert len(sent) > 300

    for delivery_id, (kind, payload) in sent.items():
        body = json.dumps(payload).encode()
        answer = post(service, "ada", body, headers(body, delivery_id, kind=kind))
        assert answer.status_code == 202, f"{delivery_id} {kind}: {answer.text}"

    screen.wait_for_webhook(list(sent)[-1])
    eventually(lambda: states(service, sent) == {"done"}, what="all of them worked off")
    screen.check()
    told = {event["delivery_id"]: event for event in screen.webhooks()}
    assert sent.keys() <= told.keys()
    for delivery_id, (kind, payload) in sent.items():
        check(told[delivery_id], kind, payload)


def states(service: Service, sent: dict[str, Any]) -> set[str]:
    rows = {row["delivery_id"]: row["state"] for row in service.deliveries(user="ada", platform="github")}
    return {rows.get(delivery_id, "missing") for delivery_id in sent}


def check(event: dict[str, Any], kind: str, payload: dict[str, Any]) -> None:
    assert event["kind"] == kind
    assert event["message"]
    assert "None" not in event["message"]
    assert "{" not in event["message"]
    if kind not in READABLE:
        return
    who, where = payload["sender"]["login"], payload["repository"]["full_name"]
    assert (event["who"], event["where"]) == (who, where)
    assert event["what"]
    assert event["url"].startswith("https://github.com/")
    assert event["message"].startswith(f"{who} ")
    assert where in event["message"]
    assert " changed " not in event["message"], "a deed that there are no words for"
