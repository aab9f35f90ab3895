"""Which channels there are besides people's own, and what their videos are called."""

import base64
import hashlib
from random import Random

import msgspec

_FIRST = ("Compiler", "Tide", "Loom", "Night Sky", "Harbour", "Orchard", "Paper", "Signal")
_SECOND = ("Talks", "Notes", "Workshop", "Hour", "Club", "Stories", "Lab", "Walks")
_ABOUT = ("How compilers work", "Reading the tides", "An evening with the old engine", "What a loom can count")
_MORE = ("explained slowly", "part two", "live from the workshop", "in ten minutes", "with questions from you")


class Channel(msgspec.Struct, frozen=True):
    id: str
    title: str
    made_at: int
    """Milliseconds."""

    @property
    def uploads(self) -> str:
        return f"UU{self.id[2:]}"


def made_up(what: str, length: int) -> str:
    """An id in YouTube's alphabet."""
    digest = hashlib.sha256(f"youtube {what}".encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:length]


def _channel(number: int) -> Channel:
    title = f"{_FIRST[number % 8]} {_SECOND[number // 8 + number % 8 & 7]}"
    return Channel("UC" + made_up(f"channel {number}", 22), title, 1_420_000_000_000 + number * 5_000_000_000)


CHANNELS = tuple(_channel(number) for number in range(64))
BY_ID = {channel.id: channel for channel in CHANNELS}


def title(seed: str) -> str:
    dice = Random(f"video {seed}")
    return f"{dice.choice(_ABOUT)}, {dice.choice(_MORE)}"
