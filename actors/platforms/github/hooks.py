"""The webhooks that we keep at GitHub: one per repository, each with a secret of its own."""

from collections.abc import Callable, Generator, Sequence
from typing import Any
from urllib.parse import quote

from actors.platforms.answers import words
from actors.platforms.base import Answer, Call, SoFar
from actors.platforms.failures import Forbidden, HookRefused, NotFound, PlatformError, data_answer
from actors.platforms.fields import dig, number, text
from actors.platforms.github.api import call, has_next
from storage.records import Hook, Secret

EVENTS = ("push", "issues", "pull_request", "release", "star", "fork")
PAGES = 3
"""Pages of a hundred repositories, most recently pushed first, in which to look for ones to administer."""


class NotHere(HookRefused):
    """GitHub takes no hook of ours on this repository: our address doesn't suit it, or there are too many already."""


def register(
    api: str, limit: int, url: str, known: Sequence[Hook], new_secret: Callable[[], Secret]
) -> Generator[Call, Answer, Sequence[Hook]]:
    """A hook on each of the repositories pushed to last. What stands already is looked at and kept.

    When something goes wrong half-way, what has been made so far is what there is: it has to be
    recorded, for nobody but us knows the secrets. The next time finds the rest to do.
    """
    repositories = yield from _administered(api, limit)
    standing = {hook.where.lower(): hook for hook in known}
    made: dict[str, Hook] = {}
    refused: list[str] = []
    try:
        for repository in repositories:
            try:
                hook = yield from _kept(api, standing.get(repository.lower()), url)
                hook = hook or (yield from _created(api, repository, url, new_secret()))
                made[hook.external_id] = hook
            except (NotFound, Forbidden, NotHere) as trouble:
                refused.append(f"{repository} ({trouble.detail})")
            standing.pop(repository.lower(), None)
        for hook in list(standing.values()):
            # A renamed repository's hook stands among the made; the others are no longer among those pushed to last.
            if hook.external_id not in made:
                yield from unregister(api, hook)
            del standing[hook.where.lower()]
    except PlatformError:
        if not made and not standing:
            raise
        return SoFar(({hook.external_id: hook for hook in standing.values()} | made).values())
    if not made:
        raise HookRefused(_why_none(limit, repositories, refused))
    return list(made.values())


def unregister(api: str, hook: Hook) -> Generator[Call, Answer, None]:
    """Gone already, or no longer ours to touch, is as good as removed."""
    answer = yield call("DELETE", _address(api, hook.where, hook.external_id))
    try:
        data_answer(answer)
    except (NotFound, Forbidden):
        return


def _administered(api: str, limit: int) -> Generator[Call, Answer, list[str]]:
    found: list[str] = []
    if limit == 0:
        return found
    for page in range(1, PAGES + 1):
        params = {"sort": "pushed", "direction": "desc", "per_page": 100, "page": page}
        answer = yield call("GET", f"{api}/user/repos", params=params)
        listed = data_answer(answer).json()
        for repository in _list(listed):
            name = text(repository, "full_name")
            mine = dig(repository, "permissions", "admin") is True
            if name and mine and not dig(repository, "archived") and not dig(repository, "disabled"):
                found.append(name)
        if len(found) >= limit or not has_next(answer):
            break
    return found[:limit]


def _kept(api: str, hook: Hook | None, url: str) -> Generator[Call, Answer, Hook | None]:
    """The hook as it stands, mended where somebody changed it; None when there is none any more."""
    if hook is None:
        return None
    answer = yield call("GET", _address(api, hook.where, hook.external_id))
    try:
        there = data_answer(answer).json()
    except NotFound:
        return None
    except Forbidden:
        return hook  # not for us to look at, and no sign that it is gone
    heard = _list(dig(there, "events"))
    if _is_ours(there, url) and dig(there, "active") is True and all(event in heard for event in EVENTS):
        return hook
    return (yield from _changed(api, hook.where, hook.external_id, url, hook.secret))


def _created(api: str, repository: str, url: str, secret: Secret) -> Generator[Call, Answer, Hook]:
    answer = yield call("POST", _address(api, repository), json={"name": "web", **_settings(url, secret)})
    if answer.status != 422:
        return _hook(data_answer(answer), repository, secret)
    # One of ours from an earlier life may stand there already, with a secret that we no longer know.
    listed = yield call("GET", _address(api, repository), params={"per_page": 100})
    for there in _list(data_answer(listed).json()):
        if _is_ours(there, url) and (id_ := number(there, "id")) is not None:
            return (yield from _changed(api, repository, str(id_), url, secret))
    raise NotHere(_complaint(answer) or "GitHub does not say why")


def _changed(api: str, repository: str, id_: str, url: str, secret: Secret) -> Generator[Call, Answer, Hook]:
    answer = yield call("PATCH", _address(api, repository, id_), json=_settings(url, secret))
    return _hook(data_answer(answer), repository, secret)


def _settings(url: str, secret: Secret) -> dict[str, Any]:
    config = {"url": url, "content_type": "json", "secret": secret, "insecure_ssl": "0"}
    return {"active": True, "events": list(EVENTS), "config": config}


def _hook(answer: Answer, repository: str, secret: Secret) -> Hook:
    id_ = number(answer.json(), "id")
    if id_ is None:
        raise PlatformError(f"GitHub made a webhook on {repository} and did not say which")
    return Hook(external_id=str(id_), where=repository, secret=secret)


def _is_ours(there: Any, url: str) -> bool:
    return bool(dig(there, "config", "url") == url)


def _address(api: str, repository: str, id_: str | None = None) -> str:
    root = f"{api}/repos/{quote(repository)}/hooks"
    return f"{root}/{quote(id_, safe='')}" if id_ else root


def _complaint(answer: Answer) -> str:
    said = [words(dig(one, "message")) for one in _list(dig(answer.json(), "errors"))]
    return "; ".join(filter(None, said))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _why_none(limit: int, repositories: Sequence[str], refused: Sequence[str]) -> str:
    if limit == 0:
        return "Webhooks at GitHub are switched off in this service."
    if not repositories:
        return "This account administers no repository at GitHub, so there is nothing to put a webhook on."
    return f"GitHub lets us put a webhook on none of {len(repositories)} repositories: {'; '.join(refused)[:300]}"
