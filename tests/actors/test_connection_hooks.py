import pytest

from actors.messages import Disconnect, HookHeard, Poll
from actors.operations.hook import LOOK_AGAIN
from actors.platforms.base import SoFar
from actors.platforms.failures import AppMisconfigured, CallFailed, HookRefused
from storage import addresses, hooks, meta
from storage.records import Hook, Secret
from tests.actors.world import ADA, World


def test_a_hooks_secret_is_known_before_the_platform_can_use_it(world: World) -> None:
    """It may send at once, before its answer to the registration has come."""
    known: list[int] = []
    send = world.far.send

    def spy(call, bearer, client):  # type: ignore[no-untyped-def]
        if call.url.endswith("/api/hooks"):
            stored = world.database.read(lambda tx: hooks.of(tx, world.vault, ADA))
            known.append(sum(hook.secret == call.form["secret"] for hook in stored))
        return send(call, bearer, client)

    world.far.send = spy  # type: ignore[method-assign]
    world.connect()

    assert known == [1]
    stored = world.database.read(lambda tx: hooks.of(tx, world.vault, ADA))
    assert [hook.external_id for hook in stored] == ["hook-1"]


def test_what_asks_at_a_hooks_address_before_the_hook_stands_finds_its_user(world: World) -> None:
    """Some platforms call back while they are still answering the registration."""
    found: list[addresses.Behind] = []

    def register(_account, _url, _known, new_secret, now):  # type: ignore[no-untyped-def]
        yield from ()
        new_secret("channel-1", Secret("agreed"))
        found.extend(world.database.read(lambda tx: addresses.behind(tx, world.vault, "tiny", "channel-1")))
        return [Hook("hook-1", "everything", Secret("agreed"), now + 432_000, "channel-1")]

    world.platform.register = register  # type: ignore[method-assign]
    world.connect()

    assert [(one.user, one.secret, one.where) for one in found] == [("ada", Secret("agreed"), "")]
    stood = world.database.read(lambda tx: addresses.behind(tx, world.vault, "tiny", "channel-1"))
    assert [(one.user, one.where) for one in stood] == [("ada", "everything")]


def test_where_no_hook_can_be_made_it_is_polled_and_says_why(world: World) -> None:
    def refused(*_):  # type: ignore[no-untyped-def]
        raise HookRefused("no repository that you administer")
        yield

    world.platform.register = refused  # type: ignore[method-assign]
    world.connect()

    assert world.status().method == "polling"
    assert "no repository" in (world.status().method_reason or "")
    assert world.row().status == "connected"


def test_hooks_are_looked_at_again_within_a_day_also_after_a_start(world: World) -> None:
    looks: list[int] = []
    register = world.platform.register

    def counted(*given):  # type: ignore[no-untyped-def]
        looks.append(1)
        return register(*given)

    world.platform.register = counted  # type: ignore[method-assign]
    world.connect()
    world.pass_time(LOOK_AGAIN + 1)
    assert len(looks) == 2
    world.crash()
    world.start()
    world.pass_time(LOOK_AGAIN + 1)
    assert len(looks) >= 3


def test_a_registration_that_a_crash_cut_off_is_made_again(world: World) -> None:
    world.far.hooks = False
    world.connect()
    world.far.hooks = True

    world.pass_time(3700)

    assert world.far.count("/api/hooks") >= 2
    assert world.row().hook_error is None


def test_what_a_lost_answer_may_have_made_is_taken_back_once_hooks_stand(world: World) -> None:
    """The first try is cut off after the platform was asked; of the second, one of two goes unheard."""
    taken_back: list[tuple[list[str | None], list[str]]] = []
    tries = iter(["first", "second"])

    def register(_account, _url, _known, new_secret, _now):  # type: ignore[no-untyped-def]
        which = next(tries)
        secret = new_secret(f"{which}-a")
        if which == "first":
            raise CallFailed("timeout", "no answer in time")
        new_secret(f"{which}-b")
        yield from ()
        return [Hook("a", "everything", secret, address=f"{which}-a")]

    def take_back(left, made):  # type: ignore[no-untyped-def]
        taken_back.append(([hook.address for hook in left], [hook.external_id for hook in made]))
        yield from ()
        raise CallFailed("timeout", "no answer in time")

    world.platform.register = register  # type: ignore[method-assign]
    world.platform.take_back = take_back  # type: ignore[method-assign]
    world.connect()
    assert taken_back == []
    world.pass_time(3700)

    assert taken_back == [(["first-a", "second-b"], ["a"])]
    stored = world.database.read(lambda tx: hooks.of(tx, world.vault, ADA))
    assert [hook.external_id for hook in stored] == ["a"]


