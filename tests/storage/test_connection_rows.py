"""A connection's row: made once, found again, changed in what may be changed."""

import pytest

from storage import connections
from storage.database import Database
from storage.records import Account, Connection, ConnectionKey, Secret, Token
from storage.vault import Vault
from tests.storage.people import ADA, ADA_SPOTIFY, GRACE, NOON


def create(database: Database, *keys: ConnectionKey) -> list[Connection]:
    return [database.write(lambda tx, key=key: connections.create(tx, key, NOON)).result() for key in keys]


def get(database: Database, key: ConnectionKey = ADA) -> Connection:
    found = database.read(lambda tx: connections.get(tx, key))
    assert found is not None
    return found


def test_a_new_one_is_pending_and_knows_nothing_yet(database: Database) -> None:
    (made,) = create(database, ADA)
    assert made == Connection(id=made.id, key=ADA, status="pending")
    assert get(database) == made


def test_it_is_made_only_once(database: Database) -> None:
    (made,) = create(database, ADA)
    database.write(lambda tx: connections.update(tx, ADA, status="connected")).result()
    (again,) = create(database, ADA)
    assert (again.id, again.status) == (made.id, "connected")


def test_one_that_was_never_made_is_not_there(database: Database) -> None:
    assert database.read(lambda tx: connections.get(tx, ADA)) is None


def test_what_is_updated_is_read_again_and_the_rest_stays(database: Database) -> None:
    create(database, ADA, GRACE)
    changes = {
        "status": "needs_reauth",
        "last_sync": NOON,
        "next_poll": NOON + 60,
        "hook_seen_at": NOON + 1,
        "hook_error": "no rights",
        "error_message": "gone",
        "reason": "user_revoked",
        "halted": True,
        "refresh_began_at": NOON + 2,
    }
    database.write(lambda tx: connections.update(tx, ADA, **changes)).result()
    found = get(database)
    assert {name: getattr(found, name) for name in changes} == changes
    database.write(lambda tx: connections.update(tx, ADA, halted=False, reason=None)).result()
    found = get(database)
    assert (found.halted, found.reason, found.error_message) == (False, None, "gone")
    assert get(database, GRACE).status == "pending"


@pytest.mark.parametrize("column", ["access_token", "generation", "user_id", "id; DROP TABLE meta"])
def test_what_has_its_own_way_of_being_changed_is_not_updated(database: Database, column: str) -> None:
    create(database, ADA)
    with pytest.raises(TypeError, match="not to be updated"):
        database.write(lambda tx: connections.update(tx, ADA, **{column: "x"})).result()


def test_an_error_message_may_be_any_text_that_a_platform_sends(database: Database) -> None:
    create(database, ADA)
    database.write(lambda tx: connections.update(tx, ADA, error_message="half a \ud83d pair \0 and more")).result()
    assert get(database).error_message == "half a ? pair � and more"


def test_a_users_connections_are_theirs_alone(database: Database) -> None:
    create(database, ADA_SPOTIFY, GRACE, ADA)
    assert [one.key for one in database.read(lambda tx: connections.of_user(tx, "ada"))] == [ADA, ADA_SPOTIFY]


def test_all_are_paged_in_the_order_of_their_keys(database: Database) -> None:
    odd = ConnectionKey("Zoë+1|a:b@c~_.-", "github")
    create(database, GRACE, ADA_SPOTIFY, odd, ADA)
    seen: list[ConnectionKey] = []
    after = None
    while page := database.read(lambda tx, after=after: connections.page(tx, after, 2)):
        seen += [one.key for one in page]
        after = seen[-1]
    assert seen == sorted([GRACE, ADA_SPOTIFY, odd, ADA])


def test_a_page_can_be_of_some_only(database: Database) -> None:
    create(database, ADA, ADA_SPOTIFY, GRACE)
    database.write(lambda tx: connections.update(tx, GRACE, status="connected")).result()

    def page(**wanted: str) -> list[ConnectionKey]:
        return [one.key for one in database.read(lambda tx: connections.page(tx, None, 9, **wanted))]

    assert page(user="ada") == [ADA, ADA_SPOTIFY]
    assert page(platform="github") == [ADA, GRACE]
    assert page(status="connected") == [GRACE]
    assert page(user="ada", status="connected") == []


def test_they_are_counted_per_platform_and_status(database: Database) -> None:
    create(database, ADA, ADA_SPOTIFY, GRACE)
    database.write(lambda tx: connections.update(tx, GRACE, status="connected")).result()
    assert database.read(connections.counts) == {
        ("github", "pending"): 1,
        ("github", "connected"): 1,
        ("spotify", "pending"): 1,
    }


def test_cursors_are_merged_and_belong_to_their_connection(database: Database) -> None:
    database.write(lambda tx: connections.keep_cursors(tx, ADA, {"events": "1", "etag": "x"})).result()
    database.write(lambda tx: connections.keep_cursors(tx, ADA, {"events": "2"})).result()
    database.write(lambda tx: connections.keep_cursors(tx, GRACE, {"events": "9"})).result()
    assert database.read(lambda tx: connections.cursors(tx, ADA)) == {"events": "2", "etag": "x"}
    database.write(lambda tx: connections.forget_cursors(tx, ADA)).result()
    assert database.read(lambda tx: connections.cursors(tx, ADA)) == {}
    assert database.read(lambda tx: connections.cursors(tx, GRACE)) == {"events": "9"}


def test_a_removed_one_leaves_neither_row_nor_cursors(database: Database) -> None:
    create(database, ADA, GRACE)
    database.write(lambda tx: connections.keep_cursors(tx, ADA, {"events": "1"})).result()
    database.write(lambda tx: connections.remove(tx, ADA)).result()
    assert database.read(lambda tx: connections.get(tx, ADA)) is None
    assert database.read(lambda tx: connections.cursors(tx, ADA)) == {}
    assert get(database, GRACE).key == GRACE


def test_the_account_is_kept_with_the_token(database: Database, vault: Vault) -> None:
    create(database, ADA)
    account = Account("583231", "Ada Lovelace", {"login": "ada"})
    token = Token(Secret("a"))
    database.write(lambda tx: connections.keep_token(tx, vault, ADA, 0, token, account=account)).result()
    assert get(database).account == account


def test_one_that_is_leaving_counts_as_disconnected_and_says_what_is_to_be_done(database: Database) -> None:
    create(database, ADA)
    database.write(lambda tx: connections.update(tx, ADA, status="connected", next_poll=NOON)).result()
    database.write(lambda tx: connections.leave(tx, ADA, purge=True)).result()
    database.write(lambda tx: connections.leave(tx, ADA, purge=False)).result()
    found = get(database)
    assert (found.status, found.next_poll, found.leaving) == ("disconnected", None, "purge")
    database.write(lambda tx: connections.left(tx, ADA)).result()
    assert (get(database).status, get(database).leaving) == ("disconnected", None)


def test_only_pending_ones_of_long_ago_are_cleared_away(database: Database) -> None:
    create(database, ADA, GRACE)
    database.write(lambda tx: connections.update(tx, GRACE, status="connected")).result()
    assert database.write(lambda tx: connections.prune_pending(tx, NOON)).result() == 0
    assert database.write(lambda tx: connections.prune_pending(tx, NOON + 1)).result() == 1
    assert database.read(lambda tx: [row.key for row in connections.page(tx, None, 9)]) == [GRACE]
