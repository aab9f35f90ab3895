"""What was revoked stays so, and is let go of when its token would have expired by itself."""

from collections.abc import Callable

from storage import revocations
from storage.database import Database
from storage.revocations import Revoked
from tests.storage.people import NOON


def test_what_was_revoked_is_there_after_a_restart(open_database: Callable[..., Database]) -> None:
    first = open_database()
    first.write(lambda tx: revocations.revoke_before(tx, "ada", NOON)).result()
    first.write(lambda tx: revocations.revoke_token(tx, "grace", "t-1", NOON + 60)).result()
    first.write(lambda tx: revocations.revoke_token(tx, "ada", "t-1", None)).result()
    first.close()
    known = open_database().read(revocations.everything)
    assert known == Revoked({"ada": NOON}, {("grace", "t-1"): NOON + 60, ("ada", "t-1"): None})


def test_an_earlier_time_takes_nothing_back(database: Database) -> None:
    for at in (NOON, NOON - 60, NOON + 1):
        database.write(lambda tx, at=at: revocations.revoke_before(tx, "ada", at)).result()
        known = database.read(revocations.everything)
        assert known.before["ada"] == max(at, NOON)


def test_an_end_that_is_learned_later_is_kept_and_never_becomes_earlier(database: Database) -> None:
    for ends, kept in ((None, None), (NOON, NOON), (None, NOON), (NOON - 1, NOON), (NOON + 1, NOON + 1)):
        database.write(lambda tx, ends=ends: revocations.revoke_token(tx, "ada", "t-1", ends)).result()
        assert database.read(revocations.everything).tokens == {("ada", "t-1"): kept}


def test_what_has_expired_by_itself_goes_in_pieces_and_nothing_else(database: Database) -> None:
    for number, ends in enumerate((NOON - 2, NOON - 1, NOON + 1, None)):
        database.write(lambda tx, n=number, e=ends: revocations.revoke_token(tx, "ada", f"t-{n}", e)).result()
    assert [database.write(lambda tx: revocations.prune(tx, NOON, 1)).result() for _ in range(3)] == [1, 1, 0]
    assert database.read(revocations.everything).tokens == {("ada", "t-2"): NOON + 1, ("ada", "t-3"): None}
