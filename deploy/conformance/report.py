"""The outcomes, for people and for programs."""

import json
from collections.abc import Iterator, Sequence

from deploy.conformance.run import Outcome


def lines(outcome: Outcome) -> Iterator[str]:
    check = outcome.check
    word = "FAILED" if outcome.result == "failed" else outcome.result
    yield f"{word:<9} {check.name:<26} {check.proves}"
    if outcome.result == "failed":
        yield f"{'':<10}expected  {outcome.expected}"
        yield f"{'':<10}seen      {outcome.seen}"
        yield f"{'':<10}look at   {check.look}"
    elif outcome.why:
        yield f"{'':<10}because   {outcome.why}"


def summary(outcomes: Sequence[Outcome], seconds: float) -> str:
    counts = ", ".join(f"{_count(outcomes, result)} {result}" for result in ("passed", "failed", "left out"))
    return f"{counts}, {seconds:.0f} s"


def as_json(address: str, outcomes: Sequence[Outcome], seconds: float) -> str:
    told = {
        "address": address,
        "seconds": round(seconds, 1),
        "passed": _count(outcomes, "passed"),
        "failed": _count(outcomes, "failed"),
        "left_out": _count(outcomes, "left out"),
        "checks": [_object(outcome) for outcome in outcomes],
    }
    return json.dumps(told, indent=2)


def _object(outcome: Outcome) -> dict[str, object]:
    check = outcome.check
    told: dict[str, object] = {"name": check.name, "proves": check.proves, "result": outcome.result.replace(" ", "_")}
    told["seconds"] = round(outcome.seconds, 3)
    if outcome.result == "failed":
        told |= {"expected": outcome.expected, "seen": outcome.seen, "look": check.look}
    elif outcome.why:
        told["why"] = outcome.why
    return told


def _count(outcomes: Sequence[Outcome], result: str) -> int:
    return sum(outcome.result == result for outcome in outcomes)
