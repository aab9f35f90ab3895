"""Who somebody is at Google: the same account in Gmail, Calendar and YouTube."""

import hashlib
from typing import Any

from deploy.sandbox.people import Person


def sub(person: Person) -> str:
    """21 digits that never change."""
    number = int.from_bytes(hashlib.sha256(f"google {person.name}".encode()).digest()[:8])
    return str(100_000_000_000_000_000_000 + number)


def address(person: Person) -> str:
    return f"{person.name}@example.com"


def claims(person: Person) -> dict[str, Any]:
    first, _, last = person.shown.partition(" ")
    return {
        "sub": sub(person),
        "name": person.shown,
        "given_name": first,
        "family_name": last,
        "picture": f"https://lh3.googleusercontent.com/a/{person.name}=s96-c",
        "email": address(person),
        "email_verified": True,
    }
