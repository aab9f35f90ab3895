"""What those find who were away: all of what they missed, or the word that they must reload."""

from urllib.parse import quote

from deploy.conformance.check import check, check_streams, expect
from deploy.conformance.deployment import Deployment, mark
from deploy.probing.streams import Kind, Message
from deploy.probing.tokens import in_json

MISSED = 5
KEPT = "RETENTION, RETENTION_EVENTS; two services with a database each behind one address; a restored database"


@check_streams("Who comes back with a cursor gets what was missed, each once, and then goes on", KEPT)
async def resume(deployment: Deployment, kind: Kind) -> None:
    sign = mark()
    async with deployment.greeted(kind) as (client, _):
        await deployment.send(sign, 0)
        cursor = (await client.event())["cursor"]
    for number in range(1, MISSED + 1):
        await deployment.send(sign, number)
    async with deployment.greeted(kind, cursor=cursor) as (client, greeting):
        _says(greeting, recovered=True, cursor=cursor)
        await deployment.send(sign, MISSED + 1)
        _follow(await client.events(MISSED + 1), sign, 1)


@check(
    "An EventSource that comes back by itself, with Last-Event-ID, has missed nothing",
    f"a proxy that drops the header; {KEPT}",
)
async def last_event_id(deployment: Deployment) -> None:
    sign = mark()
    async with deployment.greeted("sse") as (_, greeting):
        cursor = greeting["cursor"]
    await deployment.send(sign, 1)
    async with deployment.open("sse", deployment.user, headers={"Last-Event-ID": cursor}) as client:
        _says(await client.message(), recovered=True, cursor=cursor)
        await deployment.send(sign, 2)
        _follow(await client.events(2), sign, 1)


@check("A socket's first message brings its cursor, too", KEPT)
async def resume_by_message(deployment: Deployment) -> None:
    sign = mark()
    first = await deployment.send(sign, 0)
    await deployment.send(sign, 1)
    async with deployment.socket() as client:
        client.say(in_json(deployment.user.token, type="auth", cursor=first))
        _says(await client.message(), recovered=True, cursor=first)
        _follow([await client.event()], sign, 1)


@check("Who can't keep a stream open reads the same, page by page", KEPT)
async def read(deployment: Deployment) -> None:
    sign = mark()
    cursor = await deployment.send(sign, 0)
    for number in range(1, 4):
        await deployment.send(sign, number)
    found: list[Message] = []
    for _ in range(2):
        page = await deployment.ask("GET", f"/api/events?cursor={quote(cursor, safe='')}&limit=2", deployment.user)
        expect(page.status == 200 and page.json.get("recovered") is True, "200 and recovered", page)
        found += page.json["items"]
        cursor = page.json["cursor"]
    _follow(found[:3], sign, 1)


@check_streams(
    "A cursor that is no good gets no part of the past: the client is told to reload, and goes on from now", KEPT
)
async def never_a_part(deployment: Deployment, kind: Kind) -> None:
    sign = mark()
    cursor = await deployment.send(sign, 0)
    for no_good in (_of_another_epoch(cursor), "what is this"):
        async with deployment.greeted(kind, cursor=no_good) as (client, greeting):
            expect(greeting.get("recovered") is False, "recovered: false", greeting)
            expect(bool(greeting.get("reason")), "a reason", greeting)
            await deployment.send(sign, 1)
            _follow([await client.event()], sign, 1)


@check("Reading by a cursor that is no good gives nothing, and says so", KEPT)
async def read_never_a_part(deployment: Deployment) -> None:
    cursor = await deployment.send(mark())
    asked = quote(_of_another_epoch(cursor), safe="")
    page = await deployment.ask("GET", f"/api/events?cursor={asked}", deployment.user)
    told = page.json or {}
    expect(told.get("recovered") is False and told.get("items") == [], "recovered: false, and no items", page)
    expect(bool(told.get("reason")), "a reason", page)


def _of_another_epoch(cursor: str) -> str:
    """Every letter and digit of its first half replaced by another one."""
    half = len(cursor.rpartition("-")[0]) or len(cursor) // 2
    changed = ("1" if one == "0" else "0" for one in cursor[:half])
    return "".join(changed) + cursor[half:]


def _says(greeting: Message, **wanted: object) -> None:
    said = {name: greeting.get(name) for name in wanted}
    expect(said == wanted, f"a greeting with {wanted}", greeting)


def _follow(events: list[Message], sign: str, first: int) -> None:
    """These and no others, one after the other. Other events of the user in between would be no fault, but none are
    expected of one that is there for trying."""
    ours = [event.get("number") for event in events if event.get("mark") == sign]
    wanted = list(range(first, first + len(events)))
    expect(ours == wanted, f"{wanted}, each once and in order", ours or events)
    offsets = [event["offset"] for event in events]
    expect(offsets == list(range(offsets[0], offsets[0] + len(offsets))), "offsets that grow by one", offsets)
