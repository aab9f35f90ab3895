"""What a check is: a promise in a sentence, how it is tried, and where to look when it isn't kept."""

from collections.abc import Awaitable, Callable
from typing import Any, Literal, NamedTuple

from deploy.conformance.deployment import Deployment
from deploy.probing.streams import KINDS, Kind

Need = Literal["another user", "the secret", "leave to broadcast"]
Try = Callable[[Deployment], Awaitable[None]]

WITHOUT: dict[Need, str] = {
    "another user": "needs --other-token, or --jwt-secret-file",
    "the secret": "needs --jwt-secret-file, to make tokens of its own",
    "leave to broadcast": "reaches every user of the deployment: --broadcast",
}


class Check(NamedTuple):
    name: str
    proves: str
    look: str
    """Where the cause usually is."""
    do: Try
    needs: tuple[Need, ...]
    waits: bool
    """Mostly waits, and disturbs nobody meanwhile: done beside the others."""


class Unmet(Exception):
    """A promise that wasn't kept."""

    def __init__(self, expected: str, seen: object) -> None:
        super().__init__(expected, seen)
        self.expected = expected
        self.seen = str(seen)


def expect(is_so: bool, expected: str, seen: object) -> None:
    if not is_so:
        raise Unmet(expected, seen)


CHECKS: list[Check] = []


def check(proves: str, look: str, *needs: Need, waits: bool = False) -> Callable[[Try], Try]:
    """Enters a function as a check of its name."""

    def enter(do: Try) -> Try:
        CHECKS.append(Check(_name(do), proves, look, do, needs, waits))
        return do

    return enter


def check_streams(
    proves: str, look: str, *needs: Need, waits: bool = False
) -> Callable[[Callable[[Deployment, Kind], Awaitable[None]]], Any]:
    """The same for a function that is to be tried on WebSocket and on SSE: two checks."""

    def enter(do: Callable[[Deployment, Kind], Awaitable[None]]) -> Any:
        CHECKS.extend(Check(f"{_name(do)}-{kind}", proves, look, _on(do, kind), needs, waits) for kind in KINDS)
        return do

    return enter


def _on(do: Callable[[Deployment, Kind], Awaitable[None]], kind: Kind) -> Try:
    return lambda deployment: do(deployment, kind)


def _name(do: Any) -> str:
    return str(do.__name__).replace("_", "-")
