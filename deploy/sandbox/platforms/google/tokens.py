"""Google's grants: of one client for three platforms, with the scopes that somebody left ticked."""

import msgspec

from deploy.sandbox.places import GOOGLE
from deploy.sandbox.tokens import Issued, TokenRules, Tokens

ALIASES = {
    "email": "https://www.googleapis.com/auth/userinfo.email",
    "profile": "https://www.googleapis.com/auth/userinfo.profile",
}
LIVE_GRANTS = 100


def rules(scope: str) -> TokenRules:
    """For ever, unless an order makes it the seven days of an app in testing."""
    return TokenRules(
        access=3_599,
        refresh=None,
        scope=f"openid {scope} {ALIASES['email']}",
        access_prefix="ya29.a0",
        refresh_prefix="1//0",
        ends_from_consent=True,
        live_grants=LIVE_GRANTS,
    )


class Wishes(msgspec.Struct, frozen=True):
    """What a consent was, beyond a yes."""

    scope: str
    lasting: bool
    """A refresh token goes with it."""


class GoogleTokens(Tokens):
    def consent_to(self, user: str, redirect_uri: str, challenge: str | None, wishes: Wishes) -> str:
        with self._state.change():
            code = self.consent(user, redirect_uri, challenge)
            self._state.keep_fact(self._platform, "", f"consent {code}", msgspec.json.encode(wishes).decode())
        return code

    def exchange(self, code: str, redirect_uri: str = "", verifier: str = "") -> Issued:
        with self._state.change():
            issued = super().exchange(code, redirect_uri, verifier)
            told = self._state.fact(self._platform, "", f"consent {code}")
            held = self.look_up(issued.access)
            if told is None or held is None:
                return issued
            wishes = msgspec.json.decode(told, type=Wishes)
            self._state.keep_fact(self._platform, "", f"consent {code}", None)
            self._state.run("UPDATE grants SET scope = ? WHERE id = ?", wishes.scope, held.grant)
        given = msgspec.structs.replace(issued, scope=wishes.scope)
        return given if wishes.lasting else msgspec.structs.replace(given, refresh=None, refresh_expires_in=None)

    def granted(self, user: str) -> list[str]:
        """Scopes of all that stands of this account and client."""
        rows = self._state.all(
            "SELECT scope FROM grants WHERE platform IN (?, ?, ?) AND user = ? AND live ORDER BY id", *GOOGLE, user
        )
        return list(dict.fromkeys(scope for (scopes,) in rows for scope in scopes.split()))

    def has_consented(self, user: str) -> bool:
        sql = "SELECT 1 FROM grants WHERE platform = ? AND user = ? AND live"
        return self._state.one(sql, self._platform, user) is not None

    def revoke_account(self, user: str) -> None:
        """All that this account has granted to this client, whichever platform it was for."""
        sql = "UPDATE grants SET live = 0 WHERE platform IN (?, ?, ?) AND user = ?"
        self._state.run(sql, *GOOGLE, user)

    def _end_oldest(self, user: str, keep: int) -> None:
        """Of account and client: the oldest refresh token is forgotten without a word, its access token lives out."""
        self._state.run(
            "DELETE FROM tokens WHERE kind = 'refresh' AND grant_id IN (SELECT id FROM grants"
            " WHERE platform IN (?, ?, ?) AND user = ? AND live ORDER BY id DESC LIMIT -1 OFFSET ?)",
            *GOOGLE, user, keep,
        )  # fmt: skip
