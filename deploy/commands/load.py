"""`run.py load`: what a deployment carries, in figures."""

import argparse
import gc
import json
import math
import secrets
from collections.abc import Callable
from contextlib import suppress

import uvloop

from deploy.commands import conformance
from deploy.errors import NotDone
from deploy.load import report
from deploy.load.run import Plan, Result, load
from deploy.probing.http import Connection
from deploy.probing.streams import KINDS
from deploy.probing.tokens import Person, Signer, bearer

HELP = "open many streams, publish, and measure"
MOST_STREAMS = 20_000
SENT_BY_ONE = 80.0
"""Events a second; one back end may ask 100 times a second."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    conformance.add_target(parser)
    add = parser.add_argument
    add("--streams", type=_whole(1, MOST_STREAMS), default=1_000, metavar="1000")
    add("--users", type=_whole(1, 1_000), default=10, metavar="10", help="who share them; one with --token")
    add("--kind", choices=KINDS, default="websocket")
    add("--rate", type=_whole(1, 5_000), default=20, metavar="20", help="events a second, to the users in turn")
    add("--seconds", type=_whole(1, 3_600), default=30, metavar="30")
    add("--size", type=_whole(0, 30_000), default=100, metavar="100", help="bytes of text in an event")
    add("--drop", type=_whole(0, 100), default=10, metavar="10", help="per cent of the streams that are cut halfway")
    add("--pid", type=_whole(1, 1 << 22), metavar="PID", help="of the service, on this machine: its memory is measured")
    add("--json", action="store_true", help="one JSON object instead of lines")
    add("--yes-this-is-mine", action="store_true", help="for anything but loopback")


def main(asked: argparse.Namespace) -> int:
    """0 when nothing was lost, repeated or refused."""
    if not asked.address.is_loopback and not asked.yes_this_is_mine:
        raise NotDone(f"{asked.address.origin} isn't this machine: say --yes-this-is-mine if you may load it")
    signer = conformance.signer(asked)
    users, services = _people(asked, signer)
    plan = Plan(
        asked.address,
        asked.kind,
        asked.streams,
        asked.rate,
        asked.seconds,
        asked.size,
        asked.drop / 100,
        asked.pid,
    )
    gc.set_threshold(100_000, 50, 50)
    result = uvloop.run(_run(plan, users, services, forget=signer is not None))
    told = report.figures(plan, result, len(users))
    print(json.dumps(told, indent=2) if asked.json else "\n".join(report.lines(told)))
    return 0 if told["clean"] else 1


def _people(asked: argparse.Namespace, signer: Signer | None) -> tuple[list[Person], list[Person]]:
    """Users, and so many back ends that none of them asks too often."""
    if signer is None:
        user, service = conformance.people(asked)
        return [user], [service]
    crowd = secrets.token_hex(4)
    ttl = asked.seconds + 3_600
    users = [signer.person(f"load-{crowd}-{number}", ttl=ttl) for number in range(min(asked.users, asked.streams))]
    back_ends = math.ceil(asked.rate / SENT_BY_ONE)
    return users, [signer.person(f"load-{crowd}-app-{number}", "service", ttl) for number in range(back_ends)]


async def _run(plan: Plan, users: list[Person], services: list[Person], *, forget: bool) -> Result:
    try:
        return await load(plan, users, services)
    finally:
        if forget:
            with suppress(OSError, EOFError):  # of a deployment that is gone there are other things to say
                await _forget(plan, users, services[0])


async def _forget(plan: Plan, users: list[Person], service: Person) -> None:
    connection = await Connection.open(plan.address)
    for user in users:
        await connection.ask("DELETE", f"/api/users/{user.id}", headers=bearer(service.token))
    connection.close()


def _whole(least: int, most: int) -> Callable[[str], int]:
    def whole(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"a whole number from {least} to {most}")
        return int(text)

    return whole
