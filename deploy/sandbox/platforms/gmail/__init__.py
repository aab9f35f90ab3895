"""Gmail as the sandbox plays it, with the Cloud Pub/Sub that pushes for it."""

from collections.abc import Callable, Sequence
from random import Random
from typing import ClassVar

from deploy.sandbox.outbox import Delivery, Outbox
from deploy.sandbox.people import Person
from deploy.sandbox.platforms.base import Happened, Route
from deploy.sandbox.platforms.gmail import requests
from deploy.sandbox.platforms.gmail.mailbox import Mail, Mailboxes
from deploy.sandbox.platforms.gmail.pushing import Pushing
from deploy.sandbox.platforms.google import GooglePlatform, Refusal
from deploy.sandbox.platforms.google.accounts import address
from deploy.sandbox.platforms.google.oauth import Certs
from deploy.sandbox.platforms.google.quota import Quota, minute
from deploy.sandbox.platforms.google.tokens import rules
from deploy.sandbox.state import State
from deploy.sandbox.tokens import TokenRules

READ = "https://www.googleapis.com/auth/gmail.readonly"
PER_USER, PER_PROJECT = 6_000, 1_200_000
"""Units a minute."""
DAY_MS = 86_400_000
ARRIVES_AS = ("INBOX", "UNREAD")


class Gmail(GooglePlatform):
    slug = "gmail"
    kinds = ("mail", "mail_read", "mail_starred", "mail_sent", "mail_spam", "mail_saved", "mail_deleted", "push_again")
    needs = READ
    names_statuses = True
    rules: ClassVar[TokenRules] = rules(READ)

    def __init__(self, state: State, outbox: Outbox, now: Callable[[], float], root: str) -> None:
        super().__init__(state, outbox, now, root)
        self.mailboxes = Mailboxes(state, self.slug)
        self.pushing = Pushing(self)
        self._of_user, self._of_project = Quota(PER_USER, minute), Quota(PER_PROJECT, minute)

    def own_routes(self) -> list[Route]:
        """The keys stand at Google's usual place, and beside the token endpoint."""
        return [(r"/google/oauth2/v3/certs|/gmail/certs", Certs, {"platform": self}), *requests.routes(self)]

    def spend(self, user: str, cost: int) -> Refusal | None:
        now = self.now()
        if not self._of_user.spend(user, cost, now):
            return "User-rate limit exceeded.", "userRateLimitExceeded", "usageLimits"
        if not self._of_project.spend("", cost, now):
            return "Rate Limit Exceeded", "rateLimitExceeded", "usageLimits"
        return None

    # -- what happens there --------------------------------------------------------------------------
    def begin(self, person: Person) -> None:
        """10 to 14 mails over the past ten days; all but the last few have been read."""
        dice = Random(f"gmail {person.name}")
        now = self._now_ms()
        days = sorted((dice.uniform(0.02, 10.0) for _ in range(dice.randrange(10, 15))), reverse=True)
        for left, ago in enumerate(days, -len(days)):
            labels = [*ARRIVES_AS, "IMPORTANT"] if left % 4 == 0 else list(ARRIVES_AS)
            at = now - int(ago * DAY_MS)
            mail = self.mailboxes.arrive(person.name, address(person), at, labels)
            if left < -3:
                self.mailboxes.label(mail, "mail_read", at, [], ["UNREAD"])

    def act(self, person: Person, kind: str, where: str | None) -> Happened:
        if where is not None:
            raise LookupError(where)
        user, own, now = person.name, address(person), self._now_ms()
        match kind:
            case "mail":
                return self._told(self.mailboxes.arrive(user, own, now, ARRIVES_AS))
            case "mail_sent":
                return self._told(self.mailboxes.send(user, own, now))
            case "mail_spam":
                return self._told(self.mailboxes.arrive(user, own, now, ["SPAM", "UNREAD"], kind))
            case "mail_saved":
                out = self.mailboxes.label(self._latest(user, "SPAM", "SPAM"), kind, now, [], ["SPAM"])
                return self._told(self.mailboxes.label(out, kind, now, ["INBOX"], []))
            case "mail_read":
                return self._told(self.mailboxes.label(self._latest(user, "UNREAD"), kind, now, [], ["UNREAD"]))
            case "mail_starred":
                return self._told(self.mailboxes.label(self._latest(user), kind, now, ["STARRED"], []))
            case "mail_deleted":
                return self._told(self.mailboxes.delete(self._latest(user), now))
        again = self.pushing.again(user)
        return Happened(again[0].guid if again else "", again)

    def _latest(self, user: str, label: str = "INBOX", where: str = "INBOX") -> Mail:
        for mail in self.mailboxes.newest(user, 1_000):
            if label in mail.labels and where in mail.labels:
                return mail
        raise LookupError("a mail that it could happen to")

    def _told(self, mail: Mail) -> Happened:
        deliveries: Sequence[Delivery] = self.pushing.changed(mail.user, mail.labels)
        return Happened(mail.id, deliveries)

    def lose_cursors(self, user: str | None) -> None:
        """Every history id given out so far is too old."""
        known = self.state.all("SELECT user FROM accounts WHERE platform = ?", self.slug)
        with self.state.change():
            for (name,) in known:
                if user in (None, name):
                    self.mailboxes.lose(name)

    def _now_ms(self) -> int:
        return int(self.now() * 1000)
