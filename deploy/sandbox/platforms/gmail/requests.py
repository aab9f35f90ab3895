"""The requests to Gmail: the profile, messages, the history, the watch."""

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from deploy.sandbox.platforms.base import Route
from deploy.sandbox.platforms.gmail.mailbox import ADDED, DELETED, HIDDEN, LABELED, UNLABELED, Mail, Record, message
from deploy.sandbox.platforms.google.accounts import address
from deploy.sandbox.platforms.google.requests import SignedIn

if TYPE_CHECKING:
    from deploy.sandbox.platforms.gmail import Gmail

FORMS = ("minimal", "full", "raw", "metadata")
TYPES = {"messageAdded": ADDED, "messageDeleted": DELETED, "labelAdded": LABELED, "labelRemoved": UNLABELED}


def routes(platform: "Gmail") -> list[Route]:
    given = {"platform": platform}
    root = r"/gmail/gmail/v1/users/([^/]+)"
    return [
        (root + "/profile", Profile, given),
        (root + "/messages", Messages, given),
        (root + "/messages/([^/]+)", OneMessage, given),
        (root + "/history", History, given),
        (root + "/watch", Watch, given),
        (root + "/stop", Stop, given),
    ]


class OwnMailbox(SignedIn):
    """`me`, or one's own address."""

    platform: "Gmail"

    async def prepare(self) -> None:
        await super().prepare()
        if not self._finished and self.path_args[0] not in ("me", address(self.person)):
            self.refuse(403, f"Delegation denied for {address(self.person)}", "forbidden")

    @property
    def user(self) -> str:
        return self.person.name


class Profile(OwnMailbox):
    def get(self, _: str) -> None:
        messages, threads = self.platform.mailboxes.count(self.user)
        history = str(self.platform.mailboxes.current(self.user))
        own = {"emailAddress": address(self.person), "messagesTotal": messages, "threadsTotal": threads}
        self.answer(200, {**own, "historyId": history})


class Messages(OwnMailbox):
    """Newest first. The list has no room for what is in them."""

    cost = 5

    def get(self, _: str) -> None:
        limit = self.number("maxResults", 100, 500)
        if limit is None:
            return
        if self.get_query_argument("q", ""):
            self.invalid("The sandbox does not search: q is not played")
            return
        before = self.get_query_argument("pageToken", "")
        if before and (not before.isdecimal() or len(before) > 20):
            self.invalid("Invalid pageToken")
            return
        labels = set(self.get_query_arguments("labelIds"))
        everywhere = self.get_query_argument("includeSpamTrash", "false") == "true"
        shown = [
            mail
            for mail in self.platform.mailboxes.newest(self.user, 10_000, f"{int(before):016x}" if before else "")
            if labels <= set(mail.labels) and (everywhere or labels & HIDDEN or not HIDDEN & set(mail.labels))
        ]
        self._tell(shown[:limit], more=len(shown) > limit, estimate=min(len(shown), 201))

    def _tell(self, page: list[Mail], more: bool, estimate: int) -> None:
        """What is empty is left out."""
        told: dict[str, Any] = {}
        if page:
            told["messages"] = [{"id": mail.id, "threadId": mail.thread} for mail in page]
        if more:
            told["nextPageToken"] = str(int(page[-1].id, 16))
        self.answer(200, {**told, "resultSizeEstimate": estimate})


class OneMessage(OwnMailbox):
    cost = 20

    def get(self, _: str, id_: str) -> None:
        form = self.get_query_argument("format", "full")
        if form not in FORMS:
            self.invalid(f"Invalid value at 'format' (type.googleapis.com/google.apps.gmail.v1.Format), \"{form}\"")
            return
        mail = self.platform.mailboxes.mail(self.user, id_)
        if mail is None:
            self.not_found()
            return
        names = self.get_query_arguments("metadataHeaders") if form == "metadata" else []
        self.answer(200, message(mail, form, frozenset(name.lower() for name in names)))


class History(OwnMailbox):
    """Records after an id, oldest first; an id that is too old is not found."""

    cost = 2

    def get(self, _: str) -> None:
        limit = self.number("maxResults", 100, 500)
        if limit is None:
            return
        start, after = self.get_query_argument("startHistoryId", ""), self.get_query_argument("pageToken", "")
        types = self.get_query_arguments("historyTypes")
        if not start.isdecimal() or len(start) > 20:
            self.invalid(f"Invalid value at 'start_history_id' (TYPE_UINT64), \"{start}\"")
        elif after and (not after.isdecimal() or len(after) > 20):
            self.invalid("Invalid pageToken")
        elif unknown := set(types) - TYPES.keys():
            self.invalid(f"Invalid value at 'history_types', \"{unknown.pop()}\"")
        elif int(start) < self.platform.mailboxes.oldest(self.user, int(self.platform.now() * 1000)):
            self.not_found()
        else:
            self._tell(max(int(start), int(after or 0)), {TYPES[one] for one in types}, limit)

    def _tell(self, start: int, types: set[str], limit: int) -> None:
        label = self.get_query_argument("labelId", "")
        mailboxes = self.platform.mailboxes
        current = mailboxes.current(self.user)  # before reading: what comes in meanwhile is told next time
        found = [
            (at, record)
            for at, record in mailboxes.since(self.user, start, 10_000)
            if (not types or record.what in types) and (not label or label in record.labels)
        ]
        told: dict[str, Any] = {"history": [_shown(at, record) for at, record in found[:limit]]} if found else {}
        if len(found) > limit:
            told["nextPageToken"] = str(found[limit - 1][0])
        self.answer(200, {**told, "historyId": str(current)})


def _shown(at: int, record: Record) -> dict[str, Any]:
    ids = {"id": record.mail, "threadId": record.thread}
    touched: dict[str, Any] = {"labelIds": record.touched} if record.touched else {}
    changed = {"message": {**ids, "labelIds": record.labels}, **touched}
    return {"id": str(at), "messages": [ids], record.what: [changed]}


class WatchOrder(msgspec.Struct, rename="camel"):
    topic_name: str = ""
    label_ids: list[str] = []
    label_filter_behavior: Literal["include", "exclude", "INCLUDE", "EXCLUDE"] = "include"


class Watch(OwnMailbox):
    cost = 100

    def post(self, _: str) -> None:
        try:
            order = msgspec.json.decode(self.request.body or b"{}", type=WatchOrder)
        except msgspec.DecodeError as error:
            self.invalid(f"Invalid JSON payload received. {error}")
            return
        pushing, topic = self.platform.pushing, order.topic_name
        if not topic.startswith("projects/") or topic.count("/") != 3:
            self.invalid("Invalid topicName does not match projects/{project}/topics/{topic}")
            return
        if topic.split("/")[1] != pushing.topic.split("/")[1]:
            self.invalid(f"Invalid topicName does not match {pushing.topic.rpartition('/')[0]}/*")
            return
        if topic != pushing.topic:
            told = "User not authorized to perform this action."
            self.refuse(403, f"Error sending test message to Cloud PubSub {topic} : {told}", "forbidden")
            return
        expires_at, first = pushing.watch(self.user, order.label_ids, order.label_filter_behavior.lower() == "exclude")
        history = str(self.platform.mailboxes.current(self.user))
        self.answer(200, {"historyId": history, "expiration": str(int(expires_at * 1000))})
        self.platform.outbox.send([first])


class Stop(OwnMailbox):
    cost = 50

    def post(self, _: str) -> None:
        self.platform.pushing.stop(self.user)
        self.answer(204)
