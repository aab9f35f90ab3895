"""Who people are on the sandbox's LinkedIn, and how that changes."""

import hashlib
from typing import Any

import msgspec

from deploy.sandbox.people import Person
from deploy.sandbox.state import State

PICTURE_LIFE = 60 * 86_400
CHANGES = ("picture", "name", "picture", "email")
_TITLES = ("PhD", "MBA", "PE", "CEng", "FRS")
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-"


class Changes(msgspec.Struct, frozen=True):
    """How often what has changed."""

    picture: int = 0
    name: int = 0
    email: int = 0


def sub(person: Person) -> str:
    """The account as this one app knows it."""
    return "".join(_DIGITS[byte % 62] for byte in _digest("sub", person.name)[:10])


class Profiles:
    def __init__(self, state: State, platform: str) -> None:
        self._state = state
        self._platform = platform

    def change(self, person: Person) -> str:
        """What is different from now on."""
        what = CHANGES[self._state.count_up(self._platform, person.name, "turn", 0) % len(CHANGES)]
        before = self._changes(person)
        after = msgspec.structs.replace(before, **{what: getattr(before, what) + 1})
        self._state.keep_fact(self._platform, person.name, "changes", msgspec.json.encode(after).decode())
        return what

    def _changes(self, person: Person) -> Changes:
        kept = self._state.fact(self._platform, person.name, "changes")
        return msgspec.json.decode(kept, type=Changes) if kept else Changes()

    def shown(self, person: Person, now: float) -> dict[str, Any]:
        changes = self._changes(person)
        given, _, family = person.shown.partition(" ")
        if changes.name:
            family = f"{family}, {_TITLES[(changes.name - 1) % len(_TITLES)]}"
        mailbox = person.name if not changes.email else f"{person.name}.{changes.email}"
        return {
            "sub": sub(person),
            "name": f"{given} {family}",
            "given_name": given,
            "family_name": family,
            "picture": _picture(person, changes.picture, now),
            "locale": _locale(person),
            "email": f"{mailbox}@example.com",
            "email_verified": True,
        }


def _picture(person: Person, version: int, now: float) -> str:
    """The address carries its own end, and so is another each time."""
    image = "".join(_DIGITS[byte % 64] for byte in _digest("picture", person.name, version)[:20])
    ends_at = int(now) + PICTURE_LIFE
    proof = _digest("proof", image, ends_at).hex()[:32]
    shown = f"https://media.licdn.com/dms/image/v2/D4E03AQ{image}/profile-displayphoto-shrink_100_100/0/1718000000000"
    return f"{shown}?e={ends_at}&v=beta&t={proof}"


def _locale(person: Person) -> Any:
    """An object, as documented, and for some people a string, as seen."""
    return "en_US" if person.number % 3 == 0 else {"country": "US", "language": "en"}


def _digest(*what: object) -> bytes:
    return hashlib.sha256(repr(what).encode()).digest()
