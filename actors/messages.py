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


class WebhookArrived(msgspec.Struct, frozen=True):
    """Fact, and only a nudge: the deliveries table is the queue."""

    row: int
    """The last that arrived."""
    deliveries: tuple[Delivery, ...] = ()
    """All that arrived since the nudge before, in their order, to save reading them; none where they were too much."""


class DeliveriesDue(msgspec.Struct, frozen=True):
    """Fact: deliveries wait that nobody nudged you for, or whose time to be tried again has come."""


class PollDue(msgspec.Struct, frozen=True):
    """Fact: your poll timer fired."""


class RefreshDue(msgspec.Struct, frozen=True):
    """Fact: your token's timer fired."""


class HookDue(msgspec.Struct, frozen=True):
    """Fact: time to see whether a webhook can be registered now."""


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


POLL_DUE = PollDue()
REFRESH_DUE = RefreshDue()
HOOK_DUE = HookDue()
END_DUE = EndDue()
DELIVERIES_DUE = DeliveriesDue()
"""Without content, so one of each serves every timer."""