def test_what_trouble_kept_from_being_made_is_gone_on_with_within_the_hour(world: World) -> None:
    tries = iter([SoFar, list, list])
    looks: list[float] = []

    def register(_account, _url, _known, new_secret, now):  # type: ignore[no-untyped-def]
        yield from ()
        looks.append(now)
        return next(tries)([Hook("a", "everything", new_secret())])

    world.platform.register = register  # type: ignore[method-assign]
    world.connect()
    world.pass_time(3700)
    assert len(looks) == 2
    world.pass_time(3700)
    assert len(looks) == 2


def test_hooks_are_looked_at_as_soon_as_a_poll_finds_what_wants_one_of_its_own(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    register = world.platform.register

    def counted(*given):  # type: ignore[no-untyped-def]
        looks.append(1)
        return register(*given)

    world.platform.register = counted  # type: ignore[method-assign]
    monkeypatch.setattr(type(world.platform), "hooks_follow", frozenset({"things"}))
    world.far.items = [1]
    world.connect()
    world.order(ADA, lambda reply: Poll(reply))
    world.pass_time(1)
    assert len(looks) == 1  # what the first poll found, the hooks after the connect know

    world.far.items = [1, 2]
    world.order(ADA, lambda reply: Poll(reply))
    world.pass_time(1)
    assert len(looks) == 2


def test_a_wrong_client_secret_is_no_fault_of_the_users(world: World) -> None:
    def refresh(_):  # type: ignore[no-untyped-def]
        raise AppMisconfigured("app_secret_changed", "Whoever runs it must correct them.")
        yield

    world.platform.refresh = refresh  # type: ignore[method-assign]
    world.connect()
    world.pass_time(3600)

    assert world.row().status == "connected"
    assert world.row().reason == "app_secret_changed"


def test_registrations_that_fail_again_and_again_leave_no_heap_of_secrets(world: World) -> None:
    """Each would be tried on every webhook that comes."""
    world.far.hooks = False
    world.connect()
    world.pass_time(24 * 3600)

    stored = world.database.read(lambda tx: hooks.of(tx, world.vault, ADA))

    assert world.far.count("/api/hooks") > 10
    assert len(stored) <= 2


def test_hooks_are_looked_at_daily_also_when_the_service_starts_anew_every_few_hours(world: World) -> None:
    looks: list[int] = []
    register = world.platform.register

    def counted(*given):  # type: ignore[no-untyped-def]
        looks.append(1)
        return register(*given)

    world.connect()
    world.platform.register = counted  # type: ignore[method-assign]
    for _ in range(3 * 24):
        world.pass_time(3600)
        world.crash()
        world.start()

    assert len(looks) >= 3


def test_a_handshake_is_as_good_as_a_push_to_know_that_the_hook_reaches_us(world: World) -> None:
    world.connect()
    assert world.status().method == "polling"
    assert "not even a handshake" in (world.status().method_reason or "")

    world.directory.tell(ADA, HookHeard(world.clock.now()))
    world.settle()

    assert world.status().method == "webhook"
    assert "handshake" in (world.status().method_reason or "")
    polls = world.far.count("/api/items")
    world.pass_time(3600)
    assert world.far.count("/api/items") == polls + 1, "the one that was due, and then the safety net's pace"
    world.pass_time(24 * 3600)
    assert world.status().method == "polling"
    assert "silent" in (world.status().method_reason or "")


def test_a_platform_that_reaches_everybodys_door_reaches_each_connection_also_after_a_start(world: World) -> None:
    world.connect()
    world.database.write(lambda tx: meta.hear_door(tx, "tiny", world.clock.now())).result()
    world.crash()
    world.start()

    assert world.status().method == "webhook"


def test_what_was_heard_before_a_disconnect_says_nothing_of_the_hook_that_is_made_after_it(world: World) -> None:
    world.connect()
    world.directory.tell(ADA, HookHeard(world.clock.now()))
    world.order(ADA, lambda reply: Disconnect(reply=reply))

    world.connect()

    assert world.row().hook_seen_at is None
    assert world.status().method == "polling"
