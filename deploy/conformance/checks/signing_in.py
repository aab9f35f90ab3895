"""Who may open what, and how they say who they are."""

from urllib.parse import quote

from deploy.conformance.check import check, check_streams, expect
from deploy.conformance.deployment import Deployment
from deploy.probing.http import Answer, Headers
from deploy.probing.streams import Ended, Kind, Message, Refused
from deploy.probing.tokens import FORGERIES, Person, bearer, cookie, in_json, in_query
from storage.records import Secret

KEYS = "JWT_SECRET or JWT_JWKS_URL, JWT_AUDIENCE, JWT_ISSUER: are they the app's?"


@check("A socket's first message signs it in, within the page's own words", f"the token itself; {KEYS}")
async def first_message(deployment: Deployment) -> None:
    async with deployment.socket() as client:
        client.say(in_json(deployment.user.token, type="auth", userId=deployment.user.id))
        _is_greeting(await client.message(), deployment.user)


@check_streams("A token in the Authorization header opens a stream", f"a proxy that takes Authorization away; {KEYS}")
async def header(deployment: Deployment, kind: Kind) -> None:
    async with deployment.greeted(kind) as (_, greeting):
        _is_greeting(greeting, deployment.user)


@check_streams("A token in the address opens a stream for a user", "a proxy that takes the query away")
async def query(deployment: Deployment, kind: Kind) -> None:
    async with deployment.open(kind, query=f"?{in_query(deployment.user.token)}") as client:
        _is_greeting(await client.message(), deployment.user)


@check_streams(
    "A token in the address opens nothing for a back end, for addresses are kept in logs", "the service's version"
)
async def query_service(deployment: Deployment, kind: Kind) -> None:
    await _is_kept_out(deployment, kind, query=f"?{in_query(deployment.service.token)}")


@check_streams(
    "A ticket opens a stream once, and not again",
    "the service's version; several nodes behind one address that don't know each other's tickets",
)
async def ticket(deployment: Deployment, kind: Kind) -> None:
    answer = await deployment.ask("POST", "/api/stream-ticket", deployment.user)
    told = answer.json if isinstance(answer.json, dict) else {}
    expect(answer.status == 200 and "ticket" in told, "200 and a ticket", answer)
    asked = f"?ticket={quote(str(told['ticket']), safe='')}"
    async with deployment.open(kind, query=asked) as client:
        _is_greeting(await client.message(), deployment.user)
    await _is_kept_out(deployment, kind, query=asked)


@check(
    "Signing in sets a cookie that scripts can't read and other sites don't send, and an EventSource is let in by it",
    "a proxy that drops or rewrites Set-Cookie; PUBLIC_URL must begin with https where the page does",
)
async def cookie_session(deployment: Deployment) -> None:
    asked = {"Origin": deployment.origin}
    answer = await deployment.ask("POST", "/api/session", body=in_json(deployment.user.token), headers=asked)
    expect(answer.status == 200, "200 from POST /api/session", answer)
    said = answer.headers.get("Set-Cookie", "")
    kept = {part.strip().lower() for part in said.split(";")[1:]}
    wanted = {"httponly", "samesite=lax"} | ({"secure"} if deployment.address.scheme == "https" else set())
    expect(
        said.startswith("soulwire_session=") and wanted <= kept,
        f"a cookie with {', '.join(sorted(wanted))}",
        sorted(kept),
    )
    async with deployment.open("sse", headers=cookie(deployment.user.token) | asked) as client:
        _is_greeting(await client.message(), deployment.user)
    async with deployment.socket(headers=cookie(deployment.user.token) | asked) as socket:
        _is_greeting(await socket.message(), deployment.user)


@check(
    "A cookie alone opens no socket: the page's origin must be one of the app's",
    "FRONTEND_URL; a proxy that takes Origin away, or puts its own in",
)
async def cookie_origin(deployment: Deployment) -> None:
    origins: tuple[Headers, ...] = ({}, {"Origin": "https://stranger.example"})
    for origin in origins:
        await _is_kept_out(deployment, "websocket", headers={**cookie(deployment.user.token), **origin})


