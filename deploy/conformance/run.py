"""The checks of a deployment, one after the other, those that mostly wait beside them."""

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

from deploy.conformance.check import WITHOUT, Check, Need, Unmet
from deploy.conformance.deployment import Deployment

Result = Literal["passed", "failed", "left out"]


class Outcome(NamedTuple):
    check: Check
    result: Result
    seconds: float = 0.0
    expected: str | None = None
    seen: str | None = None
    why: str | None = None
    """Of what was left out."""


async def run(deployment: Deployment, checks: Iterable[Check], tell: Callable[[Outcome], None]) -> list[Outcome]:
    """All outcomes; `tell` hears each as soon as there is one."""

    async def one(check: Check) -> Outcome:
        outcome = await _outcome(deployment, check)
        tell(outcome)
        return outcome

    async with asyncio.TaskGroup() as group:
        chosen = list(checks)
        waiting = [group.create_task(one(check)) for check in chosen if check.waits]
        done = [await one(check) for check in chosen if not check.waits]
    return done + [task.result() for task in waiting]


async def _outcome(deployment: Deployment, check: Check) -> Outcome:
    missing = [need for need in check.needs if not _has(deployment, need)]
    if missing:
        return Outcome(check, "left out", why="; ".join(WITHOUT[need] for need in missing))
    began = time.perf_counter()
    try:
        await check.do(deployment)
    except Unmet as unmet:
        return Outcome(check, "failed", time.perf_counter() - began, unmet.expected, unmet.seen)
    except Exception as error:  # whatever a deployment does, it is the check that says so
        return Outcome(check, "failed", time.perf_counter() - began, check.proves, _in_words(error, deployment))
    return Outcome(check, "passed", time.perf_counter() - began)


def _has(deployment: Deployment, need: Need) -> bool:
    if need == "another user":
        return deployment.other is not None
    return deployment.signer is not None if need == "the secret" else deployment.broadcast


def _in_words(error: Exception, deployment: Deployment) -> str:
    if isinstance(error, TimeoutError):
        return f"nothing within {deployment.terms.patience:g} s"
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
