"""Orders to actors that a caller waits for, though not for ever."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from pykka import ActorDeadError

from actors.operations.base import NotConnected
from actors.platforms.failures import CallFailed, GrantRefused, PlatformError
from actors.roster import ChildUnavailable
from actors.troubles import NOT_MADE
from handlers.bridge import storage_unavailable
from handlers.errors import ApiError, BadGateway, Conflict, Unavailable
from handlers.parts import Parts
from storage.database import StorageUnavailable

PATIENCE = 10.0
"""Seconds; what takes longer is answered 202 and goes on."""
ACCEPTED = {"state": "accepted"}
Tell = Callable[["Future[Any]"], None]
"""Sends the order with this future as its reply."""


class _StillAtIt:
    pass


STILL_AT_IT = _StillAtIt()


async def give(parts: Parts, tell: Tell, patience: float | None = None) -> Any:
    """What the actor replied, or `STILL_AT_IT`. Raises the API's error for what it couldn't do."""
    reply: Future[Any] = Future()
    waiter = parts.bridge.wait(reply)
    tell(reply)
    try:
        return await asyncio.wait_for(waiter, PATIENCE if patience is None else patience)
    except TimeoutError:
        return STILL_AT_IT
    except (NotConnected, ChildUnavailable, ActorDeadError, PlatformError, StorageUnavailable) as error:
        raise _told(error) from None


def _told(error: Exception) -> ApiError:
    if isinstance(error, GrantRefused):
        return Conflict("needs_reauth", "The platform says that the grant is gone.", hint=error.hint)
    if isinstance(error, NotConnected):
        if error.status == "needs_reauth":
            return Conflict("needs_reauth", "The user has to connect again.", hint=error.reason)
        return Conflict("not_connected", f"The connection is {error.status}.", hint=error.reason)
    if isinstance(error, ChildUnavailable):
        return Conflict("actor_unavailable", f"Not now: {error}.")
    if isinstance(error, StorageUnavailable):
        return storage_unavailable(error)
    if isinstance(error, CallFailed) and error.kind in NOT_MADE:
        return Unavailable(error.kind, f"Not now: {error.detail}.", retry_after=max(1, round(error.retry_after or 0)))
    if isinstance(error, PlatformError):
        headers = {"Retry-After": str(max(1, round(error.retry_after)))} if error.retry_after else {}
        return BadGateway(error.kind, f"The platform didn't do it: {error.detail}", headers=headers)
    return Unavailable("actor_ended", "The connection's actor was just replaced.", retry_after=1)
