"""GitHub as a platform: what it is, who an account is, how its token ends. The rest is in the files beside it."""

from collections.abc import Generator, Mapping, Sequence

from actors.platforms.base import (
    Answer,
    Call,
    Client,
    Endpoints,
    Happening,
    Inbound,
    NewSecret,
    Pacing,
    Platform,
    Reads,
    Refused,
    Verified,
)
from actors.platforms.failures import BadAnswer, NotFound, data_answer
from actors.platforms.fields import number, text
from actors.platforms.github import hooks, inbound, redelivery, timeline
from actors.platforms.github.api import call
from storage.records import Account, Delivery, Hook, Item, Secret, Token


class GitHub(Platform):
    slug = "github"
    title = "GitHub"
    endpoints = Endpoints(
        "https://github.com/login/oauth/authorize",
        "https://github.com/login/oauth/access_token",
        "https://api.github.com",
    )
    scopes = ("read:user", "user:email", "repo", "admin:repo_hook", "offline_access")
    poll_every = "6h"
    pushes = True
    push_suffices = False
    """What the user does in others' repositories, where there is no hook of ours, the timeline alone tells."""
    pace = Pacing(rate=50, burst=50, concurrency=8)
    """Its limits are each user's own."""
    refresh_rotates = True

    def __init__(self, client: Client, endpoints: Endpoints | None = None, *, hook_repos: int = 10) -> None:
        super().__init__(client, endpoints)
        self.hook_repos = hook_repos

    def identify(self) -> Generator[Call, Answer, Account]:
        answer = yield call("GET", f"{self.urls.api_url}/user")
        return account_of(data_answer(answer))

    def revoke(self, token: Token) -> Generator[Call, Answer, None]:
        """This token and no other: the grant may serve somebody else's connection to the same account."""
        url = f"{self.urls.api_url}/applications/{self.client.id}/token"
        answer = yield call("DELETE", url, json={"access_token": token.access}, auth="basic")
        if answer.status != 422:  # not a token any more
            try:
                data_answer(answer)
            except NotFound:
                return

    def poll(self, account: Account, cursors: Mapping[str, str], now: float) -> Reads:
        return timeline.read(self.urls.api_url, account, cursors, now)

    def found(self, data_type: str, count: int) -> str:
        return "1 new event at GitHub" if count == 1 else f"{count} new events at GitHub"

    def found_first(self, data_type: str, count: int) -> str:
        return "1 event at GitHub" if count == 1 else f"{count} events at GitHub"

    def line(self, item: Item) -> Mapping[str, str | None]:
        return timeline.line(self.urls.authorize_url.removesuffix("/login/oauth/authorize"), item.raw)

    def verify(self, request: Inbound, secrets: Sequence[Secret]) -> Verified | Refused:
        return inbound.verify(request, secrets)

    def parse(self, delivery: Delivery) -> Happening:
        return inbound.parse(delivery)

    def register(
        self, account: Account, url: str, known: Sequence[Hook], new_secret: NewSecret, now: float
    ) -> Generator[Call, Answer, Sequence[Hook]]:
        return hooks.register(self.urls.api_url, self.hook_repos, url, known, new_secret)

    def ask_again(self, hook: Hook, since: float) -> Generator[Call, Answer, int]:
        return redelivery.ask_again(self.urls.api_url, hook, since)

    def unregister(self, hook: Hook, url: str) -> Generator[Call, Answer, None]:
        return hooks.unregister(self.urls.api_url, hook)


def account_of(answer: Answer) -> Account:
    """The number stays; the login can be changed, and be taken by somebody else."""
    user = answer.json()
    id_, login = number(user, "id"), text(user, "login")
    if id_ is None or login is None:
        raise BadAnswer("GitHub did not say whose account this is")
    return Account(id=str(id_), name=text(user, "name") or login, details={"login": login})
