"""How streams are kept alive, how they end, and what is said then."""

import asyncio
import time

from deploy.conformance.check import check, check_streams, expect
from deploy.conformance.deployment import Deployment, mark
from deploy.probing.streams import Farewell, Kind, Message, StreamClient
from deploy.probing.tokens import in_json

IDLE = "a proxy that ends what is idle sooner than every 20 s (proxy_read_timeout, idle_timeout), or buffers; the clock"
CODES = "a proxy that closes sockets in its own way; the service's version"
TOO_LARGE = 70_000
REVOKED_WITHIN = 1.0


@check_streams("A silent stream says within half a minute that it is alive, and goes on", IDLE, waits=True)
async def heartbeat(deployment: Deployment, kind: Kind) -> None:
    within = deployment.terms.beat
    try:
        async with deployment.open(kind, deployment.user, within=within) as client:
            await client.beat()
    except TimeoutError:
        expect(False, f"a sign of life within {within:g} s", "none")
    expect(client.end is None, "a stream that goes on", client.end)


@check("A socket that doesn't say who it is is closed for good", CODES, waits=True)
async def admission(deployment: Deployment) -> None:
    within = deployment.terms.admission
    try:
        async with deployment.socket(within=within) as client:
            _closed(await client.until_ended(), 4500)
    except TimeoutError:
        expect(False, f"a close within {within:g} s", "none")


@check("What can't be a message closes the socket for good, and says why", CODES)
async def bad_message(deployment: Deployment) -> None:
    for said in ("not JSON", "[]", '{"no": "type"}', '"' + "x" * TOO_LARGE + '"'):
        async with deployment.socket() as client:
            client.say(said)
            farewell = await client.until_ended()
            _closed(farewell, 4502)
            expect(bool(farewell and farewell.reason), "a reason in words", farewell)


@check("A ping is answered, a message of an unknown type is told so, and the socket stays", CODES)
async def messages(deployment: Deployment) -> None:
    async with deployment.socket(deployment.user) as client:
        client.say({"type": "ping"})
        await _told(client, "pong")
        client.say({"type": "there_is_no_such_type"})
        told = await _told(client, "error")
        expect(bool(told.get("code")) and bool(told.get("message")), "an error with code and message", told)
        client.say({"type": "ping"})
        await _told(client, "pong")


@check("Who asks too fast is sent away and told when to come back", CODES)
async def too_fast(deployment: Deployment) -> None:
    async with deployment.socket(deployment.user) as client:
        for _ in range(1_000):
            client.say({"type": "ping"})
        _to_come_back(await client.until_ended(), 4013)


@check_streams(
    "A stream whose token ends is warned, and then ended with a code that means: come back with another",
    f"clocks that are apart; {CODES}",
    "the secret",
    waits=True,
)
async def expiry(deployment: Deployment, kind: Kind) -> None:
    async with deployment.open(kind, deployment.passing(4), within=deployment.terms.admission) as client:
        await _told(client, "token_expiring")
        _to_come_back(await client.until_ended(), 4001)


@check("A new token on the open socket carries it past the end of the old one", CODES, "the secret", waits=True)
async def renewal(deployment: Deployment) -> None:
    old = deployment.passing(4)
    ends = time.monotonic() + 5
    async with deployment.socket(old, within=deployment.terms.admission) as client:
        first = await client.message()
        client.say(in_json(deployment.passing(600).token, type="auth"))
        second = await _told(client, "authenticated")
        expect(
            second["expires_at"] > first["expires_at"], f"a later end than {first['expires_at']}", second["expires_at"]
        )
        await asyncio.sleep(max(0.0, ends - time.monotonic()))
        client.say({"type": "ping"})
        await _told(client, "pong")


@check_streams(
    "A token that is revoked opens nothing any more, and what it opened is closed within a second", CODES, "the secret"
)
async def revoked(deployment: Deployment, kind: Kind) -> None:
    jti = mark()
    person = deployment.passing(600, jti=jti)
    async with deployment.greeted(kind, person) as (client, _):
        answer = await deployment.ask(
            "POST", f"{deployment.sending(person.id)[:-4]}revoke", deployment.service, {"jti": jti}
        )
        asked = time.perf_counter()
        expect(answer.status == 200, "200 from revoke", answer)
        _closed(await client.until_ended(), 4505)
        late = client.arrived_at - asked
    expect(late <= REVOKED_WITHIN, f"closed within {REVOKED_WITHIN:g} s", f"{late:.2f} s")
    again = await deployment.ask("GET", "/api/events", person)
    expect(again.status == 401 and again.error == "token_revoked", "401 token_revoked", again)


@check("Of a user who is to be forgotten nothing stays open, and no token opens anything", CODES, "the secret")
async def forgotten(deployment: Deployment) -> None:
    assert deployment.signer is not None
    person = deployment.signer.person(f"conformance-{mark()}")
    async with deployment.greeted("sse", person) as (client, _):
        answer = await deployment.forget(person)
        expect(answer.status in (200, 202), "200, or 202 while it goes on", answer)
        _closed(await client.until_ended(), 4505)
    again = await deployment.ask("GET", "/api/events", person)
    expect(again.status == 401 and again.error == "token_revoked", "401 token_revoked", again)


async def _told(client: StreamClient, kind: str) -> Message:
    """The next message of that type; what has to do with something else is passed over."""
    while (message := await client.message()).get("type") != kind:
        pass
    return message


def _closed(farewell: Farewell | None, code: int) -> None:
    expect(farewell is not None and farewell.code == code, f"a close with {code}", farewell or "cut without a word")


def _to_come_back(farewell: Farewell | None, code: int) -> None:
    _closed(farewell, code)
    expect(bool(farewell and farewell.retry_after_ms), "retry_after_ms", farewell)
