"""What the app's own back end can send."""

from contextlib import AsyncExitStack
from urllib.parse import quote

from deploy.conformance.check import check, expect
from deploy.conformance.deployment import TYPE, Deployment, mark
from deploy.conformance.hearing import marked
from deploy.probing.http import Answer
from deploy.probing.streams import KINDS, Message

SEND, BROADCAST = "/api/sse/send", "/api/sse/broadcast"
VERSION = "the service's version; a proxy that doesn't pass the path on"


@check("A back end sends to one user, and is told the event's cursor", VERSION)
async def send(deployment: Deployment) -> None:
    sign, before = mark(), await deployment.send(mark())
    answer = await deployment.ask("POST", SEND, deployment.service, _to_user(deployment, sign))
    expect(answer.status == 202 and bool(answer.json.get("id")), '202 and {"id": …}', answer)
    found = await _since(deployment, before, sign)
    cursors = [event["cursor"] for event in found]
    expect(cursors == [answer.json["id"]], f"one event, with the cursor {answer.json['id']}", found)


@check(
    "The same request again, under the same Idempotency-Key, has the same answer and no second effect",
    f"a proxy that drops Idempotency-Key; {VERSION}",
)
async def idempotent(deployment: Deployment) -> None:
    sign, before = mark(), await deployment.send(mark())
    for path, told in (
        (SEND, _to_user(deployment, sign)),
        (deployment.sending(deployment.user.id), {"event": {"type": TYPE, "mark": sign}}),
    ):
        key = {"Idempotency-Key": mark()}
        first, second = [await deployment.ask("POST", path, deployment.service, told, key) for _ in range(2)]
        expect(first.status == second.status == 202, "202, twice", f"{first}, {second}")
        expect(first.json == second.json, f"the same answer: {first}", second)
        found = await _since(deployment, before, sign)
        expect(len(found) == 1, f"one event from two requests to {path}", found)
        before = found[-1]["cursor"]


@check("A key that was used for one request is good for no other", VERSION)
async def key_reused(deployment: Deployment) -> None:
    key = {"Idempotency-Key": mark()}
    await deployment.ask("POST", SEND, deployment.service, _to_user(deployment, mark()), key)
    answer = await deployment.ask("POST", SEND, deployment.service, _to_user(deployment, mark()), key)
    expect(answer.status == 422 and answer.error == "idempotency_key_reused", "422 idempotency_key_reused", answer)


@check("Only a back end sends, and never under a name of the service's own, nor without bounds", VERSION)
async def refused(deployment: Deployment) -> None:
    too_large = {"type": TYPE, "text": "x" * 40_000}
    tried: list[tuple[int, str, Answer]] = []
    for path, more in ((SEND, {"user": deployment.user.id}), (deployment.sending(deployment.user.id), {})):
        for status, how, by, event in (
            (403, "by a user", deployment.user, {"type": TYPE}),
            (400, "of the service's own type", deployment.service, {"type": "new_data"}),
            (400, "of a type that is no name", deployment.service, {"type": "No Name"}),
            (400, "of 40 kB", deployment.service, too_large),
        ):
            tried.append(
                (status, f"an event {how} to {path}", await deployment.ask("POST", path, by, {**more, "event": event}))
            )
    tried.append(
        (
            403,
            f"a user's event to {BROADCAST}",
            await deployment.ask("POST", BROADCAST, deployment.user, _event(mark())),
        )
    )
    for status, what, answer in tried:
        expect(answer.status == status and answer.error is not None, f"{status} for {what}", answer)


@check(
    "A broadcast reaches who is there, and who is away when they return",
    VERSION,
    "another user",
    "leave to broadcast",
)
async def broadcast(deployment: Deployment) -> None:
    sign, other = mark(), deployment.somebody_else
    before = await deployment.send(mark(), to=other)
    async with AsyncExitStack() as stack:
        clients = [(await stack.enter_async_context(deployment.greeted(kind)))[0] for kind in KINDS]
        answer = await deployment.ask("POST", BROADCAST, deployment.service, _event(sign))
        expect(answer.status == 202 and bool(answer.json.get("id")), '202 and {"id": …}', answer)
        for client in clients:
            await marked(client, sign)
    async with deployment.greeted("sse", other, before) as (client, _):
        await marked(client, sign)


def _event(sign: str) -> dict[str, object]:
    return {"event": {"type": TYPE, "mark": sign}}


def _to_user(deployment: Deployment, sign: str) -> dict[str, object]:
    return {"user": deployment.user.id, **_event(sign)}


async def _since(deployment: Deployment, cursor: str, sign: str) -> list[Message]:
    page = await deployment.ask("GET", f"/api/events?cursor={quote(cursor, safe='')}", deployment.user)
    return [item for item in page.json["items"] if item.get("mark") == sign]
