"""Who lives in the sandbox. A person is a number and a name; what they own on a platform follows from these."""

import re

import msgspec

NAMED = {"ada": (1, "Ada Lovelace"), "grace": (2, "Grace Hopper"), "alan": (3, "Alan Turing")}

_NUMBERED = re.compile(r"user-(\d{4,6})")
_FIRST = ("Maya", "Jonas", "Amara", "Leo", "Ingrid", "Tomás", "Yuki", "Noor", "Felix", "Sanna", "Kofi", "Elif")
_LAST = ("Berg", "Okafor", "Lindqvist", "Moreau", "Tanaka", "Silva", "Novak", "Haddad", "Keller", "Rossi", "Achebe")


class Person(msgspec.Struct, frozen=True):
    name: str
    """The app's own user id."""
    number: int
    shown: str
    """What they call themselves."""


def find(name: str) -> Person | None:
    """The person of that name; the administrator has no platforms and is nobody here."""
    if name in NAMED:
        number, shown = NAMED[name]
        return Person(name, number, shown)
    numbered = _NUMBERED.fullmatch(name)
    if not numbered or int(numbered[1]) == 0 or name != numbered_name(int(numbered[1])):
        return None
    number = int(numbered[1])
    return Person(name, number + 10, f"{_FIRST[number % len(_FIRST)]} {_LAST[number % len(_LAST)]}")


def known(name: str) -> Person:
    """The person of a name that was found before."""
    person = find(name)
    if person is None:
        raise LookupError(name)
    return person


def numbered_name(number: int) -> str:
    return f"user-{number:04}"


def everyone(more: int) -> list[str]:
    """The demo people, and `more` numbered ones."""
    return [*NAMED, *(numbered_name(number) for number in range(1, more + 1))]
