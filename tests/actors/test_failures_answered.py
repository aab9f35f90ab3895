"""Whoever asked and is told that it failed finds it so: stored first, then answered."""

from concurrent.futures import Future
from typing import Any

import pytest

from actors.messages import Poll
from tests.actors.world import ADA, World
from tests.fakes.platform import reply


@pytest.mark.parametrize(
    ("answers", "status", "error"),
    [
        ([reply(503, {})], "connected", "503"),
        ([reply(401, {}), reply(400, {"error": "invalid_grant"})], "needs_reauth", "Please reconnect."),
    ],
)
def test_the_row_says_it_by_then(world: World, answers: list[Any], status: str, error: str) -> None:
    world.connect()
    world.far.answers = answers
    found: list[tuple[str, str | None]] = []
    answer: Future[Any] = Future()
    answer.add_done_callback(lambda _: found.append((world.row().status, world.row().error_message)))

    world.directory.tell(ADA, Poll(answer))
    world.settle()

    assert answer.exception(timeout=0) is not None
    assert found == [(status, error)]
