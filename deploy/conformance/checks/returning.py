"""What those find who were away: all of what they missed, or the word that they must reload."""

from urllib.parse import quote

from deploy.conformance.check import check, check_streams, expect
from deploy.conformance.deployment import Deployment, mark
from deploy.conformance.hearing import expect_consecutive, heard, marked, numbers
from deploy.probing.streams import Kind, Message
from deploy.probing.tokens import in_json

MISSED = 5
KEPT = "RETENTION, RETENTION_EVENTS; two services with a database each behind one address; a restored database"


@check_streams("Who comes back with a cursor gets what was missed, each once, and then goes on", KEPT)
async def resume(deployment: Deployment, kind: Kind) -> None:
    sign = mark()
    async with deployment.greeted(kind) as (client, _):
        await deployment.send(sign, 0)
        cursor = (await marked(client, sign))["cursor"]
    for number in range(1, MISSED + 1):
        await deployment.send(sign, number)
    async with deployment.greeted(kind, cursor=cursor) as (client, greeting):
        _says(greeting, recovered=True, cursor=cursor)
        await deployment.send(sign, MISSED + 1)
        _follow(await heard(client, sign, MISSED + 1), sign, MISSED + 1)


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
        _follow(await heard(client, sign, 2), sign, 2)


@check("A socket's first message brings its cursor, too", KEPT)
async def resume_by_message(deployment: Deployment) -> None:
    sign = mark()
    first = await deployment.send(sign, 0)
    await deployment.send(sign, 1)
    async with deployment.socket() as client:
        client.say(in_json(deployment.user.token, type="auth", cursor=first))
        _says(await client.message(), recovered=True, cursor=first)
        _follow(await heard(client, sign), sign, 1)


@check("Who can't keep a stream open reads the same, page by page", KEPT)
async def read(deployment: Deployment) -> None:
    sign = mark()
    cursor = await deployment.send(sign, 0)
    for number in range(1, 4):
        await deployment.send(sign, number)
    found: list[Message] = []
    while len(numbers(found, sign)) < 3:
        page = await deployment.ask("GET", f"/api/events?cursor={quote(cursor, safe='')}&limit=2", deployment.user)
        expect(page.status == 200 and page.json.get("recovered") is True, "200 and recovered", page)
        items = page.json["items"]
        expect(0 < len(items) <= 2, "one event or two, as was asked", page)
        expect(page.json["cursor"] == items[-1]["cursor"] != cursor, "a cursor that goes on", page)
        found += items
        cursor = page.json["cursor"]
    _follow(found, sign, 3)


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
            _follow(await heard(client, sign), sign, 1)


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


def _follow(events: list[Message], sign: str, last: int) -> None:
    wanted = list(range(1, last + 1))
    ours = numbers(events, sign)
    expect(ours == wanted, f"{wanted}, each once and in order", ours or events)
    expect_consecutive(events)
