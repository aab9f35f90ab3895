"""The channels by which Google says that a calendar has changed: one for each calendar, for seven days.

A channel can't be renewed: a new one is made, and then the old one stopped. Google may send the first
message before it has answered, so the new channel's id is made known beforehand (`new_secret`).
"""

import ipaddress
import uuid
from collections.abc import Generator, Sequence
from urllib.parse import urlsplit

from actors.platforms.base import RENEW_WITHIN, Answer, Call, NewSecret, SoFar
from actors.platforms.failures import BadAnswer, Forbidden, HookRefused, NotFound, PlatformError
from actors.platforms.google.answers import checked, opaque, reason, whole
from actors.platforms.google_calendar.calendars import address, chosen
from storage.records import Hook

LIFE = 7 * 86_400


class NotThis(HookRefused):
    """Google makes no channel for this calendar."""


class NotHere(HookRefused):
    """Google does not push to this service's address."""


def register(
    api: str, limit: int, url: str, known: Sequence[Hook], new_secret: NewSecret, now: float
) -> Generator[Call, Answer, Sequence[Hook]]:
    """A channel for each calendar that is read. What goes wrong half-way leaves what has been made so far, for it
    has to be recorded; the next time finds the rest to do."""
    if not url.startswith("https://") and not _is_loopback(api):
        raise HookRefused(f"Google Calendar pushes to https addresses only, and this service is at {url}.")
    wanted = yield from chosen(api, limit, now)
    standing = {hook.external_id: hook for hook in known if (hook.expires_at or 0) > now}
    refused: list[str] = []
    try:
        for calendar in wanted:
            olds = [hook for hook in standing.values() if calendar_of(hook.where) == calendar]
            lasting = next((hook for hook in olds if _lasts(hook, now)), None)
            try:
                kept = lasting or (yield from _watched(api, calendar, url, new_secret, now))
            except NotThis as trouble:
                refused.append(f"{calendar} ({trouble.detail})")
                continue
            standing[kept.external_id] = kept
            yield from _without(api, standing, [old for old in olds if old is not kept])
        yield from _without(api, standing, [hook for hook in known if calendar_of(hook.where) not in wanted])
    except NotHere:
        raise
    except PlatformError:
        if not standing:
            raise
        return SoFar(standing.values())
    if not standing:
        raise HookRefused(f"Google makes a channel for none of {len(wanted)} calendars: {'; '.join(refused)[:300]}")
    return list(standing.values())


def _without(api: str, standing: dict[str, Hook], hooks: Sequence[Hook]) -> Generator[Call, Answer, None]:
    for hook in hooks:
        if standing.get(hook.external_id) is hook:
            yield from stop(api, hook)
            del standing[hook.external_id]


def stop(api: str, hook: Hook) -> Generator[Call, Answer, None]:
    """One that has ended already is as good as stopped."""
    json = {"id": hook.external_id, "resourceId": resource_of(hook.where)}
    answer = yield Call("POST", f"{api}/calendar/v3/channels/stop", json=json)
    try:
        checked(answer)
    except (NotFound, Forbidden, BadAnswer):  # a third try would be told the same
        return


def stop_unheard(api: str, left: Sequence[Hook], made: Sequence[Hook]) -> Generator[Call, Answer, None]:
    """Channels of which only the ids are known, if they exist at all. What a channel watches has one id, whichever
    channel it is of: it is that of one of the channels that stand."""
    resources = list(dict.fromkeys(resource_of(hook.where) for hook in made))
    for hook in left:
        for resource in resources:
            json = {"id": hook.address, "resourceId": resource}
            try:
                checked((yield Call("POST", f"{api}/calendar/v3/channels/stop", json=json)))
            except (NotFound, Forbidden, BadAnswer):
                continue
            break


def calendar_of(where: str) -> str:
    return where.rpartition("|")[0]


def resource_of(where: str) -> str:
    return where.rpartition("|")[2]


def _lasts(hook: Hook, now: float) -> bool:
    return hook.expires_at is not None and hook.expires_at - now > RENEW_WITHIN


def _watched(api: str, calendar: str, url: str, new_secret: NewSecret, now: float) -> Generator[Call, Answer, Hook]:
    id_ = str(uuid.uuid4())  # Google takes none a second time, whoever had it
    secret = new_secret(address=id_)
    json = {"id": id_, "type": "web_hook", "address": url, "token": secret, "params": {"ttl": str(LIFE)}}
    answer = yield Call("POST", f"{address(api, calendar)}/events/watch", json=json)
    try:
        said = checked(answer, now).json()
        resource = opaque(said, "resourceId", longest=255)
        if resource is None:
            raise BadAnswer("a channel without a resource")
    except (BadAnswer, Forbidden, NotFound) as trouble:
        if reason(answer).startswith("push.webhookUrl"):
            raise NotHere(f"Google does not push to {url}: {trouble.detail}") from None
        raise NotThis(trouble.detail) from None
    ends = whole(said, "expiration")
    expires_at = ends / 1000 if ends is not None else now + LIFE
    return Hook(id_, f"{calendar}|{resource}", secret, expires_at, id_)


def _is_loopback(url: str) -> bool:
    """A simulator on this machine has no certificate to ask for."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
