"""A conversation with the platform's API, in which an access token that isn't taken is refreshed once."""

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from actors.operations.base import Pause
from actors.operations.refresh import refreshing
from actors.platforms.answers import wait
from actors.platforms.base import Answer, Call, Page
from actors.platforms.failures import GrantRefused, PlatformError

if TYPE_CHECKING:
    from actors.work import ConnectionWork

Asking = Generator[Call | Pause, Answer | None, Any]

MOMENT = 5.0
"""Seconds. A limit that is lifted so soon is waited for: who asked for a look needn't hear of it."""
WAITS = 2


def with_bearer(
    me: "ConnectionWork",
    conversation: Generator[Any, Any, Any],
    on_page: Callable[[Page], None] | None = None,
) -> Asking:
    """Drive it to its end. The second refusal of a token goes to the conversation, which knows what it means."""
    if not me.token_is_good():
        yield from refreshing(me, me.row.generation)
    may_refresh = True
    advance: Callable[[Any], Any] = conversation.send
    value: Any = None
    while True:
        try:
            step = advance(value)
        except StopIteration as end:
            return end.value
        advance, value = conversation.send, None
        if isinstance(step, Page):
            if on_page is not None:
                on_page(step)
            continue
        generation = me.row.generation
        try:
            value = yield from _patiently(step)
            rejected = step.auth == "bearer" and me.platform.rejects_token(value)
            if rejected and may_refresh and me.can_refresh():
                may_refresh = False
                yield from renewing(me, generation, value)
                value = yield from _patiently(step)
        except GrantRefused:
            conversation.close()
            raise
        except PlatformError as error:
            advance, value = conversation.throw, error


def renewing(me: "ConnectionWork", generation: int | None, rejection: Answer | None) -> Asking:
    """A refresh. `rejection`: what the API said of the access token, where that led to it."""
    try:
        return (yield from refreshing(me, generation))
    except GrantRefused as refused:
        raise (refused if rejection is None else me.platform.refused_after(rejection, refused)) from None


def _patiently(call: Call) -> Asking:
    for _ in range(WAITS):
        answer = yield call
        seconds = wait(answer.headers) if answer is not None and answer.status == 429 else None
        if seconds is None or seconds > MOMENT:
            return answer
        yield Pause(seconds)
    return (yield call)
