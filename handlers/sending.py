"""What the app's own back end tells its users: one of them, or everybody."""

from functools import partial
from typing import Any

import msgspec

from handlers import own_events
from handlers.base import Handler
from handlers.once import Answer, write_once
from handlers.userids import checked
from storage import broadcasts, events
from storage.records import Draft
from storage.transaction import Transaction


class Sending(msgspec.Struct):
    event: dict[str, Any]


class SendingToOne(Sending):
    user: str


class SendHandler(Handler):
    """Into the user's sequence: it reaches those who are away when they return."""

    roles = ("service",)

    async def send(self, user: str, event: dict[str, Any]) -> None:
        draft = own_events.draft(event)
        unit = partial(append_one, user=checked(user), draft=draft, at=self.parts.clock.now())
        self.reply(await write_once(self, (user, event), unit), 202)


class UserSend(SendHandler):
    async def post(self, user: str) -> None:
        await self.send(user, self.json_body(Sending).event)


class Send(SendHandler):
    async def post(self) -> None:
        body = self.json_body(SendingToOne)
        await self.send(body.user, body.event)


class Broadcast(Handler):
    """One row for everybody; those who have a stream open are told at once."""

    roles = ("service",)

    async def post(self) -> None:
        event = self.json_body(Sending).event
        unit = partial(_broadcast, draft=own_events.draft(event), at=self.parts.clock.now())
        answer = await write_once(self, event, unit)
        self.parts.spreading.begin()
        self.reply(answer, 202)


def append_one(tx: Transaction, user: str, draft: Draft, at: float) -> Answer:
    (event,) = events.append(tx, user, [draft], at)
    return {"id": event.cursor}


def _broadcast(tx: Transaction, draft: Draft, at: float) -> Answer:
    return {"id": f"broadcast-{broadcasts.add(tx, draft, at)}"}
