"""Single-use tickets: in an address instead of a token."""

import pytest

from handlers import tickets
from handlers.auth import SESSION_COOKIE
from tests.handlers.serving import APP_ORIGIN, Serving
from tests.handlers.streaming import Service, with_service


def issued(service: Service, user: str = "ada", **claims: float) -> str:
    return service.tickets.issue(service.authenticator.check(service.token(user, **claims)))


def test_a_ticket_says_until_when_it_is_good(serving: Serving) -> None:
    answer = serving.ask("POST", "/api/stream-ticket", user="ada")
    assert answer.status == 200
    assert len(answer.json["ticket"]) > 40
    assert answer.json["expires_at"] == "2027-01-15T08:00:30.000Z"
    assert "RateLimit-Limit" not in answer.headers
    assert serving.ask("POST", "/api/stream-ticket", user="ada", seconds=10).json["expires_at"][-7:] == "10.000Z"


def test_a_page_that_is_signed_in_gets_one_and_a_foreign_page_none(serving: Serving) -> None:
    cookie = {"Cookie": f"{SESSION_COOKIE}={serving.token()}"}
    assert serving.ask("POST", "/api/stream-ticket", None, cookie | {"Origin": APP_ORIGIN}).status == 200
    for headers in (cookie, cookie | {"Origin": "https://evil.example"}):
        assert serving.ask("POST", "/api/stream-ticket", None, headers).error == "wrong_origin"


@pytest.mark.parametrize("role", ["service", "admin"])
def test_only_users_get_tickets(serving: Serving, role: str) -> None:
    assert serving.ask("POST", "/api/stream-ticket", user="root", role=role).error == "forbidden"


def test_a_user_gets_so_many_and_more_when_they_have_run_out(serving: Serving) -> None:
    for _ in range(tickets.PER_USER):
        assert serving.ask("POST", "/api/stream-ticket", user="ada").status == 200
    refused = serving.ask("POST", "/api/stream-ticket", user="ada")
    assert (refused.status, refused.error) == (429, "too_many_tickets")
    assert refused.headers["Retry-After"]
    assert serving.ask("POST", "/api/stream-ticket", user="grace").status == 200
    serving.clock.advance(tickets.LASTS)
    assert serving.ask("POST", "/api/stream-ticket", user="ada").status == 200


def test_all_users_together_get_so_many(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tickets, "IN_ALL", 2)
    statuses = [serving.ask("POST", "/api/stream-ticket", user=user).status for user in ("ada", "grace", "alan")]
    assert statuses == [200, 200, 429]


def test_a_ticket_begins_a_connect_and_opens_nothing_else(serving: Serving) -> None:
    def ticket() -> str:
        return str(serving.ask("POST", "/api/stream-ticket", user="ada").json["ticket"])

    begun = serving.ask("GET", f"/api/oauth/github/connect?ticket={(once := ticket())}")
    assert begun.status == 302
    assert serving.read(lambda tx: tx.one("SELECT user_id FROM connect_flows")) == ("ada",)
    assert serving.ask("GET", f"/api/oauth/github/connect?ticket={once}").error == "ticket_used"
    for path in ("/api/connections", "/api/events", "/api/data"):
        assert serving.ask("GET", f"{path}?ticket={ticket()}").error == "no_token"


@with_service()
async def test_a_ticket_opens_one_stream_of_its_user(service: Service) -> None:
    async with service.socket(f"?ticket={issued(service)}") as client:
        assert (await client.next())["user_id"] == "ada"
    async with service.sse(f"?ticket={issued(service)}&userId=ada") as listener:
        assert (await listener.next())["user_id"] == "ada"


@with_service()
async def test_a_ticket_that_was_used_is_refused_for_good(service: Service) -> None:
    ticket = issued(service)
    async with service.socket(f"?ticket={ticket}") as client:
        await client.next()
    async with service.socket(f"?ticket={ticket}") as client:
        assert (await client.end())[0] == 4501
    async with service.sse(f"?ticket={ticket}") as listener:
        assert (listener.status, (await listener.body())["error"]["code"]) == (401, "ticket_used")
    async with service.sse(f"?ticket={ticket}", Last_Event_ID=f"{service.database.epoch}-0") as listener:
        assert listener.status == 204


@with_service()
async def test_after_half_a_minute_a_ticket_is_too_old_and_another_one_helps(service: Service) -> None:
    ticket = issued(service)
    service.pass_time(30)
    async with service.socket(f"?ticket={ticket}") as client:
        assert (await client.farewell())[0] == 4001
    async with service.sse(f"?ticket={ticket}") as listener:
        assert (listener.status, (await listener.body())["error"]["code"]) == (401, "ticket_expired")


@with_service()
async def test_a_ticket_is_no_better_than_the_token_that_it_was_made_from(service: Service) -> None:
    short = issued(service, seconds=10)
    service.pass_time(10)
    async with service.socket(f"?ticket={short}") as client:
        assert (await client.farewell())[0] == 4001
    async with service.socket(f"?ticket={issued(service, seconds=100)}") as client:
        assert (await client.next())["expires_at"] == "2027-01-15T08:01:50.000Z"


@with_service()
async def test_a_ticket_is_its_users_whatever_else_the_address_says(service: Service) -> None:
    async with service.socket(f"?ticket={issued(service)}&userId=grace") as client:
        assert (await client.end())[0] == 4503
    async with service.sse(f"?ticket={issued(service)}&token={service.token('grace')}") as listener:
        assert (await listener.next())["user_id"] == "ada"
