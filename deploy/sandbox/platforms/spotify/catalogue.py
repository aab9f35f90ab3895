"""The music of the sandbox. None of these bands exists."""

import hashlib
from functools import lru_cache
from typing import Any

import msgspec

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

_RECORDS = (
    ("Lighthouse Keepers' Union", "Fog Signal", ("Forty Steps", "Lamp Oil", "A Boat at Four", "Two Long One Short")),
    ("Marguerite Oslo", "Rooms by the Sea", ("Salt on the Sill", "Your Other Coat", "August, Slowly", "Ferry Song")),
    ("Paper Moth", "Small Engines", ("Sewing Machine", "Tin Heart", "Left on the Tram", "Clockwork Picnic")),
    ("Halcyon Bicycle Club", "Downhill in June", ("No Brakes", "Bells", "Hedgerow", "The Long Way to Anna's")),
    ("Kofi & the Night Market", "Lantern Street", ("Fried Plantain", "Rain on Tarpaulin", "Last Bus", "Neon Yam")),
    ("Ingrid Vale", "Cartography", ("North by North", "Contour Lines", "Here Be Rivers", "Legend")),
    ("Sunday Arithmetic", "Carry the One", ("Long Division", "Remainder", "Prime", "Seventeen Again")),
    ("Tomás Quiet", "Kitchen Tapes", ("Kettle", "The Neighbour's Piano", "Bread", "Half Past Something")),
    ("Velvet Semaphore", "Flags", ("Alpha", "Say It from the Hill", "Wind from the West", "Message Received")),
    ("The Orchard Committee", "Windfall", ("Russet", "Ladders", "Wasps in September", "Cider Press Waltz")),
)
_EPISODES = (
    ("Maps Nobody Asked For", "The island that was a smudge", 2_710_000),
    ("Slow Machines", "A clock for ten thousand years", 3_324_000),
)


class Track(msgspec.Struct, frozen=True):
    artist: str
    album: str
    name: str
    duration_ms: int
    local: bool = False
    """A file of the person's own: Spotify knows no id for it."""

    @property
    def id(self) -> str | None:
        return None if self.local else made_up_id("track", self.artist, self.name)

    @property
    def uri(self) -> str:
        if self.local:
            return f"spotify:local:{self.artist}:{self.album}:{self.name}:{self.duration_ms // 1000}".replace(" ", "+")
        return f"spotify:track:{self.id}"

    @property
    def key(self) -> str:
        """What stands for it in an external id."""
        return self.id or self.uri


@lru_cache(maxsize=1024)
def made_up_id(*parts: str) -> str:
    """22 characters, as Spotify's ids have."""
    number = int.from_bytes(hashlib.sha256("/".join(parts).encode()).digest()[:17])
    return "".join(_ALPHABET[number // 62**place % 62] for place in range(22))


TRACKS = tuple(
    Track(artist, album, name, 140_000 + int.from_bytes(hashlib.sha256(name.encode()).digest()[:2]) * 2)
    for artist, album, names in _RECORDS
    for name in names
)
LOCAL = Track("Grandmother", "Tape 3", "Lullaby with Rain", 187_000, local=True)


def track(track: Track) -> dict[str, Any]:
    artist, album = made_up_id("artist", track.artist), made_up_id("album", track.album)
    cover = made_up_id("cover", track.album)
    return {
        "album": {
            "album_type": "album",
            "id": None if track.local else album,
            "name": track.album,
            "images": [] if track.local else [{"url": f"https://i.scdn.co/image/{cover}", "height": 640, "width": 640}],
            "type": "album",
            "uri": None if track.local else f"spotify:album:{album}",
        },
        "artists": [
            {
                "id": None if track.local else artist,
                "name": track.artist,
                "type": "artist",
                "uri": None if track.local else f"spotify:artist:{artist}",
            }
        ],
        "disc_number": 1,
        "duration_ms": track.duration_ms,
        "explicit": False,
        "external_urls": {} if track.local else {"spotify": f"https://open.spotify.com/track/{track.id}"},
        "href": None if track.local else f"https://api.spotify.com/v1/tracks/{track.id}",
        "id": track.id,
        "is_local": track.local,
        "name": track.name,
        "track_number": 0 if track.local else 1,
        "type": "track",
        "uri": track.uri,
    }


def episode(number: int) -> dict[str, Any]:
    show, name, duration_ms = _EPISODES[number % len(_EPISODES)]
    own, of = made_up_id("episode", show, name), made_up_id("show", show)
    return {
        "duration_ms": duration_ms,
        "explicit": False,
        "external_urls": {"spotify": f"https://open.spotify.com/episode/{own}"},
        "id": own,
        "name": name,
        "release_date": "2026-10-02",
        "show": {"id": of, "name": show, "type": "show", "uri": f"spotify:show:{of}"},
        "type": "episode",
        "uri": f"spotify:episode:{own}",
    }


def playlist_context(name: str) -> dict[str, Any]:
    own = made_up_id("playlist", name)
    return {
        "type": "playlist",
        "uri": f"spotify:playlist:{own}",
        "href": f"https://api.spotify.com/v1/playlists/{own}",
        "external_urls": {"spotify": f"https://open.spotify.com/playlist/{own}"},
    }