@check("A token that the app didn't sign is refused everywhere", f"the app's secret is known to others; {KEYS}")
async def forged(deployment: Deployment) -> None:
    for how, forge in FORGERIES.items():
        token = forge(deployment.user.token)
        answer = await deployment.ask("GET", "/api/events", headers=bearer(token))
        expect(answer.status == 401 and answer.error == "invalid_token", f"401 invalid_token for a token {how}", answer)
        async with deployment.socket() as client:
            client.say(in_json(token, type="auth"))
            farewell = await client.until_ended()
        expect(farewell is not None and farewell.code == 4501, f"a close with 4501 for a token {how}", farewell)


@check(
    "Nothing but the token says who one is",
    "the service's version; a proxy that signs requests with a token of its own",
)
async def role(deployment: Deployment) -> None:
    target = deployment.sending(deployment.user.id)
    tried: dict[str, Answer] = {}
    for how, asked, headers in (
        ("a user's token", target, bearer(deployment.user.token)),
        ("?role=service", f"{target}?role=service", bearer(deployment.user.token)),
        ("a cookie role", target, bearer(deployment.user.token) | {"Cookie": "role=service"}),
        ("a service's token as cookie", target, cookie(deployment.service.token) | {"Origin": deployment.origin}),
    ):
        tried[how] = await deployment.ask("POST", asked, body={"event": {"type": "conformance"}}, headers=headers)
    for how, answer in tried.items():
        expect(answer.status == 403, f"403 for sending by {how}", answer)
    answer = await deployment.ask("GET", "/api/admin/actors", deployment.service)
    expect(answer.status == 403, "403 for an administrator's path by a service", answer)


@check_streams("Nobody opens another user's stream by naming them", "the service's version", "another user")
async def user_id(deployment: Deployment, kind: Kind) -> None:
    other = quote(deployment.somebody_else.id, safe="")
    await _is_kept_out(deployment, kind, deployment.user.token, query=f"?userId={other}")
    if kind == "websocket":
        async with deployment.socket() as client:
            client.say(in_json(deployment.user.token, type="auth", userId=deployment.somebody_else.id))
            farewell = await client.until_ended()
        expect(farewell is not None and farewell.code == 4503, "a close with 4503", farewell)


@check("A token that has ended is refused, and is told apart from one that never was good", KEYS, "the secret")
async def expired(deployment: Deployment) -> None:
    token = deployment.passing(-60).token
    answer = await deployment.ask("GET", "/api/events", headers=bearer(token))
    expect(answer.status == 401 and answer.error == "token_expired", "401 token_expired", answer)
    async with deployment.socket() as client:
        client.say(in_json(token, type="auth"))
        farewell = await client.until_ended()
    expect(farewell is not None and farewell.code == 4001, "a close with 4001", farewell)


def _is_greeting(message: Message, person: Person) -> None:
    said = {name: message.get(name) for name in ("type", "user_id")}
    expect(said == {"type": "authenticated", "user_id": person.id}, f"authenticated, for {person.id}", message)
    expect(bool(message.get("cursor")) and bool(message.get("expires_at")), "a cursor and expires_at", message)


async def _is_kept_out(
    deployment: Deployment, kind: Kind, token: Secret | None = None, *, query: str = "", headers: Headers | None = None
) -> None:
    """Refused with a 401 or 403, or let in and at once closed for good."""
    told = {**(bearer(token) if token else {}), **(headers or {})}
    try:
        async with deployment.open(kind, None, query, told) as client:
            message = await client.message()
    except Refused as refused:
        expect(refused.answer.status in (401, 403), "401 or 403", refused.answer)
    except Ended as ended:
        code = ended.farewell.code if ended.farewell else None
        expect(code is not None and (code >= 4500 or code == 4001), "401, 403 or a close for good", ended)
    except TimeoutError:
        expect(False, "401, 403 or a close for good", "the stream stays open, and silent")
    else:
        expect(False, "401, 403 or a close for good", message)
