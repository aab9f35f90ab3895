"""Who has which repositories on the sandbox's GitHub; all of it follows from the person."""

from functools import lru_cache

import msgspec

from deploy.sandbox.people import Person

BORN = 1_614_556_800
"""2021-03-01: nobody and nothing here is older."""


class Account(msgspec.Struct, frozen=True):
    id: int
    login: str
    type: str = "User"
    name: str = ""


class Repository(msgspec.Struct, frozen=True):
    id: int
    owner: Account
    name: str
    description: str
    language: str
    admin: bool = True
    private: bool = False

    @property
    def full_name(self) -> str:
        return f"{self.owner.login}/{self.name}"

    @property
    def created_at(self) -> int:
        return BORN + self.id % 90_000_000


COMMUNITY = Account(39_104_227, "open-almanac-sandbox", "Organization")
ALMANAC = Repository(
    402_118_633, COMMUNITY, "almanac", "Sunrise, tides and bird calls for any place on Earth", "Rust", admin=False
)

_OWN = (
    ("analytical-engine", "A small interpreter for punched cards, with loops", "Python"),
    ("night-sky-notes", "What could be seen from the balcony, as Markdown and a map", "TypeScript"),
    ("compiler-garden", "Toy compilers, each grown from the one before", "Go"),
    ("moth-catcher", "Finds the insect in your relays", "Python"),
    ("paper-tape", "Reads and writes five-hole tape, losslessly", "Rust"),
    ("tide-clock", "A clock that shows high water instead of noon", "C"),
    ("sourdough-log", "Hydration, temperature, patience", "Kotlin"),
    ("kite-telemetry", "Wind at forty metres, from a string", "Python"),
    ("bicycle-radar", "Warns of cars behind, with two cheap sensors", "C++"),
    ("loom-patterns", "Weaving drafts as code", "Haskell"),
)
_SHARED = (
    ("field-station", "Weather and soil readings of the lab's allotment", "Elixir"),
    ("reading-room", "The lab's library: who has which book", "Ruby"),
    ("workshop-bot", "Books the laser cutter and says sorry when it is broken", "TypeScript"),
)


@lru_cache(maxsize=4096)
def account(person: Person) -> Account:
    login = f"{person.name}-sandbox"
    return Account(58_300_000 + person.number * 37, login, "User", person.shown)


@lru_cache(maxsize=4096)
def repositories(person: Person) -> tuple[Repository, ...]:
    """Two of their own, one of a lab that they administer, and one that they only contribute to."""
    number = person.number
    me = account(person)
    lab = Account(me.id + 11, f"{person.name}-lab-sandbox", "Organization")
    first, second = _OWN[number % len(_OWN)], _OWN[(number + 3) % len(_OWN)]
    base = 760_000_000 + number * 10
    return (
        Repository(base, me, *first),
        Repository(base + 1, me, *second, private=True),
        Repository(base + 2, lab, *_SHARED[number % len(_SHARED)]),
        ALMANAC,
    )


def known(person: Person, full_name: str) -> Repository:
    """One that was found before."""
    repo = find(person, full_name)
    if repo is None:
        raise LookupError(full_name)
    return repo


def find(person: Person, full_name: str) -> Repository | None:
    """GitHub's names are the same in capitals."""
    wanted = full_name.lower()
    return next((each for each in repositories(person) if each.full_name.lower() == wanted), None)
