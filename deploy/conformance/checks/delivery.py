"""What is told to those who are there: to whom, in which order, how soon."""

import asyncio
import time
from contextlib import AsyncExitStack
from statistics import median

from deploy.conformance.check import check, check_streams, expect
from deploy.conformance.deployment import TYPE, Deployment, mark
from deploy.conformance.hearing import expect_consecutive, heard, marked, numbers
from deploy.probing.streams import KINDS, Kind, SseClient, StreamClient

MANY = 40
AT_ONCE = 8
TIMED = 5

SEQUENCE = "two services over one database; a proxy that retries POST; the service's log"
BUFFERING = (
    "a proxy that buffers (nginx: proxy_buffering off, or X-Accel-Buffering let through; no gzip on text/event-stream; "
    "CDNs have a switch for it); a busy machine: /metrics"
)


@check(
    "An event stream says what it is, and tells caches and proxies to keep out of it",
    "a proxy that rewrites headers, or compresses text/event-stream",
)
async def sse_headers(deployment: Deployment) -> None:
    async with deployment.greeted("sse") as (client, _):
        headers = client.headers
    kind = headers.get("Content-Type", "")
    expect(kind.startswith("text/event-stream"), "Content-Type: text/event-stream", kind)
    expect(headers.get("Cache-Control") == "no-store", "Cache-Control: no-store", headers.get("Cache-Control"))
    expect("Content-Encoding" not in headers, "no Content-Encoding", headers.get("Content-Encoding"))
    buffered = headers.get("X-Accel-Buffering")
    taken_by_proxy = buffered is None and ("Server" in headers or "Via" in headers)  # nginx keeps it to itself
    expect(buffered == "no" or taken_by_proxy, "X-Accel-Buffering: no", f"X-Accel-Buffering: {buffered}")


@check(
    "An event stream begins with its cursor and with how soon to come back: a drop before any event loses nothing",
    "the service's version; a proxy that rewrites event streams",
)
async def sse_greeting(deployment: Deployment) -> None:
    async with deployment.greeted("sse") as (client, greeting):
        assert isinstance(client, SseClient)
        block = client.blocks[0]
    expect(block.event == "authenticated", "event: authenticated", block.event)
    expect(block.id == greeting.get("cursor") is not None, f"id: {greeting.get('cursor')}", block.id)
    expect(bool(block.retry_ms), "retry: in milliseconds", block.retry_ms)


@check(
    "An event that the app sends is the same on every tab, on WebSocket, on SSE and when it is read",
    SEQUENCE,
)
async def everywhere(deployment: Deployment) -> None:
    sign = mark()
    async with AsyncExitStack() as stack:
        clients = [(await stack.enter_async_context(deployment.greeted(kind)))[0] for kind in (*KINDS, "websocket")]
        cursor = await deployment.send(sign, text="ümlaut, ☂, \r\n and \u2028 are as they were sent")
        seen = [await marked(client, sign) for client in clients]
    block = next(block for block in clients[1].blocks if block.id == cursor)  # type: ignore[attr-defined]
    expect(block.event == TYPE, f"event: {TYPE}, id: {cursor}", block)
    read = await deployment.ask("GET", "/api/events?limit=20", deployment.user)
    seen += [item for item in read.json["items"] if item.get("mark") == sign]
    expect(len(seen) == 4, "the event in /api/events", read)
    expect(all(event == seen[0] for event in seen), f"the same on each: {seen[0]}", seen[1:])
    event = seen[0]
    expect(event.get("cursor") == cursor, f"the cursor {cursor}, as whoever sent it was told", event.get("cursor"))
    expect(event.get("text") == "ümlaut, ☂, \r\n and \u2028 are as they were sent", "the text as it was sent", event)
    expect({"type", "offset", "at"} <= event.keys(), "type, offset and at", event)


@check_streams("Events come in their order, each once, however many are sent at once", SEQUENCE)
async def order(deployment: Deployment, kind: Kind) -> None:
    sign = mark()
    async with deployment.greeted(kind) as (client, _):
        await _send_many(deployment, sign)
        seen = await heard(client, sign, MANY)
    expect_consecutive(seen)
    ours = set(numbers(seen, sign))
    expect(ours == set(range(MANY)), f"each of {MANY} once", ours)


async def _send_many(deployment: Deployment, sign: str) -> None:
    waiting = list(range(MANY))

    async def one() -> None:
        while waiting:
            await deployment.send(sign, waiting.pop())

    await asyncio.gather(*(one() for _ in range(AT_ONCE)))


@check_streams("An event is on screen within moments, through whatever stands before the service", BUFFERING)
async def prompt(deployment: Deployment, kind: Kind) -> None:
    """One at a time, with nothing behind it that would push it on. The median: a hiccup is not a buffer."""
    sign, late = mark(), []
    async with deployment.greeted(kind) as (client, _):
        for number in range(TIMED):
            arrival = asyncio.create_task(_arrival(client, sign))
            await deployment.send(sign, number)
            sent = time.perf_counter()
            late.append(max(0.0, await arrival - sent))
    most = deployment.terms.prompt
    expect(median(late) <= most, f"{most * 1000:g} ms at most", f"{median(late) * 1000:.0f} ms")


async def _arrival(client: StreamClient, sign: str) -> float:
    await marked(client, sign)
    return client.arrived_at


@check("A stream with types= gets these and no others", "a proxy that takes the query away; the service's version")
async def types(deployment: Deployment) -> None:
    sign = mark()
    async with deployment.greeted("sse", query="?types=conformance_wanted") as (client, _):
        await deployment.send(sign, 1)
        await deployment.send(sign, 2, type="conformance_wanted")
        event = await client.event()
    expect(event.get("number") == 2, "only the event of the type that was asked for", event)


@check(
    "Nobody hears, or can read, what is another user's",
    "two users with one id in the app's tokens; a proxy that caches, or that signs requests itself",
    "another user",
)
async def isolation(deployment: Deployment) -> None:
    sign, other = mark(), deployment.somebody_else
    async with AsyncExitStack() as stack:
        clients = [(await stack.enter_async_context(deployment.greeted(kind, other)))[0] for kind in KINDS]
        cursor = await deployment.send(sign, 1)
        await deployment.send(sign, 2, to=other)
        events = [await marked(client, sign) for client in clients]
    expect(all(event["number"] == 2 for event in events), f"only what is {other.id}'s", events)
    for query in ("", f"?cursor={cursor}", f"?userId={deployment.user.id}"):
        read = await deployment.ask("GET", f"/api/events{query}", other)
        found = [
            item for item in (read.json or {}).get("items", []) if item.get("mark") == sign and item["number"] == 1
        ]
        expect(found == [], f"nothing of {deployment.user.id}'s for {other.id} from /api/events{query}", found)
