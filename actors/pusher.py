"""Pushes to devices what is queued for them: a few calls at a time to each push service, apart from all else.

The table is the queue; a message only says: look. A row is gone once its push service has taken it, or nobody is to
hear of it any more; a crash in between pushes once more, under the same topic, so that a device shows one.
"""

import hashlib
import random
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import structlog
import urllib3

from actors.clock import Clock, Timer
from actors.lane import Job, Outcome
from actors.lanes import Lanes
from actors.platforms.answers import retry_after
from actors.platforms.base import Answer, Call
from actors.pool import PooledActor
from actors.webpush.counts import PushCounts
from actors.webpush.encryption import device_keys, encoded, encrypt
from actors.webpush.hosts import PushHosts
from actors.webpush.payload import payload
from actors.webpush.vapid import Vapid
from storage import pushes, subscriptions
from storage.database import Database, StorageUnavailable, Transaction
from storage.pushes import KEEPS, Push
from storage.records import Event
from storage.subscriptions import Subscription
from storage.vault import Vault

log = structlog.get_logger()

AT_ONCE = 16
"""To one push service, those that wait in its lane included."""
LOOK_EVERY = 30.0
FIRST_WAIT, LONGEST_WAIT = 5.0, 900.0
LONGEST_ASKED = 3600.0
"""Of what a push service asks for by Retry-After."""


class Look(NamedTuple):
    """There may be something to push."""


class Pushed(NamedTuple):
    """How it ended."""

    push: Push
    outcome: Outcome


class Pusher(PooledActor):
    def __init__(
        self,
        clock: Clock,
        database: Database,
        vault: Vault,
        lanes: Lanes,
        hosts: PushHosts,
        vapid: Vapid,
        in_sight: Callable[[str], bool],
        counts: PushCounts,
    ) -> None:
        """`in_sight`: whether the user has a page before their eyes. Asked on any thread."""
        super().__init__()
        self._clock = clock
        self._database = database
        self._vault = vault
        self._lanes = lanes
        self._hosts = hosts
        self._vapid = vapid
        self._in_sight = in_sight
        self._counts = counts
        self._under_way: dict[int, str] = {}
        self._timer: Timer | None = None

    def on_receive(self, message: Look | Pushed) -> None:
        try:
            if isinstance(message, Pushed):
                self._take(message.push, message.outcome)
            self._look()
        except StorageUnavailable as trouble:
            log.warning("pushes_postponed", reason=trouble.reason)
            self._look_in(FIRST_WAIT)
        except Exception:  # a bug: without another look nothing would be pushed any more
            log.exception("push_failed")
            self._look_in(LOOK_EVERY)

    # -- begin -----------------------------------------------------------------------------------

    def _look(self) -> None:
        now = self._clock.now()
        counts = Counter(self._under_way.values())
        for host in self._hosts.named:
            for push in self._due(host, now, AT_ONCE + counts[host]):
                if push.id not in self._under_way and counts[host] < AT_ONCE:
                    counts[host] += self._begin(host, push, now)
        coming = self._database.read(pushes.next_due)
        wait = LOOK_EVERY if coming is None or coming <= now else min(LOOK_EVERY, coming - now)
        self._look_in(wait)

    def _due(self, host: str, now: float, limit: int) -> Sequence[Push]:
        return self._database.read(partial(pushes.due, vault=self._vault, host=host, now=now, limit=limit))

    def _begin(self, host: str, push: Push, now: float) -> bool:
        """False: there is no call to be made."""
        if push.to is None:
            self._drop_device(push)
            return False
        if push.event is None or now - push.at > KEEPS or self._in_sight(push.event.user):
            self._write(partial(pushes.done, id_=push.id))
            self._counts.unneeded += 1
            return False
        if self._hosts.of(push.to.endpoint.reveal()) != host:  # what is allowed has changed since
            self._drop_device(push)
            return False
        try:
            call = self._call(push.to, push.event, now)
        except Exception:  # the keys of one device, or a bug: the others wait behind it
            log.exception("push_not_made", user=push.event.user, host=host)
            self._give_up(push)
            return False
        self._under_way[push.id] = host
        answered = partial(self._tell, push)
        self._lanes.submit(host, Job(call, None, None, answered))
        return True

    def _call(self, to: Subscription, event: Event, now: float) -> Call:
        endpoint = to.endpoint.reveal()
        url = urllib3.util.parse_url(endpoint)
        port = f":{url.port}" if url.port is not None and url.scheme != "https" else ""
        headers = {
            "Authorization": self._vapid.authorization(f"{url.scheme}://{url.host}{port}", now),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(max(0, round(event.at + KEEPS - now))),
            "Topic": topic(event),
            "Urgency": "high" if event.type == "needs_reauth" else "normal",
        }
        body = encrypt(payload(event), device_keys(to.p256dh, to.auth.reveal()))
        return Call("POST", endpoint, headers=headers, content=body, auth="none", redirects=False)

    def _tell(self, push: Push, outcome: Outcome) -> None:
        self.actor_ref.tell(Pushed(push, outcome))

    # -- and end ---------------------------------------------------------------------------------

    def _take(self, push: Push, outcome: Outcome) -> None:
        host = self._under_way.pop(push.id, "")
        user = push.event.user if push.event else None
        if isinstance(outcome, Answer) and outcome.status < 300:
            self._write(partial(pushes.done, id_=push.id))
            self._counts.sent += 1
        elif isinstance(outcome, Answer) and outcome.status in (404, 410):
            log.info("subscription_gone", user=user, host=host, status=outcome.status)
            self._drop_device(push)
        elif isinstance(outcome, Answer) and outcome.status < 500 and outcome.status not in (408, 429):
            log.warning("push_refused", user=user, host=host, status=outcome.status)
            self._give_up(push)
        else:
            self._try_again(push, outcome)

    def _try_again(self, push: Push, outcome: Outcome) -> None:
        wait = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(push.attempts, 10)) * random.uniform(1.0, 1.25)
        if isinstance(outcome, Answer):
            asked = retry_after(outcome.headers, self._clock.now())
            wait = max(wait, min(LONGEST_ASKED, asked or 0.0))
        else:
            wait = max(wait, getattr(outcome, "retry_after", None) or 0.0)
        self._write(partial(pushes.again, id_=push.id, due_at=self._clock.now() + wait))
        self._counts.failed += 1

    def _give_up(self, push: Push) -> None:
        self._write(partial(pushes.done, id_=push.id))
        self._counts.refused += 1

    def _drop_device(self, push: Push) -> None:
        self._write(partial(subscriptions.drop, id_=push.subscription_id))
        self._counts.devices_dropped += 1

    def _write(self, unit: Callable[[Transaction], object]) -> None:
        self._database.write(unit).result()

    def _look_in(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._clock.call_later(seconds, partial(self.actor_ref.tell, Look()))


class Nudge:
    """Tells the pusher of what has been committed. On the writer's thread, so it is short."""

    def __init__(self, publish: Callable[[Sequence[Event]], None], look: Callable[[Look], None]) -> None:
        self._publish = publish
        self._look = look

    def __call__(self, events: Sequence[Event]) -> None:
        self._publish(events)
        if any(event.type in pushes.PUSHED for event in events):
            self._look(Look())


def topic(event: Event) -> str:
    """The event's own: pushed again while the device is away, it takes the place of what waits there."""
    return encoded(hashlib.sha256(f"{event.user}:{event.cursor}".encode()).digest()[:24])
