"""What people do on the sandbox's GitHub: the facts of one happening, from which both its shapes are made."""

import hashlib
from random import Random
from typing import Any

from deploy.sandbox.platforms.github.repositories import Account, Repository
from deploy.sandbox.state import State

FIRST_OBJECT = 3_140_000_000
"""Ids of issues, pull requests and the like; larger than 32 bits hold."""

_DOINGS = (
    "Read the card deck twice before trusting it", "Keep the last good reading when a sensor goes quiet",
    "Explain the tide table in the README", "Round times to the minute in the log", "Drop the unused colour palette",
    "Retry the upload once, then say so", "Name the units in every column", "Test the empty deck",
    "Show high water in local time", "Make the map work without a network", "Speed up the index by a factor of four",
    "Fix the off-by-one at midnight", "Let the loop end when the tape does", "Remove the second cache",
)  # fmt: skip
_TROUBLES = (
    "Sunrise is an hour late in Reykjavík", "The export forgets the last row", "Crash when the tape is empty",
    "Dark mode hides the legend", "Search should ignore accents", "Battery lasts one night only",
    "Readings jump after a restart", "The map is upside down in the southern hemisphere",
    "Please support five-digit tide tables", "Printing takes two pages for one line",
)  # fmt: skip
_REMARKS = (
    "I can see this here as well, since last Tuesday.", "Thanks! That explains the gap in the log.",
    "Would a smaller step do? I can try it tonight.", "Works for me after a restart.", "Let us keep the old name.",
)  # fmt: skip
_FILES = ("README.md", "src/engine.py", "src/tides.py", "tests/test_engine.py", "docs/map.md", "data/stations.csv")
_RELEASES = ("Low Water", "First Light", "Copper Wire", "Quiet Relay", "Long Shadow", "Warm Oven")


class Stories:
    def __init__(self, state: State, platform: str) -> None:
        self._state = state
        self._platform = platform

    def tell(self, kind: str, sender: Account, repo: Repository, at: int, finished: bool = False) -> dict[str, Any]:
        """The facts of a new happening of this kind; `finished`: of an issue or pull request that is closed."""
        turn = self._count(f"{sender.login} {kind}")
        dice = Random(f"{sender.login} {kind} {turn}")
        match kind:
            case "push":
                return self._push(dice, repo, at)
            case "issues":
                return {"action": "closed" if finished else "opened", "issue": self._issue(dice, repo, at, finished)}
            case "issue_comment":
                return {
                    "action": "created",
                    "issue": self._issue(dice, repo, at, False),
                    "comment_id": self._object(),
                    "text": dice.choice(_REMARKS),
                }
            case "pull_request":
                return {"action": "closed" if finished else "opened", "pull": self._pull(dice, repo, at, finished)}
            case "release":
                number = self._count(f"release {repo.full_name}")
                name = dice.choice(_RELEASES)
                return {"id": self._object(), "tag": f"v1.{number}.0", "name": name, "text": f"{name}: small repairs."}
            case "fork":
                copies = self._count(f"fork {sender.login} {repo.full_name}")
                return {"id": self._object(), "name": repo.name if copies == 1 else f"{repo.name}-{copies}"}
            case "create":
                return {"ref": f"try-{turn}", "ref_type": "branch"}
        return {}

    def _push(self, dice: Random, repo: Repository, at: int) -> dict[str, Any]:
        before = self._state.fact(self._platform, "", f"head {repo.full_name}") or _sha(repo.full_name)
        commits = []
        sha = before
        for _ in range(dice.choice((1, 1, 1, 2, 3))):
            sha = _sha(sha)
            commits.append({"id": sha, "message": dice.choice(_DOINGS), "file": dice.choice(_FILES)})
        self._state.keep_fact(self._platform, "", f"head {repo.full_name}", sha)
        self._state.keep_fact(self._platform, "", f"pushed {repo.full_name}", str(at / 1000))
        push_id = 21_500_000_000 + self._count("push")
        return {"ref": "refs/heads/main", "before": before, "head": sha, "push_id": push_id, "commits": commits}

    def _issue(self, dice: Random, repo: Repository, at: int, closed: bool) -> dict[str, Any]:
        return {
            "id": self._object(),
            "number": self._number(repo),
            "title": dice.choice(_TROUBLES),
            "text": dice.choice(_REMARKS),
            "state": "closed" if closed else "open",
            "created_at": at / 1000 - (dice.randrange(7200, 172800) if closed else 0),
        }

    def _pull(self, dice: Random, repo: Repository, at: int, merged: bool) -> dict[str, Any]:
        number = self._number(repo)
        return {
            "id": self._object(),
            "number": number,
            "title": dice.choice(_DOINGS),
            "text": dice.choice(_REMARKS),
            "branch": f"change-{number}",
            "head": _sha(f"{repo.full_name} {number}"),
            "base": self._state.fact(self._platform, "", f"head {repo.full_name}") or _sha(repo.full_name),
            "state": "closed" if merged else "open",
            "merged": merged,
            "created_at": at / 1000 - (dice.randrange(3600, 86400) if merged else 0),
        }

    def _number(self, repo: Repository) -> int:
        """Issues and pull requests of a repository share their numbers."""
        return self._count(f"number {repo.full_name}", repo.id % 40 + 1)

    def _object(self) -> int:
        return self._count("object", FIRST_OBJECT)

    def _count(self, name: str, start: int = 1) -> int:
        return self._state.count_up(self._platform, "", name, start)


def _sha(seed: str) -> str:
    return hashlib.sha1(seed.encode(), usedforsecurity=False).hexdigest()
