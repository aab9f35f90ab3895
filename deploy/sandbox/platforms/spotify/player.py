"""What people listen to on the sandbox's Spotify: plays that are over, and what is on now."""

from random import Random

import msgspec

from deploy.sandbox.happenings import Happening, Happenings
from deploy.sandbox.people import Person
from deploy.sandbox.platforms.spotify.catalogue import LOCAL, TRACKS, Track
from deploy.sandbox.state import State

HISTORY = 50
"""Spotify remembers no more plays than this."""
COUNTS_AFTER_MS = 30_000
HOUR_MS = 3_600_000


class NowOn(msgspec.Struct, frozen=True):
    what: str
    """`track`, `episode` or `ad`."""
    number: int
    """Which track or episode."""
    since: int
    """Milliseconds."""

    @property
    def track(self) -> Track:
        return TRACKS[self.number % len(TRACKS)]


class Player:
    def __init__(self, state: State, platform: str) -> None:
        self._state = state
        self._platform = platform
        self.happenings = Happenings(state, platform)

    # -- plays ---------------------------------------------------------------------------------------
    def history(self, user: str) -> list[Happening]:
        """Newest first."""
        return self.happenings.latest(user, HISTORY)

    def play(self, user: str, at: int, local: bool = False) -> Happening:
        """A track ends now: it shows from now on."""
        return self._over(user, LOCAL if local else self.next_track(user), at)

    def next_track(self, user: str) -> Track:
        turn = self._state.count_up(self._platform, user, "turn", 0)
        return TRACKS[(Random(user).randrange(len(TRACKS)) + turn * 7) % len(TRACKS)]

    def _over(self, user: str, track: Track, at: int) -> Happening:
        """No two plays of one person end in the same millisecond."""
        _, newest = self.happenings.newest(user)
        playlist = f"{user} {at // HOUR_MS}" if at // HOUR_MS % 3 else None
        return self.happenings.add(user, "play", max(at, newest + 1), {"track": track, "playlist": playlist})

    def begin(self, person: Person, now: int) -> None:
        """20 to 30 plays, in sittings over the past days, the last of them less than an hour ago."""
        dice = Random(f"spotify {person.name}")
        at, left, times = now - dice.randrange(4, 50) * 60_000, dice.randrange(20, 31), []
        while left:
            for _ in range(min(left, dice.randrange(4, 9))):
                times.append(at)
                at -= dice.randrange(150_000, 280_000)
                left -= 1
            at -= dice.randrange(5, 15) * HOUR_MS + dice.randrange(HOUR_MS)
        for play, at in enumerate(reversed(times)):
            self.play(person.name, at, local=play == 5)

    def overrun(self, user: str, now: int) -> None:
        """So much is played at once that all of what was remembered is forgotten."""
        _, newest = self.happenings.newest(user)
        step = max(1, (now - newest) // (HISTORY + 1))
        for play in range(1, HISTORY + 1):
            self._over(user, self.next_track(user), newest + play * step)

    # -- what is on ----------------------------------------------------------------------------------
    def start(self, user: str, what: str, now: int) -> NowOn:
        self.stop(user, now)
        on = NowOn(what, TRACKS.index(self.next_track(user)), now)
        self._state.keep_fact(self._platform, user, "on", msgspec.json.encode(on).decode())
        return on

    def on(self, user: str, now: int) -> NowOn | None:
        """What is on. A track that has come to its end meanwhile is a play."""
        kept = self._state.fact(self._platform, user, "on")
        if kept is None:
            return None
        on = msgspec.json.decode(kept, type=NowOn)
        if on.what == "track" and now >= on.since + on.track.duration_ms:
            self.stop(user, now)
            return None
        return on

    def stop(self, user: str, now: int) -> None:
        """A track that ran for half a minute counts as a play."""
        kept = self._state.fact(self._platform, user, "on")
        if kept is None:
            return
        on = msgspec.json.decode(kept, type=NowOn)
        ended = min(now, on.since + on.track.duration_ms)
        if on.what == "track" and ended - on.since >= COUNTS_AFTER_MS:
            self._over(user, on.track, ended)
        self._state.keep_fact(self._platform, user, "on", None)
