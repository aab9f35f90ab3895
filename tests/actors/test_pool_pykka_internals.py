"""The private parts of Pykka that a pooled actor leans on are where they were: a release that moves them fails here."""

import inspect
import textwrap
from importlib.metadata import version

import pykka
from pykka import _actor, _ref
from pykka._envelope import Envelope


def source(thing: object) -> str:
    return textwrap.dedent(inspect.getsource(thing))  # type: ignore[arg-type]


def test_the_release_is_the_one_that_was_read() -> None:
    assert version("pykka") == "4.5.0"


def test_the_loop_is_in_three_parts() -> None:
    body = source(_actor.Actor._actor_loop)
    parts = [body.index(f"self._actor_loop_{part}()") for part in ("setup", "running", "teardown")]
    assert parts == sorted(parts)


def test_the_inbox_is_read_outside_the_loops_try_so_that_what_it_raises_ends_the_turn() -> None:
    lines = [line.strip() for line in source(_actor.Actor._actor_loop_running).splitlines()]
    read = lines.index("envelope = self.actor_inbox.get()")
    assert lines[read - 1] == "while not self.actor_stopped.is_set():"
    assert lines[read + 1] == "try:"
    assert "response = self._handle_receive(envelope.message)" in lines


def test_the_teardown_asks_whether_the_inbox_is_empty_before_each_get() -> None:
    lines = [line.strip() for line in source(_actor.Actor._actor_loop_teardown).splitlines()]
    assert lines[1:3] == ["while not self.actor_inbox.empty():", "envelope = self.actor_inbox.get()"]


def test_the_constructor_sets_no_more_than_what_a_pooled_actor_sets_in_its_place() -> None:
    body = source(_actor.Actor.__init__).split('"""')[-1]
    assigned = [line.split("=")[0].strip() for line in body.splitlines() if "=" in line]
    assert assigned == ["self.actor_urn", "self.actor_inbox", "self.actor_stopped", "self._actor_ref"]


def test_of_the_stopped_flag_only_set_and_is_set_are_used() -> None:
    package = "".join(inspect.getsource(module) for module in (_actor, _ref, pykka._proxy, pykka._threading))
    uses = {use.split("(")[0].split()[0] for use in package.split("actor_stopped.")[1:]}
    assert uses == {"set", "is_set"}


def test_stopping_and_failing_go_through_the_methods_that_are_overridden() -> None:
    assert "return self._stop()" in source(_actor.Actor._handle_receive)
    assert "self.actor_stopped.set()" in source(_actor.Actor._handle_failure)
    assert "self.on_start()" in source(_actor.Actor._actor_loop_setup)


def test_a_ref_puts_envelopes_into_the_inbox_and_makes_futures_by_the_class() -> None:
    assert "self.actor_inbox.put(Envelope(message))" in source(_ref.ActorRef.tell)
    assert "self.actor_class._create_future()" in source(_ref.ActorRef.ask)
    assert Envelope("message").reply_to is None
