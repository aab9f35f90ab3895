"""Web push: which key browsers subscribe with, and the devices that did."""

import msgspec

from actors.webpush.encryption import device_keys
from handlers.base import ANYONE, Handler
from handlers.errors import BadRequest
from storage import broadcasts, subscriptions
from storage.records import Secret
from storage.subscriptions import Subscription
from storage.transaction import Transaction


class Keys(msgspec.Struct):
    p256dh: str
    auth: str


class Subscribing(msgspec.Struct):
    endpoint: str
    keys: Keys


class Leaving(msgspec.Struct):
    endpoint: str


class PushKey(Handler):
    roles = ANYONE

    def get(self) -> None:
        self.reply({"public_key": self.parts.push_key})


class PushSubscription(Handler):
    roles = ANYONE

    async def post(self) -> None:
        asked, parts, user = self.json_body(Subscribing), self.parts, self.caller.user
        host = parts.push_hosts.of(asked.endpoint)
        if host is None:
            raise BadRequest("push_host_not_allowed", "This is not the address of a push service that may be called.")
        try:
            device_keys(asked.keys.p256dh, asked.keys.auth)
        except ValueError:
            raise BadRequest("bad_subscription", "The keys are not those of a browser's subscription.") from None
        made = Subscription(Secret(asked.endpoint), host, asked.keys.p256dh, Secret(asked.keys.auth))

        def unit(tx: Transaction) -> int:
            broadcasts.hear(tx, [user])  # so that the user is known, and what is told to all from now on is pushed
            return subscriptions.keep(tx, parts.vault, user, made, parts.clock.now())

        self.reply({"devices": await parts.bridge.write(unit)}, 201)

    async def delete(self) -> None:
        endpoint, user = Secret(self.json_body(Leaving).endpoint), self.caller.user
        await self.parts.bridge.write(lambda tx: subscriptions.forget(tx, user, endpoint))
        self.set_status(204)
        self.clear_header("Content-Type")
        self.finish()
