"""Everything an actor can be told: facts in the past tense or as events, orders in the imperative.

Frozen structs, nothing dispatched by string. A `reply` is a future that the actor resolves; nobody
inside the pool ever waits for one.
"""

from concurrent.futures import Future
from typing import Any

import msgspec

from actors.platforms.base import Answer, Call
from actors.platforms.failures import PlatformError
from storage.records import Connection, ConnectionKey, Delivery, Secret

# -- to a connection actor --------------------------------------------------------------------------


class Wake(msgspec.Struct, frozen=True):
    """Fact: you were just created. Set your timers from your row and work off what waits."""

    row: Connection | None = None
    """The row, where many were read at once; otherwise the actor reads its own."""
    hooks: int | None = None
    resumed: bool = False
    """The service has just started, so everybody is being woken: no hurry."""
    spread: float = 0.0
    """Seconds over which those begin who have to look for what they missed while the service was away."""


class WebhookArrived(msgspec.Struct, frozen=True):
    """Fact, and only a nudge: the deliveries table is the queue."""

    row: int
    """The last that arrived."""
    deliveries: tuple[Delivery, ...] = ()
    """All that arrived since the nudge before, in their order, to save reading them; none where they were too much."""


class HookHeard(msgspec.Struct, frozen=True):
    """Fact: the platform has shown by a handshake that your hook reaches us."""

    at: float


class DeliveriesDue(msgspec.Struct, frozen=True):
    """Fact: deliveries wait that nobody nudged you for, or whose time to be tried again has come."""


class PollDue(msgspec.Struct, frozen=True):
    """Fact: your poll timer fired."""


class RefreshDue(msgspec.Struct, frozen=True):
    """Fact: your token's timer fired."""


class TokenOverdue(msgspec.Struct, frozen=True):
    """Fact: by your row, the token should have been refreshed by now."""


class PollOverdue(msgspec.Struct, frozen=True):
    """Fact: somebody with a clock of their own says that it is time to poll."""


class GrantEnding(msgspec.Struct, frozen=True):
    """Fact: by your row, it is time to tell the user when the grant ends."""


class HealDue(msgspec.Struct, frozen=True):
    """Fact: time to look for what you missed while the service was away."""


class HookDue(msgspec.Struct, frozen=True):
    """Fact: time to see whether a webhook can be registered now."""


class LookDue(msgspec.Struct, frozen=True):
    """Fact: time to see whether your webhooks still stand, unless they have shown it themselves."""


class CallAnswered(msgspec.Struct, frozen=True):
    """Fact: the call you made has an outcome. `number` tells an old call's answer from the awaited one."""

    number: int
    outcome: Answer | PlatformError


class PauseOver(msgspec.Struct, frozen=True):
    """Fact: the pause that your operation asked for is over."""

    number: int


class EndDue(msgspec.Struct, frozen=True):
    """Fact: the end that your row speaks of couldn't be finished, and may be now."""


class Connect(msgspec.Struct, frozen=True):
    """Order: exchange this code and become connected. The reply is the `Connection`."""

    code: Secret
    redirect_uri: str
    verifier: Secret | None = None
    reply: "Future[Any] | None" = None


class Poll(msgspec.Struct, frozen=True):
    """Order: poll now, or join the poll under way. The reply is a `PollDone`."""

    reply: "Future[Any] | None" = None


class Refresh(msgspec.Struct, frozen=True):
    """Order: get a new token now, or join the refresh under way. The reply is its new expiry."""

    reply: "Future[Any] | None" = None
    rejection: Answer | None = None
    """What the API said of the one there is, where that was seen."""


class FreshToken(msgspec.Struct, frozen=True):
    """Order: see that the token is good for a while. The reply is its expiry, None when it never expires."""

    reply: "Future[Any]"


class Forward(msgspec.Struct, frozen=True):
    """Order: make this call with your token, beside whatever you do. The reply is its outcome."""

    call: Call
    reply: "Future[Any]"


