"""Drives a conversation with a platform by a list of answers, where the service would make the calls."""

import json
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from actors.platforms.base import Answer, Call, Page
from actors.platforms.failures import PlatformError

DATA = Path(__file__).parent.parent / "data"


@dataclass
class Conversation:
    """What was called and stored on the way, and what came of it: `result`, or `error` when it raised."""

    calls: list[Call] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    result: Any = None
    error: PlatformError | None = None

    @property
    def called(self) -> list[str]:
        return [f"{call.method} {call.url}" for call in self.calls]

    @property
    def items(self) -> list[Any]:
        return [item for page in self.pages for item in page.items]

    @property
    def cursors(self) -> dict[str, str]:
        """As they stand at the end."""
        kept: dict[str, str] = {}
        for page in self.pages:
            kept |= page.cursors
        return kept | dict(getattr(self.result, "cursors", {}))


def drive(generator: Generator[Any, Any, Any], answers: Iterable[Answer | PlatformError]) -> Conversation:
    """Each `Call` gets the next answer, thrown when it is an error; a `Page` is stored. All answers must be used."""
    waiting = list(answers)
    told = Conversation()
    reply: Answer | PlatformError | None = None
    try:
        while True:
            step = generator.throw(reply) if isinstance(reply, PlatformError) else generator.send(reply)
            reply = None
            if isinstance(step, Page):
                told.pages.append(step)
                continue
            told.calls.append(step)
            assert waiting, f"one call too many: {step.method} {step.url}"
            reply = waiting.pop(0)
    except StopIteration as end:
        told.result = end.value
    except PlatformError as error:
        told.error = error
    assert not waiting, f"{len(waiting)} answers were never asked for"
    return told


def answer(status: int = 200, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
    """`body`: bytes as they are, None for none, anything else as JSON, and labelled so."""
    named = {name.lower(): value for name, value in (headers or {}).items()}
    if body is None:
        return Answer(status, named, b"")
    if isinstance(body, bytes):
        return Answer(status, named, body)
    return Answer(status, {"content-type": "application/json; charset=utf-8"} | named, json.dumps(body).encode())


def payload(name: str) -> Any:
    """A platform's JSON from tests/data, fresh each time, to be changed at will."""
    return json.loads((DATA / f"{name}.json").read_bytes())


def external_ids(items: Sequence[Any]) -> list[str]:
    return [item.external_id for item in items]
