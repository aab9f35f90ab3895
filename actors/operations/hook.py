"""Seeing to it that the platform pushes: its hooks are made, recorded and, at the end, removed."""

import secrets
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from actors.operations.base import Steps
from actors.operations.calls import with_bearer
from actors.platforms.base import RENEW_WITHIN, SoFar
from actors.platforms.failures import GrantRefused, HookRefused, PlatformError, Unauthorized
from actors.schedule import phase
from storage import hooks
from storage.records import Hook, Secret

if TYPE_CHECKING:
    from actors.work import ConnectionWork

log = structlog.get_logger()

LOOK_AGAIN = 24 * 3600.0
"""Seconds until hooks are looked at again: some were deleted there, others are wanted by now."""
SOON = 3600.0
"""Seconds until what couldn't be made for now is tried again."""
IN_DAYS = 3
"""So seldom where one of them rings each day: then one of several may be gone, but not all."""
JUST_NOW = 60.0
"""Seconds by which a timer may come early: the look that it was for isn't due once more."""
PENDING = "pending:"
"""Marks the row of a secret whose hook may not exist yet."""


def hooking(me: "ConnectionWork") -> Steps:
    """Register what is missing. A refusal is no failure: the connection is polled instead."""
    unreadable = me.write(lambda tx: hooks.forget_unreadable(tx, me.shared.vault, me.key))
    if unreadable:
        log.error("hooks_unreadable", **me.names, count=unreadable)
    stored = me.read(lambda tx: hooks.of(tx, me.shared.vault, me.key))
    known = [hook for hook in stored if not hook.external_id.startswith(PENDING)]
    earlier = [hook.external_id for hook in stored if hook.external_id.startswith(PENDING)]
    url = me.shared.hook_url(me.key)
    try:
        conversation = me.platform.register(me.account, url, known, partial(_new_secret, me), me.clock.now())
        made = yield from with_bearer(me, conversation)
    except PlatformError as error:
        _forget(me, earlier)  # those of this try may stand there by now
        if not isinstance(error, HookRefused):
            raise
        return _refused(me, error)
    left = _record(me, known, made)
    yield from _removing(me, left, made)
    me.update_row(hook_error=None)
    _look_again(me, made)
    me.note(f"webhooks registered: {len(made)}")
    log.info("hook_registered", **me.names, count=len(made))
    return len(made)


def _refused(me: "ConnectionWork", refusal: HookRefused) -> int:
    me.update_row(hook_error=refusal.detail)
    me.again("hook", LOOK_AGAIN)
    me.note(f"no webhook: {refusal.detail}")
    log.info("hook_refused", **me.names, reason=refusal.detail)
    return 0


def _removing(me: "ConnectionWork", left: Sequence[Hook], made: Sequence[Hook]) -> Steps:
    """Take back what tries without an answer may have made there: a kill or a lost answer leaves such. They are
    forgotten also where that fails, for what they send tells nothing that the hooks that stand don't tell."""
    if not left:
        return
    try:
        yield from with_bearer(me, me.platform.take_back(left, made))
    except PlatformError as trouble:
        if trouble.kind == "stopped":
            raise  # the next start comes back to it
        log.warning("hook_left_behind", **me.names, reason=trouble.detail)
    _forget(me, [hook.external_id for hook in left])


def _forget(me: "ConnectionWork", external_ids: Sequence[str]) -> None:
    def unit(tx: Any) -> None:
        for external_id in external_ids:
            hooks.forget(tx, me.key, external_id)

    if external_ids:
        me.write(unit)
        me.shared.directory.forget_hook_secrets(me.key)


def _look_again(me: "ConnectionWork", made: Sequence[Hook]) -> None:
    """Daily, and in any case while what ends has a fifth of its time left: the platform file renews it then."""
    if isinstance(made, SoFar):
        me.again("hook", SOON)
        return
    look, ends = next_look(me), _end(made)
    renewal = max(60.0, (ends - me.clock.now()) * 0.8) if ends is not None else look
    me.again("hook" if renewal < look else "look", min(renewal, look))