class Leave(msgspec.Struct, frozen=True):
    """Order: stop, but first finish a token exchange under way: its answer may be the only key there is."""


class Disconnect(msgspec.Struct, frozen=True):
    """Order: remove the hook there, forget the tokens; with `purge`, the data too. The reply is None."""

    purge: bool = False
    reply: "Future[Any] | None" = None


# -- to the supervisor ------------------------------------------------------------------------------


class ChildNeeded(msgspec.Struct, frozen=True):
    """Fact: this was to be told to a connection whose actor isn't there."""

    key: ConnectionKey
    message: Any
    unheard: bool = False
    """An actor ended before it came to this."""


class ChildFailed(msgspec.Struct, frozen=True):
    key: ConnectionKey
    incarnation: int
    error: str


class ChildRetired(msgspec.Struct, frozen=True):
    """Fact: a child has nothing left to live for (disconnected, or no such connection)."""

    key: ConnectionKey
    incarnation: int


class StartMore(msgspec.Struct, frozen=True):
    """Order to oneself: start the actors of the next page of connections."""

    after: ConnectionKey | None = None


class RestartDue(msgspec.Struct, frozen=True):
    key: ConnectionKey


class AlertDue(msgspec.Struct, frozen=True):
    """Fact: a child was parked, and its user is to be told."""

    key: ConnectionKey


class SweepDue(msgspec.Struct, frozen=True):
    """Fact: time to look for deliveries that a crash or a missed nudge left, from this connection on."""

    after: ConnectionKey | None = None


class RestartChild(msgspec.Struct, frozen=True):
    """Order of an admin: a new actor from the row, its failures forgiven, its stop lifted."""

    key: ConnectionKey
    reply: "Future[Any] | None" = None


class HaltChild(msgspec.Struct, frozen=True):
    """Order of an admin: stop it and keep it stopped, over restarts of the service too."""

    key: ConnectionKey
    reply: "Future[Any] | None" = None


# -- to the sweeper ---------------------------------------------------------------------------------


class SweepTokens(msgspec.Struct, frozen=True):
    """Order: find tokens that a timer missed. The reply is what was `Swept`; without one, it is the sweeper's timer."""

    reply: "Future[Any] | None" = None


class SweepPolls(msgspec.Struct, frozen=True):
    """Order: have a platform's connections polled that are due, or all of them. The reply is what was `Swept`."""

    platform: str
    everyone: bool
    reply: "Future[Any]"


class SweepOn(msgspec.Struct, frozen=True):
    """Order to oneself: the next page of this sweep."""

    name: str


# -- to the eraser ----------------------------------------------------------------------------------


class ResumeErasures(msgspec.Struct, frozen=True):
    """Order: finish what was begun before this start of the service."""


class Erase(msgspec.Struct, frozen=True):
    """Order: forget this user. The reply is how many rows went."""

    user: str
    reply: "Future[Any]"


class PartWith(msgspec.Struct, frozen=True):
    """Order to oneself: have the connections disconnect that this user still has."""

    user: str


class PartedWith(msgspec.Struct, frozen=True):
    """Fact: this connection's disconnect came to an end, one way or the other."""

    key: ConnectionKey


class EraseOn(msgspec.Struct, frozen=True):
    """Order to oneself: the next piece, now that this round of disconnects is over."""

    user: str
    round: int


POLL_DUE = PollDue()
REFRESH_DUE = RefreshDue()
TOKEN_OVERDUE = TokenOverdue()
POLL_OVERDUE = PollOverdue()
GRANT_ENDING = GrantEnding()
HEAL_DUE = HealDue()
HOOK_DUE = HookDue()
LOOK_DUE = LookDue()
END_DUE = EndDue()
DELIVERIES_DUE = DeliveriesDue()
"""Without content, so one of each serves every timer."""
