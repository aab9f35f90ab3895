"""Who may open an SSE stream, and how an EventSource learns that it may not come back."""

from tests.handlers.streaming import APP_ORIGIN, Service, with_service


@with_service()
async def test_header_cookie_and_address_may_bring_the_token(service: Service) -> None:
    token = service.token("ada")
    for query, headers in (
        ("", {"Authorization": f"Bearer {token}"}),
        ("", {"Cookie": f"soulwire_session={token}"}),
        ("", {"Cookie": f"soulwire_session={token}", "Origin": APP_ORIGIN}),
        (f"?token={token}", {}),
        (f"?token={token}&userId=ada", {}),
    ):
        async with service.sse(query, **headers) as client:
            assert (await client.next())["user_id"] == "ada"


@with_service()
async def test_without_a_good_token_there_is_no_stream(service: Service) -> None:
    for query in ("", "?token=nonsense", f"?token={service.token(seconds=-1)}"):
        async with service.sse(query) as client:
            assert client.status == 401
            assert client.headers["content-type"] == "application/json"


@with_service()
async def test_a_user_id_that_is_given_has_to_be_the_tokens_own(service: Service) -> None:
    async with service.sse("?userId=grace", Authorization=f"Bearer {service.token('ada')}") as client:
        assert client.status == 403


@with_service()
async def test_a_token_in_the_address_opens_nothing_for_administrators(service: Service) -> None:
    async with service.sse(f"?token={service.token('root', role='admin')}") as client:
        assert client.status == 403


@with_service()
async def test_who_comes_back_and_is_refused_for_good_is_told_to_stop(service: Service) -> None:
    cursor = f"{service.database.epoch}-0"
    for query in ("", "?token=nonsense", f"?token={service.token(seconds=-1)}", f"?token={service.token()}&userId=x"):
        async with service.sse(query, Last_Event_ID=cursor) as client:
            assert client.status == 204


@with_service()
async def test_a_bare_event_source_ends_by_itself_once_its_token_has_run_out(service: Service) -> None:
    address = f"?token={service.token('ada', seconds=300)}"
    async with service.sse(address) as client:
        await client.next()
        service.pass_time(301)
        assert (await client.farewell())[0] == 4001
    async with service.sse(address, Last_Event_ID=client.last_id) as client:
        assert client.status == 204


@with_service()
async def test_nobody_hears_another_users_events_whatever_is_asked(service: Service) -> None:
    (secret,) = await service.tell("grace", "for grace")
    bearer = f"Bearer {service.token('ada')}"
    async with service.sse(f"?cursor={secret.cursor}", Authorization=bearer) as client:
        assert (await client.next())["reason"] == "ahead"
        await service.tell("grace", "still for grace")
        await service.tell("ada", "for ada")
        assert await client.titles(1) == ["for ada"]
