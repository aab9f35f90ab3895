"""A mailbox: the messages as they are now, and its history, record by record."""

import base64
from collections.abc import Iterable
from random import Random
from typing import Any

import msgspec

from deploy.sandbox.happenings import Happening, Happenings
from deploy.sandbox.platforms.gmail.letters import Letter, reply, written
from deploy.sandbox.state import State

SCHEMA = """
CREATE TABLE IF NOT EXISTS gmail_mails (
    user TEXT, id TEXT, thread TEXT, at INTEGER, labels TEXT, history INTEGER, letter TEXT,
    PRIMARY KEY (user, id)) WITHOUT ROWID
"""
INDEX = "CREATE INDEX IF NOT EXISTS gmail_mails_of ON gmail_mails (user, at)"

WEEK_MS = 7 * 86_400_000
HIDDEN = frozenset({"SPAM", "TRASH"})
ADDED, DELETED, LABELED, UNLABELED = "messagesAdded", "messagesDeleted", "labelsAdded", "labelsRemoved"


class Mail(msgspec.Struct, frozen=True):
    user: str
    id: str
    thread: str
    at: int
    """Milliseconds."""
    labels: list[str]
    history: int
    """The record that changed it last."""
    letter: Letter


class Record(msgspec.Struct, frozen=True):
    """What a happening did, as the history shows it."""

    what: str
    mail: str
    thread: str
    labels: list[str]
    touched: list[str]
    """Labels that came or went."""


def history_id(happening: int) -> int:
    """Grows with the happenings, and never by one."""
    return happening * 8 + (happening * 2_654_435_761 >> 5) % 7


