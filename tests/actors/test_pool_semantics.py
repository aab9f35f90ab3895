"""What Pykka documents of an actor holds for a pooled one: each test runs on Pykka's own ThreadingActor too."""

import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pykka
import pytest

from actors.pool import Pool, PooledActor

SOON = 5


class Boom(Exception):
    pass


class Behaviour:
    """An actor that does what it is told, and writes down what happened to it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        self.given = (args, kwargs)
        self.journal: list[Any] = []
        self.died = threading.Event()
        self.nested = pykka.traversable(Part())

    def on_receive(self, message: Any) -> Any:
        if callable(message):
            return message(self)
        self.journal.append(message)
        return f"got {message}"

    def on_start(self) -> None:
        self.journal.append("on_start")

    def on_stop(self) -> None:
        self.journal.append("on_stop")
        self.died.set()

    def on_failure(self, exception_type: Any, exception_value: Any, traceback: Any) -> None:
        self.journal.append(("on_failure", exception_type, str(exception_value), traceback is not None))
        self.died.set()

    def shout(self, word: str, times: int = 1) -> str:
        return word.upper() * times

    def break_down(self) -> None:
        raise Boom("in a method")


class Part:
    size = 3

    def grow(self) -> int:
        self.size += 1
        return self.size


class Threaded(Behaviour, pykka.ThreadingActor):
    use_daemon_thread = True


class Pooled(Behaviour, PooledActor):
    pass


Start = Callable[..., pykka.ActorRef[Any]]


@pytest.fixture(params=["ThreadingActor", "pool of 1", "pool of 4"])
def start(request: pytest.FixtureRequest) -> Iterator[Start]:
    """Starts a Behaviour, with its methods overridden by `hooks`."""
    threads = {"ThreadingActor": 0, "pool of 1": 1, "pool of 4": 4}[request.param]
    pool = Pool(threads) if threads else None

    def begin(*args: Any, hooks: dict[str, Any] | None = None, **kwargs: Any) -> pykka.ActorRef[Any]:
        base: Any = Pooled if pool else Threaded
        actor_class: Any = type("Probe", (base,), hooks or {})
        ref: pykka.ActorRef[Any] = actor_class.start(*([pool] if pool else []), *args, **kwargs)
        return ref

    yield begin
    pykka.ActorRegistry.stop_all(timeout=SOON)
    if pool:
        assert pool.stop(SOON)


def actor_of(ref: pykka.ActorRef[Any]) -> Any:
    return ref.ask(lambda actor: actor, timeout=SOON)


def fail(actor: Any) -> None:
    raise Boom("told to")


def wait(event: threading.Event) -> Callable[[Any], bool]:
    """A message that keeps its actor busy until the event is set."""
    return lambda _: event.wait(SOON)


def test_start_passes_its_arguments_to_the_constructor(start: Start) -> None:
    ref = start(1, two=2)
    assert actor_of(ref).given == ((1,), {"two": 2})


def test_on_start_runs_before_the_first_message(start: Start) -> None:
    ref = start()
    ref.tell("hello")
    assert actor_of(ref).journal == ["on_start", "hello"]


def test_a_message_that_the_constructor_sends_to_itself_is_handled_after_on_start(start: Start) -> None:
    def begin(self: Any) -> None:
        Behaviour.__init__(self)
        self.actor_ref.tell("from the constructor")

    assert actor_of(start(hooks={"__init__": begin})).journal == ["on_start", "from the constructor"]


def test_told_messages_are_handled_in_the_order_of_telling(start: Start) -> None:
    ref = start()
    for number in range(1000):
        ref.tell(number)
    assert actor_of(ref).journal == ["on_start", *range(1000)]


def test_tell_returns_at_once_even_when_the_actor_is_busy(start: Start) -> None:
    ref, done = start(), threading.Event()
    ref.tell(wait(done))
    ref.tell("next")
    assert not done.is_set()
    done.set()


def test_ask_returns_what_on_receive_returns(start: Start) -> None:
    assert start().ask("hello", timeout=SOON) == "got hello"


def test_ask_without_blocking_returns_a_future(start: Start) -> None:
    future = start().ask("hello", block=False)
    assert isinstance(future, pykka.Future)
    assert future.get(timeout=SOON) == "got hello"


def test_ask_gives_up_waiting_after_its_timeout(start: Start) -> None:
    ref, done = start(), threading.Event()
    with pytest.raises(pykka.Timeout):
        ref.ask(wait(done), timeout=0.01)
    done.set()


def test_what_an_asked_message_raises_reaches_the_asker_and_the_actor_lives(start: Start) -> None:
    ref = start()
    with pytest.raises(Boom, match="told to"):
        ref.ask(fail, timeout=SOON)
    assert ref.ask("still there", timeout=SOON) == "got still there"
    assert actor_of(ref).journal == ["on_start", "still there"]


def test_what_an_asked_message_raises_is_logged_at_info_only(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    ref = start()
    with caplog.at_level(logging.INFO, "pykka"), pytest.raises(Boom):
        ref.ask(fail, timeout=SOON)
    assert [record.levelno for record in caplog.records if record.exc_info] == [logging.INFO]


def test_what_a_told_message_raises_ends_the_actor_by_on_failure(start: Start) -> None:
    ref = start()
    actor = actor_of(ref)
    ref.tell(fail)
    assert actor.died.wait(SOON)
    assert actor.journal == ["on_start", ("on_failure", Boom, "told to", True)]
    assert not ref.is_alive()


def test_what_a_told_message_raises_is_logged_as_an_error(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    ref = start()
    actor = actor_of(ref)
    ref.tell(fail)
    assert actor.died.wait(SOON)
    assert [record.levelno for record in caplog.records if record.exc_info] == [logging.ERROR]


def test_the_actor_counts_as_dead_before_on_failure_runs(start: Start) -> None:
    seen: list[bool] = []

    def on_failure(self: Any, *exc_info: Any) -> None:
        seen.append(self.actor_ref.is_alive())
        self.died.set()

    ref = start(hooks={"on_failure": on_failure})
    actor = actor_of(ref)
    ref.tell(fail)
    assert actor.died.wait(SOON)
    assert seen == [False]


def test_messages_waiting_at_a_failure_are_dropped_and_waiting_asks_are_answered(start: Start) -> None:
    ref, done = start(), threading.Event()
    actor = actor_of(ref)
    ref.tell(wait(done))
    ref.tell(fail)
    ref.tell("never handled")
    answer = ref.ask("never answered", block=False)
    done.set()
    with pytest.raises(pykka.ActorDeadError):
        answer.get(timeout=SOON)
    assert actor.journal == ["on_start", ("on_failure", Boom, "told to", True)]


def test_a_dead_ref_refuses_tell_and_ask(start: Start) -> None:
    ref = start()
    ref.stop(timeout=SOON)
    with pytest.raises(pykka.ActorDeadError):
        ref.tell("too late")
    with pytest.raises(pykka.ActorDeadError):
        ref.ask("too late", timeout=SOON)
    with pytest.raises(pykka.ActorDeadError):
        ref.ask("too late", block=False).get(timeout=SOON)
    with pytest.raises(pykka.ActorDeadError):
        ref.proxy()


def test_stop_lets_earlier_messages_be_handled_and_runs_on_stop_once(start: Start) -> None:
    ref, done = start(), threading.Event()
    actor = actor_of(ref)
    ref.tell(wait(done))
    ref.tell("before")
    stopped = ref.stop(block=False)
    ref.tell("after")
    done.set()
    assert stopped.get(timeout=SOON) is True
    assert actor.journal == ["on_start", "before", "on_stop"]
    assert not ref.is_alive()


def test_two_stops_on_the_way_both_say_that_it_was_stopping(start: Start) -> None:
    ref, done = start(), threading.Event()
    actor = actor_of(ref)
    ref.tell(wait(done))
    first, second = ref.stop(block=False), ref.stop(block=False)
    done.set()
    assert (first.get(timeout=SOON), second.get(timeout=SOON)) == (True, True)
    assert actor.journal.count("on_stop") == 1


def test_stopping_a_dead_actor_says_that_it_was_dead(start: Start) -> None:
    ref = start()
    assert ref.stop(timeout=SOON) is True
    assert ref.stop(timeout=SOON) is False


def test_an_actor_can_stop_itself(start: Start) -> None:
    ref = start()
    actor = actor_of(ref)
    ref.tell(lambda actor: actor.stop())
    assert actor.died.wait(SOON)
    assert actor.journal == ["on_start", "on_stop"]


def test_a_failing_on_start_ends_the_actor_without_on_failure(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    died = threading.Event()
    journal: list[str] = []

    def on_start(self: Any) -> None:
        died.wait(SOON)
        fail(self)

    ref = start(hooks={"on_start": on_start, "on_failure": lambda *_: journal.append("on_failure")})
    answer = ref.ask("anyone there?", block=False)
    died.set()
    with pytest.raises(pykka.ActorDeadError):
        answer.get(timeout=SOON)
    assert journal == []
    assert [record.levelno for record in caplog.records if record.exc_info] == [logging.ERROR]


def test_a_failing_on_stop_is_logged_and_the_actor_stops(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    ref = start(hooks={"on_stop": fail})
    assert ref.stop(timeout=SOON) is True
    assert not ref.is_alive()
    assert [record.levelno for record in caplog.records if record.exc_info] == [logging.ERROR]


def test_a_failing_on_failure_is_logged_and_asks_are_answered(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    ref, done = start(hooks={"on_failure": lambda self, *_: fail(self)}), threading.Event()
    ref.tell(wait(done))
    ref.tell(fail)
    answer = ref.ask("anyone there?", block=False)
    done.set()
    with pytest.raises(pykka.ActorDeadError):
        answer.get(timeout=SOON)
    assert [record.levelno for record in caplog.records if record.exc_info] == [logging.ERROR, logging.ERROR]


def test_a_proxy_calls_reads_and_writes(start: Start) -> None:
    proxy = start().proxy()
    assert proxy.shout("hey", times=2).get(timeout=SOON) == "HEYHEY"
    proxy.mood = "calm"
    assert proxy.mood.get(timeout=SOON) == "calm"
    assert proxy.nested.grow().get(timeout=SOON) == 4
    assert proxy.nested.size.get(timeout=SOON) == 4


def test_a_proxy_call_that_raises_reaches_the_caller(start: Start) -> None:
    proxy = start().proxy()
    with pytest.raises(Boom, match="in a method"):
        proxy.break_down().get(timeout=SOON)
    assert proxy.shout("on").get(timeout=SOON) == "ON"


def test_a_deferred_proxy_call_that_raises_ends_the_actor(start: Start) -> None:
    ref = start()
    actor = actor_of(ref)
    ref.proxy().break_down.defer()
    assert actor.died.wait(SOON)
    assert actor.journal[-1] == ("on_failure", Boom, "in a method", True)


def test_an_actor_without_on_receive_warns_of_what_it_was_told(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    ref = start(hooks={"on_receive": pykka.Actor.on_receive})
    assert ref.ask("what?", timeout=SOON) is None
    assert "Unexpected message received" in caplog.text


def test_every_actor_has_its_own_urn(start: Start) -> None:
    refs = [start() for _ in range(50)]
    assert len({ref.actor_urn for ref in refs}) == 50
    assert refs[0].actor_urn in str(refs[0])


def test_the_refs_of_one_actor_are_one(start: Start) -> None:
    ref = start()
    assert actor_of(ref).actor_ref is ref


def test_actors_tell_each_other(start: Start) -> None:
    first, second, heard = start(), start(), threading.Event()
    first.tell(lambda _: second.tell(lambda _: first.tell(lambda _: heard.set())))
    assert heard.wait(SOON)
