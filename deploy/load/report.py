"""A run in figures, for people and for programs."""

from collections.abc import Iterator
from typing import Any

from deploy.load.run import Plan, Result

BUSY = 0.85
"""Of one core: past it, or when it is late by more than this, this process is what is measured."""
LATE_MS = 20.0

Figures = dict[str, Any]


def figures(plan: Plan, result: Result, users: int) -> Figures:
    tally, late = result.tally, result.tally.late
    lost = result.due - tally.received
    per_second = tally.received / max(result.seconds, 1e-9)
    trouble = (lost, tally.missing, tally.repeated, tally.unrecovered, tally.given_up, len(result.refused))
    return {
        "streams": plan.streams,
        "users": users,
        "kind": plan.kind,
        "opened_per_second": plan.streams / max(result.open_seconds, 1e-9),
        "kib_per_stream": result.kib_per_stream,
        "published": result.published,
        "delivered": tally.received,
        "delivered_per_second": per_second,
        "p50_ms": late.ms(0.5),
        "p95_ms": late.ms(0.95),
        "p99_ms": late.ms(0.99),
        "max_ms": late.most * 1e3,
        "lost": lost,
        "repeated": tally.repeated,
        "gaps": tally.missing,
        "refused": result.refused,
        "ended": dict(tally.ended),
        "given_up": tally.given_up,
        "cut": result.cut,
        "returned": tally.returned.count,
        "caught_up": tally.caught_up,
        "returned_p50_ms": tally.returned.ms(0.5),
        "returned_p99_ms": tally.returned.ms(0.99),
        "unrecovered": tally.unrecovered,
        "own_share_of_a_core": result.own_share,
        "own_late_p99_ms": result.own_late.ms(0.99),
        "own_limit_per_second": per_second / max(result.own_share, 1e-9),
        "bottleneck_is_here": result.own_share > BUSY or result.own_late.ms(0.99) > LATE_MS,
        "clean": not any(trouble),
    }


def lines(told: Figures) -> Iterator[str]:
    told = {name: round(value, 3) if isinstance(value, float) else value for name, value in told.items()}
    yield "opened     {streams:,} {kind} streams of {users:,} users, {opened_per_second:,.0f} a second".format(**told)
    if told["kib_per_stream"] is not None:
        yield "memory     {kib_per_stream:.1f} KiB for an idle stream".format(**told)
    yield "delivered  {delivered:,} from {published:,} events, {delivered_per_second:,.0f} a second".format(**told)
    yield "latency    p50 {p50_ms:.1f} ms, p95 {p95_ms:.1f} ms, p99 {p99_ms:.1f} ms, at most {max_ms:.1f} ms".format(
        **told
    )
    yield "lost       {lost:,}; repeated {repeated:,}; gaps {gaps:,}".format(**told)
    if told["refused"]:
        yield f"refused    {_counts(told['refused'])} (429: one back end's limit; --jwt-secret-file makes several)"
    if told["ended"]:
        yield f"ended      {_counts(told['ended'])}; {told['given_up']} of them for good"
    yield "cut        {cut:,}; {returned:,} returned, {unrecovered:,} of them had to reload;".format(**told)
    yield "           {caught_up:,} events caught up, which are not in the latency".format(**told)
    if told["returned"]:
        yield "           back after {returned_p50_ms:.0f} ms (p50), {returned_p99_ms:.0f} ms (p99)".format(**told)
    yield "this tool  {own_share_of_a_core:.0%} of a core, {own_late_p99_ms:.1f} ms late itself (p99),".format(**told)
    yield "           enough for about {own_limit_per_second:,.0f} a second".format(**told)
    if told["bottleneck_is_here"]:
        yield "           IT WAS THE BOTTLENECK: the service does better. Ask for less, or run several elsewhere."


def _counts(found: dict[str, int]) -> str:
    return ", ".join(f"{count:,} times {what}" for what, count in found.items())