class Mailboxes:
    """Everybody's."""

    def __init__(self, state: State, slug: str) -> None:
        self._state = state
        self._slug = slug
        self._happenings = Happenings(state, slug)
        state.run(SCHEMA)
        state.run(INDEX)

    # -- reading -------------------------------------------------------------------------------------
    def mail(self, user: str, id_: str) -> Mail | None:
        row = self._state.one("SELECT * FROM gmail_mails WHERE user = ? AND id = ?", user, id_)
        return _mail(row) if row else None

    def newest(self, user: str, limit: int, before: str = "") -> list[Mail]:
        """Newest first; ids grow with time. `before`: older than this id."""
        rows = self._state.all(
            "SELECT * FROM gmail_mails WHERE user = ? AND (? = '' OR id < ?) ORDER BY id DESC LIMIT ?",
            user, before, before, limit,
        )  # fmt: skip
        return [_mail(row) for row in rows]

    def count(self, user: str) -> tuple[int, int]:
        """Messages and threads."""
        row = self._state.one("SELECT count(*), count(DISTINCT thread) FROM gmail_mails WHERE user = ?", user)
        return row or (0, 0)

    # -- history -------------------------------------------------------------------------------------
    def current(self, user: str) -> int:
        row = self._state.one("SELECT max(id) FROM happenings WHERE platform = ? AND user = ?", self._slug, user)
        return max(history_id(row[0]) if row and row[0] else 1, self._lost(user) + 2)

    def oldest(self, user: str, now_ms: int) -> int:
        """What begins before this is no longer known."""
        row = self._state.one(
            "SELECT max(id) FROM happenings WHERE platform = ? AND user = ? AND at < ?",
            self._slug, user, now_ms - WEEK_MS,
        )  # fmt: skip
        return max(history_id(row[0]) if row and row[0] else 1, self._lost(user))

    def since(self, user: str, start: int, limit: int) -> list[tuple[int, Record]]:
        """Records after this id, in their order."""
        rows = self._state.all(
            "SELECT id, body FROM happenings WHERE platform = ? AND user = ? AND id >= ? ORDER BY id LIMIT ?",
            self._slug, user, start // 8, limit + 1,
        )  # fmt: skip
        records = [(history_id(row), msgspec.json.decode(body, type=Record)) for row, body in rows]
        return [(at, record) for at, record in records if at > start][:limit]

    def lose(self, user: str) -> None:
        """All ids given out so far are too old."""
        self._state.keep_fact(self._slug, user, "lost", str(self.current(user) + 1))

    def _lost(self, user: str) -> int:
        return int(self._state.fact(self._slug, user, "lost") or 0)

    # -- what happens --------------------------------------------------------------------------------
    def arrive(self, user: str, address: str, at: int, labels: Iterable[str], kind: str = "mail") -> Mail:
        """A message comes in; now and then an answer in a thread that is there already."""
        turn = self._state.count_up(self._slug, user, "turn")
        id_ = self._new_id(user, at)
        dice = Random(f"gmail {user} {turn}")
        last = self._latest_received(user)
        if turn % 5 == 0 and last and kind == "mail":
            letter = reply(last.letter, last.letter.sender, address, at, id_)
            return self._add(Mail(user, id_, last.thread, at, list(labels), 0, letter), kind)
        letter = written(dice, address, at, id_, turn - 1)
        return self._add(Mail(user, id_, id_, at, list(labels), 0, letter), kind)

    def send(self, user: str, address: str, at: int) -> Mail:
        """The person answers what came last, or writes to themselves."""
        last = self._latest_received(user)
        id_ = self._new_id(user, at)
        if last is None:
            letter = written(Random(id_), address, at, id_)
            return self._add(Mail(user, id_, id_, at, ["SENT"], 0, letter), "mail_sent")
        letter = reply(last.letter, address, last.letter.sender, at, id_)
        return self._add(Mail(user, id_, last.thread, at, ["SENT"], 0, letter), "mail_sent")

    def _latest_received(self, user: str) -> Mail | None:
        return next((mail for mail in self.newest(user, 20) if "INBOX" in mail.labels), None)

    def label(self, mail: Mail, kind: str, at: int, added: list[str], removed: list[str]) -> Mail:
        labels = [label for label in mail.labels if label not in removed]
        labels += [label for label in added if label not in labels]
        changed = msgspec.structs.replace(mail, labels=labels)
        return self._record(changed, kind, at, LABELED if added else UNLABELED, added or removed)

    def delete(self, mail: Mail, at: int) -> Mail:
        """For good, not into the trash."""
        gone = self._record(mail, "mail_deleted", at, DELETED, [])
        self._state.run("DELETE FROM gmail_mails WHERE user = ? AND id = ?", mail.user, mail.id)
        return gone

    def _add(self, mail: Mail, kind: str) -> Mail:
        return self._record(mail, kind, mail.at, ADDED, [])

    def _record(self, mail: Mail, kind: str, at: int, what: str, touched: list[str]) -> Mail:
        record = Record(what, mail.id, mail.thread, mail.labels, touched)
        happening: Happening = self._happenings.add(mail.user, kind, at, msgspec.to_builtins(record))
        mail = msgspec.structs.replace(mail, history=history_id(happening.id))
        self._state.run(
            "REPLACE INTO gmail_mails VALUES (?, ?, ?, ?, ?, ?, ?)",
            mail.user, mail.id, mail.thread, mail.at, " ".join(mail.labels), mail.history,
            msgspec.json.encode(mail.letter).decode(),
        )  # fmt: skip
        return mail

    def _new_id(self, user: str, at: int) -> str:
        """16 hex digits that grow with time, as the real ones do."""
        number = self._state.count_up(self._slug, user, "mails", 0)
        return f"{at << 20 | (number * 29 & 0xFFFFF):016x}"


def _mail(row: tuple[Any, ...]) -> Mail:
    user, id_, thread, at, labels, history, letter = row
    return Mail(user, id_, thread, at, labels.split(), history, msgspec.json.decode(letter, type=Letter))


def message(mail: Mail, form: str, wanted: frozenset[str]) -> dict[str, Any]:
    """`form`: minimal, metadata, full or raw; `wanted`: names of headers, in lower case, none for all."""
    text = mail.letter.text
    shown: dict[str, Any] = {
        "id": mail.id,
        "threadId": mail.thread,
        "labelIds": mail.labels,
        "snippet": text[:100],
        "historyId": str(mail.history),
        "internalDate": str(mail.at),
        "sizeEstimate": 400 + len(text.encode()),
    }
    headers = mail.letter.headers
    if form == "raw":
        source = "".join(f"{name}: {value}\r\n" for name, value in headers) + f"\r\n{text}\r\n"
        return {**shown, "raw": base64.urlsafe_b64encode(source.encode()).decode()}
    if form == "minimal":
        return shown
    chosen = [{"name": name, "value": value} for name, value in headers if not wanted or name.lower() in wanted]
    payload: dict[str, Any] = {"mimeType": "text/plain", "headers": chosen}
    if form == "full":
        data = base64.urlsafe_b64encode(text.encode()).decode()
        payload = {"partId": "", "filename": "", **payload, "body": {"size": len(text.encode()), "data": data}}
    return {**shown, "payload": payload}
