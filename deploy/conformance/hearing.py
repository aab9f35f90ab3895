"""What a stream brings of what a check sent; other events of the user may come in between."""

from collections.abc import Iterable

from deploy.conformance.check import expect
from deploy.probing.streams import Message, StreamClient


async def heard(client: StreamClient, sign: str, count: int = 1) -> list[Message]:
    """Every event up to the last of so many of the check's own."""
    events: list[Message] = []
    while count:
        events.append(await client.event())
        count -= events[-1].get("mark") == sign
    return events


async def marked(client: StreamClient, sign: str) -> Message:
    """The next of the check's own."""
    return (await heard(client, sign))[-1]


def numbers(events: Iterable[Message], sign: str) -> list[object]:
    return [event.get("number") for event in events if event.get("mark") == sign]


def expect_consecutive(events: list[Message]) -> None:
    """Of everybody's: what is missing or there twice shows here, too."""
    offsets = [event["offset"] for event in events]
    expect(offsets == list(range(offsets[0], offsets[0] + len(offsets))), "offsets that grow by one", offsets)
