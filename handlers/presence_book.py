"""Who has a page before their eyes: pages say so themselves, again and again, for a stream alone doesn't show it."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping

HOLDS = 60.0
"""Seconds that a page counts after it last said so."""
MOST_PAGES = 64
"""Of one user that are remembered."""
LONGEST_PAGE = 512


class Presence:
    """Changed on the loop; read on any thread, since what a user has is replaced, never changed."""

    def __init__(self, elapsed: Callable[[], float]) -> None:
        self._elapsed = elapsed
        self._until: OrderedDict[str, Mapping[Hashable, float]] = OrderedDict()
        """Who said something last stands last."""

    def __len__(self) -> int:
        return len(self._until)

    def says(self, user: str, page: Hashable, visible: bool) -> None:
        """`page` is whatever stands for it: its socket, or a name that it made up."""
        now = self._elapsed()
        kept = {one: until for one, until in self._until.get(user, {}).items() if until > now and one != page}
        if visible:
            while len(kept) >= MOST_PAGES:
                del kept[next(iter(kept))]
            kept[page] = now + HOLDS
        if kept:
            self._until[user] = kept
            self._until.move_to_end(user)
        else:
            self._until.pop(user, None)
        self._forget(now)

    def _forget(self, now: float) -> None:
        """Those who left without a word."""
        while self._until and max((silent := next(iter(self._until.items())))[1].values()) <= now:
            del self._until[silent[0]]

    def in_sight(self, user: str) -> bool:
        now = self._elapsed()
        return any(until > now for until in self._until.get(user, {}).values())


def is_page(page: object) -> bool:
    return page is None or (isinstance(page, str) and 1 <= len(page) <= LONGEST_PAGE)
