"""A hundred thousand resident actors are the design point, so a bare one is small."""

import tracemalloc

from actors.pool import InlineExecutor, PooledActor


class Bare(PooledActor):
    def on_receive(self, message: object) -> object:
        return message


def test_a_bare_actor_takes_at_most_one_and_a_half_kib_once_it_is_idle() -> None:
    executor = InlineExecutor()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        refs = [Bare.start(executor) for _ in range(2000)]
        for ref in refs:
            ref.tell("hello")
        executor.run_until_idle()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (after - before) / len(refs) < 1.5 * 1024
