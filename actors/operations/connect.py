"""The first token, and each one that a reconnect brings: a code for a grant, and whose account it is."""

from typing import TYPE_CHECKING, Any

import structlog

from actors import tokens
from actors.messages import Connect
from actors.notices import next_notice
from actors.operations.base import Steps
from actors.operations.poll import ALL_IS_WELL
from actors.platforms.failures import PlatformError
from storage import addresses, connections, events
from storage.records import Account, Draft, Token

if TYPE_CHECKING:
    from actors.work import ConnectionWork

log = structlog.get_logger()


class OtherAccount(PlatformError):
    """A reconnect with another account than the connection's own: its data would be mixed up."""

    kind = "other_account"


class ConsentIncomplete(PlatformError):
    """The user unticked what nothing works without."""

    kind = "consent_incomplete"


class Overtaken(PlatformError):
    """The user has changed their mind since."""

    kind = "disconnected"


def connecting(me: "ConnectionWork", order: Connect) -> Steps:
    grant = yield from me.platform.exchange(order.code, order.redirect_uri, order.verifier)
    missing = me.platform.missing(grant.scope or "")
    if missing:
        raise ConsentIncomplete(f"It can't work without {', '.join(missing)}. Please connect again and allow that.")
    token = tokens.granted(grant, me.clock.now(), lifetime=me.platform.grant_lifetime)
    # Who it is must be known before the token may replace another. A token that a crash loses here
    # costs one more click; one stored for the wrong account would cost somebody their privacy.
    me.borrow(token)
    try:
        account = yield from me.platform.identify()
    finally:
        me.borrow(None)
    if me.row.account is not None and me.row.account.id != account.id:
        raise OtherAccount(f"This connection belongs to {me.row.account.name}, not to {account.name}.")
    if me.row.leaving is not None:
        raise Overtaken("It was disconnected while it was being connected.")
    generation = me.row.generation
    kept = me.change(lambda tx: _commit(me, tx, generation, token, account))
    me.adopt(token if kept else None)
    if kept:
        me.note(f"connected as {account.name}")
        log.info("connection_made", **me.names, account=account.id)
    return me.row


def _commit(me: "ConnectionWork", tx: Any, generation: int, token: Token, account: Account) -> bool:
    kept = connections.keep_token(
        tx,
        me.shared.vault,
        me.key,
        generation,
        token,
        account=account,
        status="connected",
        granted_at=me.clock.now(),
        notice_at=next_notice(token.reauth_due_at, me.clock.now()),
    )
    if not kept:
        return False
    connections.update(tx, me.key, **ALL_IS_WELL)
    addresses.keep(tx, me.key, account.addresses)
    fields = {"platform": me.key.platform, "status": "connected", "method": "polling", "account": account.name}
    fields["message"] = f"{me.platform.title} is connected as {account.name}"
    drafts = [Draft("connected", fields)]
    if me.row.status == "needs_reauth" or me.row.trouble_told:
        again = {"reason": "reconnected", "message": f"{me.platform.title} is connected again"}
        drafts.append(Draft("connection_status", fields | again))
    events.append(tx, me.key.user, drafts, me.clock.now())
    return True
