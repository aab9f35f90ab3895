"""Slack as a platform: what it is, who an account is, how its token comes and ends. The rest is beside this file."""

from collections.abc import Generator, Mapping, Sequence
from typing import Any

from actors.platforms.base import (
    Answer,
    Call,
    Client,
    Endpoints,
    Grant,
    Happening,
    Inbound,
    NewSecret,
    Platform,
    Reads,
    Receives,
)
from actors.platforms.failures import GONE, BadAnswer, GrantRefused, HookRefused, token_answer
from actors.platforms.fields import dig, link, text
from actors.platforms.slack import history, inbound, people, sentences
from actors.platforms.slack.api import REFRESHABLE, error_of, post, said
from actors.platforms.slack.known import known_from
from actors.platforms.slack.messages import is_id
from storage.records import Account, Delivery, Hook, Item, Secret, Token

EVENTS = "events-api"


class Slack(Platform):
    """`pkce` is off: it would make the app a public client for good, with refresh tokens that live 30 days."""

    slug = "slack"
    title = "Slack"
    endpoints = Endpoints(
        "https://slack.com/oauth/v2/authorize",
        "https://slack.com/api/oauth.v2.access",
        "https://slack.com/api",
    )
    poll_every = "4h"
    scopes = (
        "channels:read",
        "groups:read",
        "im:read",
        "mpim:read",
        "channels:history",
        "groups:history",
        "im:history",
        "mpim:history",
        "reactions:read",
        "users:read",
    )
    pkce = False
    pushes = True
    shared_door = True
    sends_again_for = 240.0
    """It tries at once, after a minute and after five: the last one comes to whoever was away for less than that."""
    sparing = frozenset({people.WANTED})
    rounds = frozenset({history.ROUND, people.WANTED})
    refresh_rotates = True
    client_auth = "basic"
    grant_family = "slack"
    """Whoever connects the same account again is given the same token, where tokens don't rotate."""

    def __init__(
        self, client: Client, endpoints: Endpoints | None = None, *, signing_secret: Secret | None = None
    ) -> None:
        super().__init__(client, endpoints)
        self.signing_secret = signing_secret

    # -- tokens ---------------------------------------------------------------------------------
    def authorize_params(self) -> Mapping[str, str]:
        """`scope` would ask for a bot, which sees only where it was invited."""
        return {"user_scope": ",".join(self.scopes)}

    def exchange(
        self, code: Secret, redirect_uri: str, verifier: Secret | None = None
    ) -> Generator[Call, Answer, Grant]:
        answer = yield self._ask_for_token(
            {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        )
        found = token_answer(answer, exchanging=True)
        return _grant(dig(found, "authed_user"), found)

    def refresh(self, token: Token) -> Generator[Call, Answer, Grant]:
        if token.refresh is None:
            raise ValueError("a token without a refresh token is never refreshed")
        answer = yield self._ask_for_token({"grant_type": "refresh_token", "refresh_token": token.refresh})
        found = token_answer(answer)
        return _grant(found, dig(found, "authed_user"))

    def identify(self) -> Generator[Call, Answer, Account]:
        answer = yield post(self.urls.api_url, "auth.test")
        return account_of(said(answer))

    def revoke(self, token: Token) -> Generator[Call, Answer, None]:
        answer = yield post(self.urls.api_url, "auth.revoke")
        if error_of(answer) not in REFRESHABLE | {"account_inactive"}:  # else it is no token any more
            said(answer)

    def rejects_token(self, answer: Answer) -> bool:
        return answer.status == 401 or error_of(answer) in REFRESHABLE

    def refused_after(self, rejection: Answer, refused: GrantRefused) -> GrantRefused:
        """A refresh elsewhere ends the refresh token alone; with the app, the user ends the access token, too."""
        if refused.reason != "rotated_elsewhere" or error_of(rejection) != "token_revoked":
            return refused
        revoked = GONE["token_revoked"]
        return GrantRefused(revoked.reason, revoked.hint, f"{refused.detail} after token_revoked")

    # -- reading --------------------------------------------------------------------------------
    def poll(self, account: Account, cursors: Mapping[str, str], now: float) -> Reads:
        return history.read(self.urls.api_url, account, cursors, now)

    def found(self, data_type: str, count: int) -> str:
        return f"{count} new {_noun(data_type, count)} at Slack"

    def found_first(self, data_type: str, count: int) -> str:
        return f"{count} {_noun(data_type, count)} at Slack"

    def line_for(self, item: Item, account: Account, cursors: Mapping[str, str]) -> Mapping[str, str | None]:
        known = known_from(account, cursors, account.details.get("team"))
        if item.data_type == "conversations":
            return sentences.conversation(item.raw, known)
        return sentences.line("message", item.raw, known)

    # -- events ---------------------------------------------------------------------------------
    def receive(self, request: Inbound) -> Receives:
        return inbound.receive(request, self.signing_secret)

    def parse(self, delivery: Delivery) -> Happening:
        return inbound.parse(delivery)

    def parse_for(self, delivery: Delivery, account: Account, cursors: Mapping[str, str]) -> Happening:
        return inbound.parse(delivery, account, cursors)

    def register(
        self, account: Account, url: str, known: Sequence[Hook], new_secret: NewSecret, now: float
    ) -> Generator[Call, Answer, Sequence[Hook]]:
        """Events are subscribed to once, in the app's settings at Slack, for all users: nothing is called. The hook
        that is recorded stands for that subscription. Whether it is heard, the deliveries show."""
        yield from ()
        if self.signing_secret is None:
            raise HookRefused("The signing secret of the Slack app is not set in this service (SLACK_SIGNING_SECRET).")
        standing = [hook for hook in known if hook.external_id == EVENTS]
        return standing or [Hook(EVENTS, "the app's event subscription", new_secret())]

    def unregister(self, hook: Hook, url: str) -> Generator[Call, Answer, None]:
        """With the token the events end, too."""
        yield from ()


def _noun(data_type: str, count: int) -> str:
    return data_type.removesuffix("s") if count == 1 else data_type


def _grant(*candidates: Any) -> Grant:
    """From the first of these that holds a user's token. A bot's stands at the top level of the answer to a code, and
    a refreshed one of a user's, too."""
    for one in candidates:
        if isinstance(one, dict) and text(one, "access_token") and one.get("token_type") != "bot":
            return Grant.from_answer(one)
    raise BadAnswer("Slack gave no token of the user's")


def account_of(found: Mapping[str, Any]) -> Account:
    """People are known by their workspace and their number in it; a whole workspace by its own."""
    team, user = dig(found, "team_id"), dig(found, "user_id")
    if not is_id(team) or not is_id(user):
        raise BadAnswer("Slack did not say whose account this is")
    address = f"{team}:{user}"
    details = {"team": team, "user": user}
    if url := link(found, "url"):
        details["url"] = url
    name, workspace = text(found, "user") or user, text(found, "team")
    return Account(address, f"{name} in {workspace}" if workspace else name, details, (address, team))
