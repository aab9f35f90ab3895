"""Getting a new token: the actor's mailbox is the lock, the row's generation the proof."""

from typing import TYPE_CHECKING, Any

import structlog

from actors import tokens
from actors.notices import next_notice
from actors.operations.base import Pause, Steps
from actors.platforms.base import Grant
from actors.platforms.failures import CallFailed, GrantRefused, PlatformError
from storage import connections, events
from storage.database import StorageUnavailable
from storage.records import Draft, Token, iso

if TYPE_CHECKING:
    from actors.work import ConnectionWork

log = structlog.get_logger()

ANSWER_LOST = (
    "answer_lost",
    "An earlier renewal was cut off before its answer could be stored, and this platform takes each refresh token "
    "only once. Please reconnect.",
)

OVER = (
    "expired_by_age",
    "The platform ends this access some time after you gave it, and renews none. Please reconnect.",
)
NEVER_SENT = frozenset({"circuit_open", "paused", "busy", "stopped", "dns", "refused", "tls"})
"""Failures of a call that the platform has not seen."""


def refreshing(me: "ConnectionWork", generation: int | None = None) -> Steps:
    """A new token; the expiry it has. With `generation`, only if the token is still that one."""
    if generation is not None and me.row.generation != generation:
        return me.row.token_expires_at
    token = me.token()
    if token.refresh is None:
        if token.expires_at is None:
            return None
        raise GrantRefused(*OVER)
    me.renewing = True
    try:
        grant = yield from _ask(me, token)
        if grant is not None:
            yield from _keep(me, token, grant)
    finally:
        me.renewing = False
    return me.row.token_expires_at


def _ask(me: "ConnectionWork", token: Token) -> Steps:
    """The platform's answer, with a mark in the row until it is stored; None when another token came in between."""
    generation, cut_off = me.row.generation, me.row.refresh_began_at is not None
    me.update_row(refresh_began_at=me.clock.now())
    try:
        return (yield from me.platform.refresh(token))
    except GrantRefused as refused:
        if me.reload().generation != generation:
            return None  # somebody else's commit won; theirs is the token
        if cut_off and me.platform.refresh_rotates:
            raise GrantRefused(*ANSWER_LOST) from None
        row = me.row
        raise me.platform.explain(refused, me.clock.now(), row.reauth_due_at, row.granted_at) from None
    except PlatformError as error:
        if not isinstance(error, CallFailed) or error.kind in NEVER_SENT:
            me.update_row(refresh_began_at=None)
        raise  # else there may have been an answer that never reached us: the mark stays


def _keep(me: "ConnectionWork", before: Token, grant: Grant) -> Steps:
    """Durable before it is used. The old one may be dead already, so this doesn't give up."""
    token = tokens.granted(grant, me.clock.now(), before=before)
    generation = me.row.generation
    while True:
        try:
            kept = me.change(lambda tx: _commit(me, tx, generation, token))
            break
        except StorageUnavailable as trouble:
            log.warning("token_not_stored", **me.names, reason=trouble.reason)
            yield Pause(1.0)
    me.adopt(token if kept else None)
    if kept:
        me.note("token refreshed")
        log.info("token_refreshed", **me.names, expires_at=iso(token.expires_at))


def _commit(me: "ConnectionWork", tx: Any, generation: int, token: Token) -> bool:
    notice_at = next_notice(token.reauth_due_at, me.clock.now())
    if not connections.keep_token(tx, me.shared.vault, me.key, generation, token, notice_at=notice_at):
        return False
    if me.row.status == "disconnected":
        return True  # it is needed once more, to end the grant there: no news
    draft = Draft("token_refresh", {"platform": me.key.platform, "token_expires_at": iso(token.expires_at)})
    events.append(tx, me.key.user, [draft], me.clock.now())
    return True
