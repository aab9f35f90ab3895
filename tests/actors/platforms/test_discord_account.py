"""Discord's tokens, each of which is for one refresh, and who an account is."""

from typing import Any

import pytest

from actors.platforms.base import Grant
from actors.platforms.failures import BadAnswer, GrantRefused, RateLimited, Unauthorized
from storage.records import Account, Secret, Token
from tests.actors.platforms.doors import discord
from tests.actors.platforms.people import CLIENT
from tests.fakes.conversation import answer, drive, payload

OLD = Token(Secret("access-old"), Secret("refresh-old"))
FRESH = {
    "access_token": "6qrZcUqja7812RVdnEKjpzOL4CvHBFG",
    "token_type": "Bearer",
    "expires_in": 604800,
    "refresh_token": "D43f5y0ahjqew82jZ4NViEr2YafMKhue",
    "scope": "identify guilds",
}


def test_the_user_is_asked_for_their_name_and_servers() -> None:
    url = discord().authorize_url("state-1", "http://here/callback")
    assert "scope=identify%20guilds" in url


def test_a_refresh_is_a_form_and_brings_a_whole_new_pair() -> None:
    told = drive(discord().refresh(OLD), [answer(200, FRESH)])
    (call,) = told.calls
    assert call.json is None
    assert call.form == {
        "grant_type": "refresh_token",
        "refresh_token": Secret("refresh-old"),
        "client_id": CLIENT.id,
        "client_secret": CLIENT.secret,
    }
    assert told.result == Grant(
        Secret(FRESH["access_token"]), Secret(FRESH["refresh_token"]), 604800, scope="identify guilds"
    )
    assert discord().refresh_rotates


@pytest.mark.parametrize(
    "body",
    [
        {"error": "invalid_grant", "error_description": 'Invalid "refresh_token" in request'},
        {"error": "invalid_grant"},
        {"error": "invalid_request", "error_description": 'Invalid "refresh_token" in request'},
    ],
    ids=str,
)
def test_a_used_or_withdrawn_refresh_token_ends_the_grant(body: Any) -> None:
    told = drive(discord().refresh(OLD), [answer(400, body)])
    assert isinstance(told.error, GrantRefused)
    assert told.error.reason == "user_revoked"


def test_another_invalid_request_is_our_mistake_and_ends_nothing() -> None:
    told = drive(discord().refresh(OLD), [answer(400, {"error": "invalid_request", "error_description": "No body"})])
    assert isinstance(told.error, BadAnswer)


def test_a_disconnect_revokes_and_counts_as_one_grant_for_all_of_an_accounts_connections() -> None:
    told = drive(discord().revoke(OLD), [answer(200, {})])
    assert told.called == ["POST http://dc/api/oauth2/token/revoke"]
    assert told.calls[0].form == {
        "token": Secret("refresh-old"),
        "token_type_hint": "refresh_token",
        "client_id": CLIENT.id,
        "client_secret": CLIENT.secret,
    }
    assert discord().grant_family == "discord"


def test_an_account_is_known_by_its_number_as_text() -> None:
    told = drive(discord().identify(), [answer(200, payload("discord/me"))])
    assert told.called == ["GET http://dc/api/v10/users/@me"]
    assert told.result == Account("80351110224678912", "Nelly", addresses=("80351110224678912",))


@pytest.mark.parametrize("id_", [None, 80351110224678912, "", "x", "1" * 40], ids=repr)
def test_an_account_without_a_number_is_none(id_: Any) -> None:
    told = drive(discord().identify(), [answer(200, payload("discord/me") | {"id": id_})])
    assert isinstance(told.error, BadAnswer)


def test_a_refused_token_is_worth_one_refresh_and_then_no_call_more() -> None:
    refused = answer(401, {"message": "401: Unauthorized", "code": 0})
    assert discord().rejects_token(refused)
    assert isinstance(drive(discord().identify(), [refused]).error, Unauthorized)


def test_the_budget_of_refusals_is_declared_for_who_paces_the_calls() -> None:
    budget = discord().refused_budget
    assert budget is not None
    assert (set(budget.statuses), budget.answers, budget.seconds) == ({401, 403, 429}, 10_000, 600)


def test_a_ban_on_the_way_to_the_token_endpoint_is_everybodys() -> None:
    page = answer(429, b"<!doctype html><title>Access denied | Cloudflare", {"Content-Type": "text/html"})
    told = drive(discord().refresh(OLD), [page])
    assert isinstance(told.error, RateLimited)
    assert told.error.everybody


@pytest.mark.parametrize("key", ["", None])
def test_without_a_public_key_it_can_be_polled_all_the_same(key: str | None) -> None:
    assert discord(key).public_key is None


@pytest.mark.parametrize("key", ["zz", "d75a98", "d7" * 33])
def test_a_public_key_that_is_none_is_refused_at_the_start(key: str) -> None:
    with pytest.raises(ValueError, match="."):
        discord(key)
