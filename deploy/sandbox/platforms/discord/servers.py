"""The servers of the sandbox's Discord, which everybody calls guilds there, and who is in which."""

import hashlib
from random import Random
from typing import Any

import msgspec

from deploy.sandbox.people import Person
from deploy.sandbox.state import State

EPOCH_MS = 1_420_070_400_000
BEGAN_MS = 1_530_000_000_000
_NAMES = (
    "Analog Synth Garage", "Chess at Midnight", "Sourdough Society", "Rust Beginners", "Night Sky Watchers",
    "Retro Handhelds", "The Plant Clinic", "Tabletop Tuesdays", "Pixel Art Daily", "Slow Travel by Rail",
    "Mechanical Keyboards EU", "Birds of the North", "Trail Runners", "Film Photography Club", "Kernel Study Group",
)  # fmt: skip
_FIRST_WORDS = ("Quiet", "Northern", "Paper", "Copper", "Harbour", "Cloud", "Velvet", "Winter", "Garden", "Signal")
_SECOND_WORDS = ("Readers", "Makers", "Cooks", "Gamers", "Cyclists", "Coders", "Painters", "Walkers", "Listeners")
_NEW_ENDINGS = ("HQ", "2.0", "International", "& Friends", "Reborn")


def snowflake(at_ms: int, salt: int) -> str:
    """An id that tells when it was made; too large for JavaScript's numbers, and so a text."""
    return str((at_ms - EPOCH_MS) << 22 | salt & 0x3FFFFF)


def user_id(person: Person) -> str:
    return snowflake(BEGAN_MS + person.number * 7_919, person.number)


def guild_id(number: int) -> str:
    return snowflake(BEGAN_MS - 40_000_000_000 + number * 86_413_007, number * 31)


def picture(*of: object) -> str:
    return hashlib.sha256(repr(of).encode()).hexdigest()[:32]


def profile(person: Person) -> dict[str, Any]:
    return {
        "id": user_id(person),
        "username": person.name.replace("-", "."),
        "discriminator": "0",
        "global_name": person.shown,
        "avatar": picture("avatar", person.name),
        "banner": None,
        "accent_color": None,
        "locale": "en-US",
        "mfa_enabled": person.number % 2 == 1,
        "premium_type": 0,
        "flags": 64,
        "public_flags": 64,
    }


class Membership(msgspec.Struct, frozen=True):
    number: int
    """Which server."""
    owner: bool = False


class Servers:
    def __init__(self, state: State, platform: str) -> None:
        self._state = state
        self._platform = platform

    # -- who is where --------------------------------------------------------------------------------
    def of(self, person: Person) -> list[Membership]:
        """In the order of their ids, as Discord lists them."""
        kept = self._state.fact(self._platform, person.name, "guilds")
        listed = msgspec.json.decode(kept, type=list[Membership]) if kept else []
        return sorted(listed, key=lambda one: int(guild_id(one.number)))

    def begin(self, person: Person) -> None:
        dice = Random(f"discord {person.name}")
        numbers = dice.sample(range(len(_NAMES)), dice.randrange(4, 8))
        own = Membership(1_000 + person.number, owner=True)
        self._keep(person, [*(Membership(number) for number in numbers), own])

    def join(self, person: Person) -> int:
        """The next of the well known ones that they are not in, and new ones when these are used up."""
        listed = self.of(person)
        inside = {one.number for one in listed}
        outside = [number for number in range(len(_NAMES)) if number not in inside]
        turn = self._state.count_up(self._platform, person.name, "joined", 0)
        fresh = 1_000_000 + person.number * 1_000 + turn
        number = outside[turn % len(outside)] if outside else fresh
        self._keep(person, [*listed, Membership(number)])
        return number

    def leave(self, person: Person, number: int) -> None:
        self._keep(person, [one for one in self.of(person) if one.number != number])

    def find(self, person: Person, where: str) -> int | None:
        """One that somebody is in, by name or id."""
        named = (one.number for one in self.of(person) if where in (self.name(one.number), guild_id(one.number)))
        return next(named, None)

    def _keep(self, person: Person, listed: list[Membership]) -> None:
        text = msgspec.json.encode(listed).decode()
        self._state.keep_fact(self._platform, person.name, "guilds", text)

    # -- what they are called ------------------------------------------------------------------------
    def name(self, number: int) -> str:
        renamed = self._state.fact(self._platform, "", f"name {number}")
        return renamed or self._first_name(number)

    def _first_name(self, number: int) -> str:
        if number < len(_NAMES):
            return _NAMES[number]
        dice = Random(number)
        return f"{dice.choice(_FIRST_WORDS)} {dice.choice(_SECOND_WORDS)}"

    def rename(self, number: int) -> str:
        """For everybody who is in it."""
        turn = self._state.count_up(self._platform, "", f"renamed {number}", 0)
        name = f"{self._first_name(number)} {_NEW_ENDINGS[turn % len(_NEW_ENDINGS)]}"
        self._state.keep_fact(self._platform, "", f"name {number}", name)
        return name

    # -- how they show -------------------------------------------------------------------------------
    def shown(self, one: Membership, counts: bool) -> dict[str, Any]:
        guild: dict[str, Any] = {
            "id": guild_id(one.number),
            "name": self.name(one.number),
            "icon": picture("icon", one.number),
            "banner": None,
            "owner": one.owner,
            "permissions": "2251799813685247" if one.owner else "36953089",
            "features": ["COMMUNITY"] if one.number < len(_NAMES) else [],
        }
        if counts:
            members = Random(f"members {one.number}").randrange(40, 9_000)
            guild |= {"approximate_member_count": members, "approximate_presence_count": members // 4}
        return guild
