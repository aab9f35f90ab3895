"""The one workspace of the sandbox's Slack: who is in it, and which conversations there are."""

import hashlib
from collections.abc import Iterator

import msgspec

from deploy.sandbox import people
from deploy.sandbox.people import Person

TEAM = "T07SANDBOX1"
TEAM_NAME = "Analytical Guild"
DOMAIN = "analytical-guild-sandbox"
URL = f"https://{DOMAIN}.slack.com/"
APP = "A07SANDBOX1"
FOUNDED = 1_709_280_000

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_COLLEAGUES = (
    "Emmy Noether", "Katherine Johnson", "Edsger Dijkstra", "Barbara Liskov", "Donald Knuth", "Margaret Hamilton",
)  # fmt: skip
_FIRST_COLLEAGUE = 900_000_000
_FIRST_NEWCOMER = 910_000_000
_NEW_FIRST = ("Lena", "Ibrahim", "Chiara", "Anders", "Priya", "Mateo", "Zofia", "Daniel", "Aiko", "Femi", "Clara")
_NEW_LAST = ("Vogel", "Sato", "Marchetti", "Ndiaye", "Kowalska", "Iversen", "Rao", "Costa", "Weiss", "Park")


def base36(number: int, length: int) -> str:
    digits = ""
    for _ in range(length):
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
    return digits


def made_up_id(letter: str, *what: object) -> str:
    return f"{letter}07{base36(int.from_bytes(hashlib.sha256(repr(what).encode()).digest()[:8]), 8)}"


# -- members ----------------------------------------------------------------------------------------


class Member(msgspec.Struct, frozen=True):
    """Somebody of the workspace; most people of the sandbox are, and some others, who have nothing but a name."""

    number: int
    shown: str
    resident: str | None = None
    """The person's own name in the sandbox, where they live there."""

    @property
    def id(self) -> str:
        return f"U07{base36(self.number, 8)}"

    @property
    def handle(self) -> str:
        return self.resident or self.shown.lower().replace(" ", ".")


def member(person: Person) -> Member:
    return Member(person.number, person.shown, person.name)


NAMED = tuple(member(people.known(name)) for name in people.NAMED)
COLLEAGUES = tuple(Member(_FIRST_COLLEAGUE + index, shown) for index, shown in enumerate(_COLLEAGUES))


def newcomer(index: int) -> Member:
    shown = f"{_NEW_FIRST[index % len(_NEW_FIRST)]} {_NEW_LAST[index % len(_NEW_LAST)]}"
    return Member(_FIRST_NEWCOMER + index, shown)


def find_member(id_: str) -> Member | None:
    if not id_.startswith("U07") or len(id_) != 11 or not all(digit in _DIGITS for digit in id_[3:]):
        return None
    number = int(id_[3:], 36)
    if number >= _FIRST_NEWCOMER:
        return newcomer(number - _FIRST_NEWCOMER)
    if number >= _FIRST_COLLEAGUE:
        return next((one for one in COLLEAGUES if one.number == number), None)
    name = next((one.resident for one in NAMED if one.number == number), None)
    person = people.find(name or people.numbered_name(number - 10)) if name or number > 10 else None
    return member(person) if person else None


# -- conversations ----------------------------------------------------------------------------------

DESK = 12
"""So many numbered people share a channel."""


class Channel(msgspec.Struct, frozen=True):
    id: str
    kind: str
    """`public`, `private` or `im`."""
    name: str
    creator: str
    created: int
    purpose: str = ""
    members: tuple[str, ...] | None = None
    """Their ids; None: everybody."""
    desk: int | None = None
    """The numbered people who are in it, by the dozen."""

    @property
    def type(self) -> str:
        """As events name it."""
        return {"public": "channel", "private": "group", "im": "im"}[self.kind]

    def has(self, one: Member) -> bool:
        if self.desk is not None and one.resident and one.number > 10 and (one.number - 11) // DESK == self.desk:
            return True
        return self.members is None or one.id in self.members

    def known_members(self) -> list[Member]:
        """Those who speak there; in a channel of everybody the numbered people keep still."""
        if self.desk is not None:
            first = self.desk * DESK + 1
            names = (people.numbered_name(number) for number in range(first, first + DESK))
            return [member(people.known(name)) for name in names]
        ids = self.members
        if ids is None:
            return [*NAMED, *COLLEAGUES]
        return [found for id_ in ids if (found := find_member(id_))]


def _standing(kind: str, name: str, creator: Member, day: int, purpose: str, members: list[Member] | None) -> Channel:
    id_ = made_up_id("C", "channel", name)
    ids = None if members is None else tuple(one.id for one in members)
    return Channel(id_, kind, name, creator.id, FOUNDED + day * 86_400, purpose, ids)


_ADA, _GRACE, _ALAN = NAMED
GENERAL = _standing("public", "general", _GRACE, 0, "What everybody should know", None)
RANDOM = _standing("public", "random", _GRACE, 0, "Everything else", None)
READING_ROOM = _standing(
    "public", "reading-room", COLLEAGUES[0], 41, "Papers, one a week", [*NAMED, *COLLEAGUES[:4]]
)  # fmt: skip
ENGINE_ROOM = _standing("private", "engine-room", _ADA, 67, "The difference engine, part by part", list(NAMED))


def desk(person: Person) -> Channel:
    """The channel of a numbered person's dozen."""
    number = (person.number - 11) // DESK
    name = f"desk-{number + 1:03}"
    creator = COLLEAGUES[number % len(COLLEAGUES)]
    made = _standing("public", name, creator, 90, "Who sits together", [creator])
    return msgspec.structs.replace(made, desk=number)


def direct(one: Member, other: Member) -> Channel:
    first, second = sorted((one.id, other.id))
    return Channel(made_up_id("D", first, second), "im", "", first, FOUNDED + 3 * 86_400, members=(first, second))


def partners(person: Person) -> list[Member]:
    """With whom somebody has direct messages."""
    if person.name in people.NAMED:
        return [one for one in NAMED if one.resident != person.name]
    number = person.number - 10
    return [member(people.known(people.numbered_name(number + 1 if number % 2 else number - 1)))]


def standing(person: Person) -> Iterator[Channel]:
    """The conversations that somebody is in from the start."""
    yield from (GENERAL, RANDOM)
    if person.name in people.NAMED:
        yield from (READING_ROOM, ENGINE_ROOM)
    else:
        yield desk(person)
    own = member(person)
    for other in partners(person):
        yield direct(own, other)
