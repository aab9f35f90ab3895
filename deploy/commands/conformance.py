"""`run.py conformance`: whether a deployment keeps its promises, seen from outside."""

import argparse
import asyncio
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from deploy.conformance import report
from deploy.conformance.checks import CHECKS
from deploy.conformance.deployment import Deployment
from deploy.conformance.run import Outcome, run
from deploy.probing.address import Address, parse_address
from deploy.probing.tokens import Person, Signer, given, owner
from storage.records import Secret

T = TypeVar("T")

HELP = "see from outside whether a deployment keeps its promises"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_target(parser)
    parser.add_argument("--other-token", type=token, metavar="T", help="another user's token")
    parser.add_argument("--origin", metavar="URL", help="of a page that may call the service; by default its own")
    parser.add_argument("--broadcast", action="store_true", help="send a broadcast, too: it reaches every user")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")


def add_target(parser: argparse.ArgumentParser) -> None:
    """Where, and as whom."""
    parser.add_argument("address", type=address, metavar="URL")
    parser.add_argument("--token", type=token, metavar="T", help="a user's token, or @FILE: one there for trying")
    parser.add_argument("--service-token", type=token, metavar="T", help="a token of the role service, or @FILE")
    parser.add_argument("--jwt-secret-file", type=secret, metavar="FILE", dest="secret", help="instead of tokens")
    parser.add_argument("--jwt-audience", metavar="A", help="for tokens that are made with the secret")
    parser.add_argument("--jwt-issuer", metavar="I", help="likewise")


def main(asked: argparse.Namespace) -> int:
    """0 when nothing failed."""
    deployment = _deployment(asked)
    began = time.monotonic()
    outcomes = asyncio.run(_run(deployment, _say_nothing if asked.json else _say))
    seconds = time.monotonic() - began
    if asked.json:
        print(report.as_json(asked.address.origin, outcomes, seconds))
    else:
        print(report.summary(outcomes, seconds))
    return 1 if any(outcome.result == "failed" for outcome in outcomes) else 0


async def _run(deployment: Deployment, tell: Callable[[Outcome], None]) -> list[Outcome]:
    """All checks; users that were made up for them are forgotten again."""
    outcomes = await run(deployment, CHECKS, tell)
    if deployment.signer is not None:
        for person in (deployment.user, deployment.somebody_else):
            with suppress(OSError, EOFError, TimeoutError):  # the check of forgetting has said so
                await deployment.forget(person)
    return outcomes


def _deployment(asked: argparse.Namespace) -> Deployment:
    sign = signer(asked)
    other = asked.other_token
    if sign is not None:
        crowd = f"conformance-{secrets.token_hex(4)}"
        user, other = sign.person(f"{crowd}-one"), sign.person(f"{crowd}-two")
        service = sign.person("conformance", "service")
    else:
        user, service = people(asked)
    return Deployment(
        asked.address,
        user,
        service,
        other=other,
        signer=sign,
        origin=asked.origin,
        broadcast=asked.broadcast,
    )


def signer(asked: argparse.Namespace) -> Signer | None:
    return Signer(asked.secret, asked.jwt_audience, asked.jwt_issuer) if asked.secret else None


def people(asked: argparse.Namespace) -> tuple[Person, Person]:
    """The user and the back end that were given. Raises `SystemExit`, with the usage."""
    if asked.token is None or asked.service_token is None:
        asked.parser.error("it takes --token and --service-token, or --jwt-secret-file")
    return asked.token, asked.service_token


def _say(outcome: Outcome) -> None:
    print("\n".join(report.lines(outcome)), flush=True)


def _say_nothing(_: Outcome) -> None:
    """All is said at the end."""


# -- kinds of arguments -------------------------------------------------------------------------------


def address(text: str) -> Address:
    return _parsed(parse_address, text)


def token(text: str) -> Person:
    return _parsed(lambda one: owner(given(one)), text)


def secret(text: str) -> Secret:
    return _parsed(lambda one: given(f"@{one}"), text)


def _parsed(parse: Callable[[str], T], text: str) -> T:
    try:
        return parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
