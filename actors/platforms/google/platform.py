"""Consent, tokens and identity at Google.

One client serves three platforms, and one person's consents to it are one grant there: whoever revokes
one of its tokens ends them all (`grant_family`).
"""

from collections.abc import Generator, Mapping, Sequence
from typing import ClassVar
from urllib.parse import urljoin

import msgspec

from actors.platforms.answers import structured
from actors.platforms.base import Answer, Call, Client, Endpoints, Grant, Platform
from actors.platforms.failures import BadAnswer, GrantRefused, data_answer, token_answer
from actors.platforms.fields import dig, text
from actors.platforms.google import answers, refusals
from storage.records import Account, Secret, Token

AUTHORIZE_URL = "https://accounts.google.com/o/oauth2/v2/auth"
TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 (an address)
USERINFO_URL = "https://openidconnect.googleapis.com/v1/userinfo"
CERTS_URL = "https://www.googleapis.com/oauth2/v3/certs"


class Google(Platform):
    """`userinfo_url`, `revoke_url`: where not given, Google's own, or, where the token endpoint isn't Google's, the
    addresses beside it: `…/google/token` has `…/google/userinfo`."""

    grant_family = "google"
    pushes = True
    shared_door = True
    needs: ClassVar[Mapping[str, str]]
    """The scopes without which nothing works, and what they are for in words: a user can untick each."""

    def __init__(
        self,
        client: Client,
        endpoints: Endpoints | None = None,
        *,
        userinfo_url: str | None = None,
        revoke_url: str | None = None,
    ) -> None:
        super().__init__(client, endpoints)
        self.userinfo_url = userinfo_url or self.beside_token("userinfo", USERINFO_URL)
        self.revoke_url = revoke_url or self.beside_token("revoke", urljoin(TOKEN_URL, "revoke"))

    def beside_token(self, name: str, real: str) -> str:
        """The real address, or one of a stand-in."""
        return real if self.urls.token_url == TOKEN_URL else urljoin(self.urls.token_url, name)

    # -- consent --------------------------------------------------------------------------------
    def authorize_params(self) -> Mapping[str, str]:
        """Without `offline` there is no refresh token at all, without `consent` none for a user who comes back."""
        wishes = {"access_type": "offline", "prompt": "consent", "include_granted_scopes": "true"}
        return {**super().authorize_params(), **wishes}

    def missing(self, scope: str) -> Sequence[str]:
        """An answer without a scope grants what was asked for, says RFC 6749."""
        granted = scope.split()
        return [words for one, words in self.needs.items() if granted and one not in granted]

    # -- tokens ---------------------------------------------------------------------------------
    def _ask_for_token(self, form: dict[str, str | Secret]) -> Call:
        """Not counted with what the APIs allow."""
        return msgspec.structs.replace(super()._ask_for_token(form), cost=0)

    def refresh(self, token: Token) -> Generator[Call, Answer, Grant]:
        """The answer brings no refresh token as a rule: the old one stays good."""
        if token.refresh is None:
            raise ValueError("a token without a refresh token is never refreshed")
        answer = yield self._ask_for_token({"grant_type": "refresh_token", "refresh_token": token.refresh})
        try:
            return Grant.from_answer(token_answer(answer))
        except GrantRefused as refused:
            raise refusals.named(refused, structured(answer) or {}) from None

    def explain(
        self, refused: GrantRefused, now: float, reauth_due_at: float | None, granted_at: float | None = None
    ) -> GrantRefused:
        return refusals.by_age(refused, now, reauth_due_at, granted_at)

    def rejects_token(self, answer: Answer) -> bool:
        return answers.rejects_token(answer)

    def revoke(self, token: Token) -> Generator[Call, Answer, None]:
        """All that this account has granted to this client ends with it."""
        form = {"token": token.refresh or token.access}
        answer = yield Call("POST", self.revoke_url, form=form, auth="none", cost=0)
        said = structured(answer) or {}
        if answer.status != 400 or said.get("error") != "invalid_token":  # that one is not a token any more
            data_answer(answer)

    # -- who ------------------------------------------------------------------------------------
    def identify(self) -> Generator[Call, Answer, Account]:
        """`sub` never changes and is never given to somebody else; an address may be both."""
        answer = yield Call("GET", self.userinfo_url, cost=0)
        who = answers.checked(answer).json()
        sub = dig(who, "sub")
        if not isinstance(sub, str) or not 0 < len(sub) <= 255 or not sub.isprintable():
            raise BadAnswer("Google did not say whose account this is")
        return Account(id=sub, name=text(who, "email") or text(who, "name") or sub)