def _end(made: Sequence[Hook]) -> float | None:
    return min((hook.expires_at for hook in made if hook.expires_at is not None), default=None)


def next_look(me: "ConnectionWork") -> float:
    """Seconds. At the same time each day, so that one who is started anew every few hours comes to it too."""
    seconds = (phase(str(me.key)) * LOOK_AGAIN - me.clock.now()) % LOOK_AGAIN
    return seconds if seconds > JUST_NOW else seconds + LOOK_AGAIN


def may_wait(me: "ConnectionWork") -> bool:
    """Whether a look can be spared: a hook has rung within a day, none is to be renewed, and it isn't the day on which
    all are looked at nevertheless. By the calendar, so that no restart brings it forward."""
    row, now = me.row, me.clock.now()
    rang = row.hook_seen_at is not None and now - row.hook_seen_at < LOOK_AGAIN
    if not rang or row.hook_error is not None or me.platform.hooks_daily:
        return False
    day = round(now / LOOK_AGAIN - phase(str(me.key))) + int(IN_DAYS * phase(f"{me.key} looks"))
    if day % IN_DAYS == 0:
        return False
    stored = me.read(lambda tx: hooks.of(tx, me.shared.vault, me.key))
    ends = _end(stored)
    return not any(hook.external_id.startswith(PENDING) for hook in stored) and (
        ends is None or ends - now > RENEW_WITHIN
    )


def _new_secret(me: "ConnectionWork", address: str | None = None, secret: Secret | None = None) -> Secret:
    """Durable before the platform hears of it: it may send at once, signed with this, or ask at this address."""
    secret = secret or Secret(secrets.token_urlsafe(32))
    pending = Hook(PENDING + secrets.token_hex(8), "", secret, address=address)
    me.write(lambda tx: hooks.keep(tx, me.shared.vault, me.key, pending))
    me.shared.directory.forget_hook_secrets(me.key)
    return secret


def _record(me: "ConnectionWork", known: Sequence[Hook], made: Sequence[Hook]) -> list[Hook]:
    """Which secrets were announced for hooks that may stand there unrecorded."""
    kept, stand = {hook.external_id for hook in made}, {hook.address for hook in made}

    def unit(tx: Any) -> list[Hook]:
        for hook in made:
            hooks.keep(tx, me.shared.vault, me.key, hook)
        for hook in known:
            if hook.external_id not in kept:
                hooks.forget(tx, me.key, hook.external_id)
        left = []
        for hook in hooks.of(tx, me.shared.vault, me.key):
            if hook.external_id.startswith(PENDING):
                if hook.address is not None and hook.address not in stand:
                    left.append(hook)
                else:
                    hooks.forget(tx, me.key, hook.external_id)
        return left

    left: list[Hook] = me.write(unit)
    me.count_hooks(len(made))
    me.shared.directory.forget_hook_secrets(me.key)
    return left


def unhooking(me: "ConnectionWork") -> Steps:
    """Remove our hooks there, as far as the platform lets us, and the record of them in any case."""
    stays = me.platform.hook_per_account and me.shares_account([me.key.platform])
    url = me.shared.hook_url(me.key)
    for hook in me.read(lambda tx: hooks.of(tx, me.shared.vault, me.key)):
        if not hook.external_id.startswith(PENDING) and not stays:
            try:
                yield from with_bearer(me, me.platform.unregister(hook, url))
            except (Unauthorized, GrantRefused):
                log.info("hook_left_behind", **me.names, hook=hook.external_id)
            except PlatformError as trouble:
                if trouble.kind == "stopped":
                    raise
                log.warning("hook_left_behind", **me.names, hook=hook.external_id, reason=trouble.detail)
        me.write(partial(hooks.forget, key=me.key, external_id=hook.external_id))
    me.count_hooks(0)
    me.shared.directory.forget_hook_secrets(me.key)
