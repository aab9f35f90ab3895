"""Who may open a WebSocket, and how they say who they are."""

import asyncio
import http.client
import json
from collections.abc import Mapping

import jwt

from tests.handlers.streaming import APP_ORIGIN, Service, until, with_service


def cookie(token: str, origin: str | None = None) -> Mapping[str, str]:
    headers = {"Cookie": f"soulwire_session={token}"}
    return headers if origin is None else {**headers, "Origin": origin}


def asked(service: Service, method: str, headers: Mapping[str, str]) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=10)
    try:
        connection.request(method, "/ws", headers=dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


@with_service()
async def test_the_first_message_brings_the_token(service: Service) -> None:
    async with service.socket() as client:
        await client.say(type="auth", token=service.token("ada", seconds=3600))
        assert await client.next() == {
            "type": "authenticated",
            "user_id": "ada",
            "expires_at": "2027-01-15T09:00:00.000Z",
            "cursor": f"{service.database.epoch}-0",
        }


@with_service()
async def test_who_says_nothing_for_ten_seconds_is_closed(service: Service) -> None:
    async with service.socket() as client:
        await until(lambda: service.hub.standing().connections["websocket"] == 1)
        service.pass_time(9.5)
        await client.say(type="ping")
        assert await client.next() == {"type": "pong"}
        service.pass_time(1)
        assert await client.end() == (4500, "no auth within 10 seconds")


@with_service()
async def test_a_token_that_is_not_good_is_told_so_for_good(service: Service) -> None:
    claims = {"sub": "ada", "exp": service.clock.now() + 60}
    for token in (
        "nonsense",
        jwt.encode(claims, "another-secret-of-thirty-two-bytes!!", algorithm="HS256"),
        jwt.encode(claims, None, algorithm="none"),
    ):
        async with service.socket() as client:
            await client.say(type="auth", token=token)
            assert await client.end() == (4501, "the token is not good")


@with_service()
async def test_an_expired_token_is_asked_to_come_back_with_another(service: Service) -> None:
    async with service.socket() as client:
        await client.say(type="auth", token=service.token(seconds=-1))
        code, reason = await client.end()
        assert code == 4001
        assert list(json.loads(reason)) == ["retry_after_ms"]


@with_service()
async def test_before_auth_there_is_nothing_else_to_be_had(service: Service) -> None:
    async with service.socket() as client:
        await client.say(type="subscribe", id="a", table="scans")
        assert (await client.next())["code"] == "not_authenticated"
        await service.tell("ada", "secret")
        await client.say(type="auth", token=service.token("ada"))
        assert (await client.next())["type"] == "authenticated"


@with_service()
async def test_a_bearer_on_the_upgrade_is_enough(service: Service) -> None:
    headers = {"Authorization": f"Bearer {service.token('ada')}"}
    async with service.socket(additional_headers=headers) as client:
        assert (await client.next())["user_id"] == "ada"


@with_service()
async def test_a_token_in_the_address_is_enough(service: Service) -> None:
    async with service.socket(f"?token={service.token('ada')}") as client:
        assert (await client.next())["user_id"] == "ada"


@with_service()
async def test_a_bad_token_in_the_address_gets_the_close_code_that_a_browser_can_see(service: Service) -> None:
    async with service.socket("?token=nonsense") as client:
        assert (await client.end())[0] == 4501
    async with service.socket(f"?token={service.token(seconds=-1)}") as client:
        assert (await client.end())[0] == 4001


@with_service()
async def test_a_session_cookie_is_taken_from_pages_of_ours_and_of_the_app(service: Service) -> None:
    for origin in (service.origin, APP_ORIGIN):
        async with service.socket(additional_headers=cookie(service.token("ada"), origin)) as client:
            assert (await client.next())["user_id"] == "ada"


@with_service()
async def test_a_session_cookie_without_an_allowed_origin_opens_nothing(service: Service) -> None:
    for origin in (None, "https://evil.example", "null"):
        async with service.socket(additional_headers=cookie(service.token("ada"), origin)) as client:
            assert await client.end() == (4503, "not allowed")


@with_service()
async def test_a_foreign_page_is_refused_whatever_it_says_by_a_code_that_it_can_see(service: Service) -> None:
    bearer = {"Authorization": f"Bearer {service.token('ada')}"}
    for query, headers in (("", {}), (f"?token={service.token('ada')}", {}), ("", bearer)):
        async with service.socket(query, origin="https://evil.example", additional_headers=headers) as client:
            assert await client.end() == (4503, "not allowed")


@with_service()
async def test_what_is_no_upgrade_is_told_so_in_json(service: Service) -> None:
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    spoilt = [upgrade | {name: "x"} for name in ("Connection", "Upgrade", "Sec-WebSocket-Version")]
    for headers in ({}, upgrade | {"Sec-WebSocket-Key": ""}, *spoilt):
        status, told, body = await asyncio.to_thread(asked, service, "GET", headers)
        assert (status, told["Upgrade"], told["Sec-WebSocket-Version"]) == (426, "websocket", "13")
        assert json.loads(body)["error"]["code"] == "websocket_only"
    status, _, body = await asyncio.to_thread(asked, service, "POST", upgrade)
    assert (status, json.loads(body)["error"]["code"]) == (405, "method_not_allowed")
    assert (await asyncio.to_thread(asked, service, "HEAD", upgrade))[0] == 405


@with_service()
async def test_a_page_of_the_app_may_bring_its_token_as_a_message(service: Service) -> None:
    async with service.socket(origin=APP_ORIGIN) as client:
        await client.say(type="auth", token=service.token("ada"))
        assert (await client.next())["user_id"] == "ada"


@with_service()
async def test_a_cookie_that_has_run_out_leaves_the_first_message_its_chance(service: Service) -> None:
    stale = cookie(service.token(seconds=-1), service.origin)
    async with service.socket(additional_headers=stale) as client:
        await client.say(type="auth", token=service.token("ada"))
        assert (await client.next())["user_id"] == "ada"


@with_service()
async def test_an_administrators_cookie_works_from_the_services_own_pages_only(service: Service) -> None:
    admin = service.token("root", role="admin")
    async with service.socket(additional_headers=cookie(admin, service.origin)) as client:
        assert (await client.next())["user_id"] == "root"
    async with service.socket(additional_headers=cookie(admin, APP_ORIGIN)) as client:
        assert (await client.end())[0] == 4503


@with_service()
async def test_a_user_id_that_is_given_has_to_be_the_tokens_own(service: Service) -> None:
    async with service.socket() as client:
        await client.say(type="auth", token=service.token("ada"), userId="grace")
        assert await client.end() == (4503, "not allowed")
    async with service.socket(f"?token={service.token('ada')}&userId=grace") as client:
        assert (await client.end())[0] == 4503
    async with service.socket() as client:
        await client.say(type="auth", token=service.token("ada"), userId="ada")
        assert (await client.next())["user_id"] == "ada"


@with_service()
async def test_an_open_socket_cannot_become_another_users(service: Service) -> None:
    async with service.joined("ada") as client:
        await client.say(type="auth", token=service.token("grace"))
        assert (await client.end())[0] == 4503


@with_service()
async def test_nobody_hears_another_users_events(service: Service) -> None:
    async with service.joined("ada") as ada, service.joined("grace") as grace:
        await service.tell("grace", "for grace")
        await service.tell("ada", "for ada")
        assert (await ada.next())["title"] == "for ada"
        assert (await grace.next())["title"] == "for grace"
