from concurrent.futures import Future

import pytest

from actors.messages import FreshToken, Leave, Poll, Refresh
from actors.platforms.base import Answer
from actors.platforms.failures import CallFailed, GrantRefused
from storage import connections
from storage.records import Secret
from tests.actors.world import ADA, World
from tests.fakes.platform import reply


def refreshes(world: World) -> int:
    return world.far.count("/token") - 1


def test_a_token_is_renewed_before_it_expires(world: World) -> None:
    world.connect()

    world.pass_time(3600 - 601)
    assert refreshes(world) == 0
    world.pass_time(10)

    assert refreshes(world) == 1
    assert [e["type"] for e in world.events("ada", "token_refresh")] == ["token_refresh"]
    assert world.row().generation == 2


def test_a_short_lived_token_is_renewed_a_fifth_of_its_life_ahead(world: World) -> None:
    world.far.expires_in = 100.0
    world.connect()

    world.pass_time(79)
    assert refreshes(world) == 0
    world.pass_time(2)
    assert refreshes(world) == 1


def test_two_hundred_callers_at_once_are_one_call(world: World) -> None:
    world.connect()
    world.clock.jump(3600 - 500)
    replies: list[Future[float | None]] = [Future() for _ in range(200)]

    for reply_ in replies:
        world.directory.tell(ADA, FreshToken(reply_))
    world.settle()

    assert refreshes(world) == 1
    assert {reply_.result() for reply_ in replies} == {world.row().token_expires_at}


def test_orders_that_come_during_a_refresh_join_it(world: World) -> None:
    world.connect()
    replies: list[Future[float | None]] = [Future() for _ in range(5)]
    for reply_ in replies:
        world.directory.tell(ADA, Refresh(reply_))

    world.settle()

    assert refreshes(world) == 1
    assert all(reply_.result() for reply_ in replies)


def test_a_token_that_never_expires_is_never_refreshed(world: World) -> None:
    world.far.expires_in = None
    world.connect()

    world.pass_time(40 * 24 * 3600)

    assert refreshes(world) == 0


def test_the_platform_being_down_is_waited_out_without_a_word_of_reauth(world: World) -> None:
    world.connect()
    world.far.answers = [reply(503, {})] * 3
    world.pass_time(3600 - 600 + 400)

    assert world.row().status == "connected"
    assert world.far.number == 2
    assert world.events("ada", "needs_reauth") == []


def test_a_grant_that_is_gone_is_told_once_with_its_reason_and_link(world: World) -> None:
    world.connect()
    world.far.refuse_refresh = "invalid_grant"

    world.pass_time(24 * 3600)

    (told,) = world.events("ada", "needs_reauth")
    assert told["reason"] == "invalid_grant"
    assert told["reconnect_url"] == "https://soulwire.example/api/oauth/tiny/connect"
    assert refreshes(world) == 1


def test_a_crash_between_the_answer_and_its_commit_is_said_in_words(world: World) -> None:
    """The platform has rotated; what it answered died with the process."""
    world.connect()
    world.database.write(lambda tx: connections.update(tx, ADA, refresh_began_at=world.clock.now())).result()
    world.far.number += 1
    world.crash()
    world.start()

    world.pass_time(3600)

    (told,) = world.events("ada", "needs_reauth")
    assert told["reason"] == "answer_lost"
    assert "cut off" in told["hint"]


def test_the_mark_of_a_refresh_under_way_goes_with_its_end(world: World) -> None:
    world.connect()
    world.far.answers = [CallFailed("refused", "nobody listens"), CallFailed("timeout", "no answer in time")]

    world.order(ADA, lambda r: Refresh(r))
    assert world.row().refresh_began_at is None
    world.order(ADA, lambda r: Refresh(r))
    assert world.row().refresh_began_at is not None
    world.order(ADA, lambda r: Refresh(r))
    assert world.row().refresh_began_at is None


def test_an_actor_told_to_leave_stores_the_token_it_is_waiting_for_first(world: World) -> None:
    world.connect()
    world.directory.tell(ADA, Refresh())
    world.directory.tell(ADA, Leave())

    world.settle()

    token = world.database.read(lambda tx: connections.token(tx, world.vault, ADA))
    assert token is not None
    assert token.refresh == Secret("refresh-2")
    assert world.directory.status(ADA) is None


def test_a_token_that_is_still_good_will_do_while_its_renewal_fails(world: World) -> None:
    world.connect()
    world.clock.jump(3600 - 500)
    world.far.answers = [reply(503, {})]

    answer = world.order(ADA, lambda r: FreshToken(r))

    assert answer.result(0) == world.row().token_expires_at
    assert refreshes(world) == 1


def test_what_the_api_said_before_a_refused_refresh_explains_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.connect()
    rejections: list[int] = []

    def explain(rejection: Answer, refused: GrantRefused) -> GrantRefused:
        rejections.append(rejection.status)
        return GrantRefused("told_by_both", "Both said it.", refused.detail)

    monkeypatch.setattr(world.platform, "refused_after", explain)
    world.far.revoked, world.far.refuse_refresh = True, "invalid_grant"

    world.order(ADA, lambda r: Poll(r))

    assert rejections == [401]
    assert (world.row().status, world.row().reason) == ("needs_reauth", "told_by_both")
    assert [event["hint"] for event in world.events("ada", "needs_reauth")] == ["Both said it."]


def test_so_does_what_it_said_to_a_call_of_the_apps_own(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.connect()
    monkeypatch.setattr(
        world.platform,
        "refused_after",
        lambda rejection, refused: GrantRefused(f"after_{rejection.status}", "Both said it.", refused.detail),
    )
    world.far.refuse_refresh = "invalid_grant"

    world.order(ADA, lambda r: Refresh(r, reply(401, {})))

    assert (world.row().status, world.row().reason) == ("needs_reauth", "after_401")
