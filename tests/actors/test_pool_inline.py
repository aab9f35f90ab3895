"""Turns in the test's own thread: the same order of events, failures included, and no waiting."""

from typing import Any

import pykka
import pytest

from actors.pool import InlineExecutor
from tests.actors.test_pool_semantics import Boom, Pooled, fail


def test_everything_happens_in_the_order_that_threads_would_keep_and_only_when_told() -> None:
    executor = InlineExecutor()
    ref = Pooled.start(executor)
    actor: Any = ref._actor_weakref()
    ref.tell("hello")
    ref.tell(fail)
    late = ref.ask("never answered", block=False)
    assert actor.journal == []
    executor.run_until_idle()
    assert actor.journal == ["on_start", "hello", ("on_failure", Boom, "told to", True)]
    with pytest.raises(pykka.ActorDeadError):
        late.get(timeout=0)
