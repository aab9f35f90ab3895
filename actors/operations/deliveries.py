"""Working off webhooks. The table is the queue; finishing one and writing what it caused are one commit."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from actors.platforms.base import Ended, Happening, Platform
from actors.troubles import keep_needs_reauth
from storage import connections, data, deliveries, events
from storage.database import StorageUnavailable
from storage.records import Delivery, Draft, Item

if TYPE_CHECKING:
    from actors.connection import ConnectionActor

log = structlog.get_logger()

BATCH = 50
"""Deliveries in one turn, so that one busy user's backlog doesn't hold a thread for long."""
DELAYS = (5.0, 30.0, 300.0, 1800.0, 7200.0, 18000.0, 36000.0)
"""Seconds before each further try; after the last the delivery is parked."""


class SomeAreFinished(Exception):
    """Of a batch, by whomever. Each is looked at alone then."""


Readable = tuple[Delivery, Happening]


def work_off(me: "ConnectionActor", handed: Sequence[Delivery] = ()) -> bool:
    """One batch in order of arrival, what was handed over or the table's first; True when there may be more.

    Tries are counted durably before they are made, so that a delivery that kills the process is parked in
    the end: the first when it is accepted, a further one when it is put off, and those that an actor or a process
    before this one may have begun in the first batch of an incarnation.
    """
    now = me.clock.now()
    waiting = list(handed) or me.read(lambda tx: deliveries.unfinished(tx, me.key, now, BATCH))
    if not waiting:
        me.has_charged = True  # nothing was begun that isn't finished
        return False
    more = not handed and len(waiting) == BATCH
    me.heard(waiting[-1].id)
    good = _parse(me, _charged(me, waiting), now)
    if good:
        _commit(me, good, now)
        me.note(f"webhooks worked off: {len(good)}")
    return more


def give_up(me: "ConnectionActor", reason: str) -> None:
    """There is nobody to tell: else each sweep would wake an actor for what came for it."""
    me.write(lambda tx: deliveries.park_all(tx, me.key, reason))


def _charged(me: "ConnectionActor", waiting: list[Delivery]) -> list[Delivery]:
    if me.has_charged:
        return waiting
    me.write(lambda tx: deliveries.charge(tx, [one.id for one in waiting]))
    me.has_charged = True
    tried = [msgspec.structs.replace(one, attempts=one.attempts + 1) for one in waiting]
    for delivery in tried:
        if delivery.attempts > len(DELAYS) + 1:
            _park(me, delivery, "Each try ended with the process or the actor.")
    return [delivery for delivery in tried if delivery.attempts <= len(DELAYS) + 1]


def _parse(me: "ConnectionActor", waiting: list[Delivery], now: float) -> list[Readable]:
    good = []
    cursors = _cursors(me) if waiting else {}
    for delivery in waiting:
        try:
            happening = me.platform.parse_for(delivery, me.account, cursors)
        except Exception as error:  # whatever a payload does to the parser, the others go on
            _postpone(me, delivery, error, now)
            continue
        good.append((delivery, happening))
        cursors |= happening.cursors  # what one leaves for the poll, the next adds to
    return good


def _cursors(me: "ConnectionActor") -> dict[str, str]:
    """Read only for platforms that look at them here."""
    if type(me.platform).parse_for is Platform.parse_for:
        return {}
    return me.read(lambda tx: connections.cursors(tx, me.key))


def _commit(me: "ConnectionActor", good: list[Readable], now: float) -> None:
    """All in one unit; when that fails for a reason of its own, each alone, so that the culprit pays."""
    news = me.hook_was_silent(now)
    write = me.change if any(happening.ended for _, happening in good) else me.write
    try:
        write(lambda tx: _finish(me, tx, good, now, news))
    except StorageUnavailable:
        raise
    except Exception as error:
        if len(good) == 1:
            _postpone(me, good[0][0], error, now)
            return
        for one in good:
            _commit(me, [one], now)
    else:
        if news:
            me.hook_was_heard(now)
        _follow(me, good)


def _follow(me: "ConnectionActor", good: list[Readable]) -> None:
    """What webhooks set off beyond their own commit. The commit has made the poll due, in case this isn't reached."""
    if me.row.status == "needs_reauth" and any(one.ended for _, one in good):
        me.grant_ended(me.row.reason or "")
    elif any(one.fetch for _, one in good):
        me.fetch()


def _finish(me: "ConnectionActor", tx: Any, good: list[Readable], now: float, news: bool) -> None:
    drafts: list[Draft] = []
    items: list[Item] = []
    fetch = False
    ended: Ended | None = None
    cursors: dict[str, str] = {}
    finished = deliveries.finish_all(tx, [delivery.id for delivery, _ in good], now)
    if not finished:
        return
    if finished < len(good):
        raise SomeAreFinished
    for delivery, happening in good:
        items.extend(happening.items)
        drafts.append(_received(me, tx, delivery, happening))
        fetch = fetch or happening.fetch
        ended = ended or _of_this_grant(me, delivery, happening.ended)
        cursors |= happening.cursors
    if items:
        data.add(tx, me.key, items, now)
    if drafts:
        events.append(tx, me.key.user, drafts, now)
    if cursors:
        connections.keep_cursors(tx, me.key, cursors)
    columns = {"hook_seen_at": now} if news else {}
    if fetch:
        columns["next_poll"] = now
    if columns:
        connections.update(tx, me.key, **columns)
    if ended is not None and me.row.status == "connected":
        keep_needs_reauth(me, tx, ended.reason, ended.hint)


def _of_this_grant(me: "ConnectionActor", delivery: Delivery, ended: Ended | None) -> Ended | None:
    """None where the user has connected again since."""
    if ended is None or (ended.at or delivery.at) < (me.row.granted_at or 0.0):
        return None
    return ended


def _received(me: "ConnectionActor", tx: Any, delivery: Delivery, happening: Happening) -> Draft:
    fields = {"platform": me.key.platform, "delivery_id": delivery.delivery_id, "kind": delivery.kind}
    about = happening.about
    is_again = about is not None and not deliveries.is_first_about(tx, delivery, about)
    return Draft("webhook_received", {**fields, **happening.fields, **(happening.again if is_again else {})})


def _postpone(me: "ConnectionActor", delivery: Delivery, error: Exception, now: float) -> None:
    reason = f"{type(error).__name__}: {error}"[:500]
    if delivery.attempts > len(DELAYS):
        _park(me, delivery, reason)
        return
    at = now + DELAYS[delivery.attempts - 1]
    log.warning("delivery_postponed", **me.names, delivery=delivery.id, reason=reason, attempts=delivery.attempts)
    me.write(lambda tx: deliveries.retry(tx, delivery.id, reason, at))
    me.retry_deliveries_at(at)


def _park(me: "ConnectionActor", delivery: Delivery, reason: str) -> None:
    log.error("delivery_parked", **me.names, delivery=delivery.id, reason=reason)
    me.write(lambda tx: deliveries.park(tx, delivery.id, reason))
    me.note(f"delivery {delivery.id} parked: {reason}")
