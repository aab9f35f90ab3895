import pytest

from actors.lane import Job
from actors.messages import Connect, Disconnect, Poll
from actors.operations.connect import OtherAccount
from storage import connections
from storage.records import Account, Secret
from tests.actors.world import ADA, GRACE, World
from tests.fakes.platform import reply


def test_a_code_becomes_a_connection_with_its_account_token_hook_and_first_poll(world: World) -> None:
    world.far.items = [1, 2, 3]

    row = world.connect()

    assert row.status == "connected"
    assert row.account == Account("7", "tim")
    assert row.token_expires_at == world.clock.now() + 3600
    assert [e["type"] for e in world.events()] == ["connected", "new_data", "platform_sync"]
    assert world.items() == ["1", "2", "3"]
    assert world.far.count("/api/hooks") == 1


def test_a_refused_code_leaves_nothing_half_stored_and_is_told(world: World) -> None:
    world.far.answers = [reply(400, {"error": "invalid_grant"})]
    world.database.write(lambda tx: connections.create(tx, ADA, 0.0)).result()

    answer = world.order(ADA, lambda r: Connect(Secret("bad"), "https://x", None, r))

    assert answer.exception() is not None
    assert world.database.read(lambda tx: connections.get(tx, ADA)) is None
    assert [e["code"] for e in world.events("ada", "problem")] == ["connect_failed"]
    assert world.directory.status(ADA) is None


def test_a_reconnect_with_another_account_is_refused_and_the_old_token_stays(world: World) -> None:
    before = world.connect()
    world.far.answers = [
        reply(200, {"access": "access-1", "refresh": "refresh-1", "expires_in": 3600}),
        reply(200, {"id": "8", "name": "tom"}),
    ]

    answer = world.order(ADA, lambda r: Connect(Secret("code"), "https://x", None, r))

    assert isinstance(answer.exception(), OtherAccount)
    assert world.row().generation == before.generation
    assert world.row().account == Account("7", "tim")


def test_a_reconnect_of_the_same_account_keeps_cursors_and_ends_the_trouble(world: World) -> None:
    world.far.items = [1]
    world.connect()
    world.far.refuse_refresh = "invalid_grant"
    world.pass_time(3600)
    assert world.row().status == "needs_reauth"
    world.far.items = [1, 2]

    world.connect()

    assert (world.row().status, world.row().reason, world.row().error_message) == ("connected", None, None)
    assert [e["count"] for e in world.events("ada", "new_data")] == [1, 1]
    edges = [(e["status"], e["reason"]) for e in world.events("ada", "connection_status")]
    assert edges[-1] == ("connected", "reconnected")
    assert edges[0][0] == "needs_reauth"


@pytest.mark.parametrize("purge", [False, True])
def test_disconnect_removes_the_hook_and_the_tokens_and_the_data_only_when_asked(world: World, purge: bool) -> None:
    world.far.items = [1]
    world.connect()

    answer = world.order(ADA, lambda r: Disconnect(purge, r))

    assert answer.exception() is None
    assert ("DELETE", "/api/hooks/hook-1") in world.far.calls
    assert world.row().status == "disconnected"
    assert world.database.read(lambda tx: connections.token(tx, world.vault, ADA)) is None
    assert world.items() == ([] if purge else ["1"])
    assert world.directory.status(ADA) is None


def test_a_disconnect_ends_even_when_the_platform_is_down(world: World) -> None:
    world.connect()
    world.far.answers = [reply(503, {})] * 3

    answer = world.order(ADA, lambda r: Disconnect(False, r))

    assert answer.exception() is None
    assert world.row().status == "disconnected"


def test_a_grant_that_another_connection_lives_on_is_not_revoked(world: World) -> None:
    """Google's revocation ends all that the client was granted by that account."""
    revoked: list[int] = []

    def revoke(_):  # type: ignore[no-untyped-def]
        revoked.append(1)
        yield from ()

    world.platform.revoke = revoke  # type: ignore[method-assign]
    world.platform.grant_family = "tiny"  # type: ignore[misc]
    world.connect()
    world.connect(GRACE)

    world.order(ADA, lambda r: Disconnect(False, r))
    assert revoked == []
    world.order(GRACE, lambda r: Disconnect(False, r))
    assert revoked == [1]


def test_whose_account_it_is_is_asked_during_a_stop_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The code is spent by then: without this call the token would be lost."""
    jobs: list[Job] = []
    submit = world.lanes.submit
    monkeypatch.setattr(world.lanes, "submit", lambda platform, job: (jobs.append(job), submit(platform, job)))

    world.connect()

    assert [(job.urgent, job.follows) for job in jobs[:2]] == [(True, False), (True, True)]
    assert not any(job.urgent or job.follows for job in jobs[2:])


def test_a_poll_that_the_stop_of_the_service_cut_off_stays_due_and_is_no_trouble(world: World) -> None:
    world.connect()
    before = world.row()
    world.lanes.stop(0)

    refused = world.order(ADA, Poll)

    assert refused.exception() is not None
    assert world.row() == before
