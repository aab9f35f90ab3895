"""A platform that is only described reads what is new, from where it stood."""

from typing import Any

from actors.platforms.base import Client, Platform
from actors.platforms.failures import BadAnswer, NotFound
from actors.platforms.plain import Description, Identity, Listing, described
from storage.records import Account, Secret, Token
from tests.fakes.conversation import answer, drive, external_ids

ADA = Account("7", "Ada")


def acme(**changes: Any) -> Platform:
    orders = Listing(path="/orders", data_type="orders", items="data.orders", time="at", **changes)
    said = Description(
        title="Acme",
        authorize_url="https://acme.example/authorize",
        token_url="https://acme.example/token",
        api_url="https://api.acme.example",
        revoke_url="https://acme.example/revoke",
        identity=Identity(path="/me", id="user.id", name="user.name"),
        endpoints=[orders],
    )
    return described("acme", said)(Client("id", Secret("secret")))


def page(*ids: Any, following: Any = None) -> Any:
    orders = [{"id": id_, "at": "2026-11-20T12:00:00Z"} for id_ in ids]
    return answer(200, {"data": {"orders": orders}, "next": following}, {"ETag": '"e"'})


def test_it_knows_whose_account_it_is() -> None:
    said = {"user": {"id": 7, "name": "Ada"}}
    assert drive(acme().identify(), [answer(200, said)]).result == ADA
    assert isinstance(drive(acme().identify(), [answer(200, {"user": {}})]).error, BadAnswer)


def test_pages_are_followed_by_the_cursor_and_the_next_poll_goes_on_from_there() -> None:
    one = acme(cursor="next", cursor_param="since")
    first = drive(one.poll(ADA, {}, 0.0), [page("a", following=2), page(3, following="3"), page(following="3")])
    again = drive(one.poll(ADA, first.cursors, 0.0), [page()])
    assert external_ids(first.items) == ["a", "3"]
    assert first.items[0].at == 1795176000.0
    assert [dict(call.params) for call in first.calls + again.calls] == [
        {},
        {"since": "2"},
        {"since": "3"},
        {"since": "3"},
    ]


def test_what_has_not_changed_is_not_read_again() -> None:
    one = acme(etag=True)
    first = drive(one.poll(ADA, {}, 0.0), [page("a")])
    again = drive(one.poll(ADA, first.cursors, 0.0), [answer(304)])
    assert dict(again.calls[0].headers) == {"If-None-Match": '"e"'}
    assert again.items == []


def test_a_cursor_that_is_too_old_is_given_up_and_all_is_read_again() -> None:
    one = acme(cursor="next", cursor_param="since")
    told = drive(one.poll(ADA, {"orders:cursor": "old"}, 0.0), [answer(410, {}), page("a")])
    assert [dict(call.params) for call in told.calls] == [{"since": "old"}, {}]
    assert external_ids(told.items) == ["a"]
    assert isinstance(drive(one.poll(ADA, {}, 0.0), [answer(404, {})]).error, NotFound)


def test_an_answer_that_is_no_list_is_a_bad_one() -> None:
    assert isinstance(drive(acme().poll(ADA, {}, 0.0), [answer(200, {"data": 1})]).error, BadAnswer)


def test_its_grant_is_revoked_where_it_can_be() -> None:
    told = drive(acme().revoke(Token(Secret("a"), Secret("r"))), [answer(200)])
    assert told.called == ["POST https://acme.example/revoke"]
    assert told.calls[0].form == {"token": Secret("r"), "client_id": "id", "client_secret": Secret("secret")}
