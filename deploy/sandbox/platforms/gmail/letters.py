"""What people's mail is about: who writes, and what."""

from datetime import UTC, datetime
from email.utils import format_datetime
from random import Random

import msgspec

SENDERS = (
    ("Priya Raman", "priya.raman@example.org"),
    ("Night Sky Society", "circle@nightsky.example"),
    ("CI", "builds@ci.example"),
    ("Harbour Library", "desk@harbourlibrary.example"),
    ("Oskar Lind", "oskar@lind.example"),
    ("Field & Furrow", "orders@fieldandfurrow.example"),
    ("City Museum", "news@citymuseum.example"),
    ("Mei Tan", "mei.tan@example.org"),
)
SUBJECTS = (
    ("Notes from Tuesday", "Here is what I wrote down, please add what I forgot. The second point is still open."),
    ("Build passed: night-sky-notes", "Your build passed in 3 minutes. 214 tests, none skipped."),
    ("Your loan is due on Friday", "“The Analytical Engine” is due back on Friday. You can renew it once more."),
    ("Lunch on Thursday?", "I am in town from Wednesday. The place by the river, at half past twelve?"),
    ("Your order is on its way", "Two items left our shed this morning and should be with you tomorrow."),
    ("New exhibition: Tides and clocks", "Opening on Saturday at six, with a talk about tide-predicting machines."),
    ("Draft for you to read", "Three pages, no hurry. I am unsure about the ending."),
    ("Photos from the walk", "Grüße aus den Bergen! The best ones are at the end."),
    ("", "Sent without a subject, in a hurry."),
)


class Letter(msgspec.Struct, frozen=True):
    sender: str
    to: str
    subject: str
    """Empty: it has none."""
    text: str
    message_id: str
    date: str
    reply_to: str | None = None

    @property
    def headers(self) -> list[tuple[str, str]]:
        told = [("From", self.sender), ("To", self.to), ("Date", self.date), ("Message-ID", self.message_id)]
        if self.subject:
            told.append(("Subject", self.subject))
        if self.reply_to:
            told += [("In-Reply-To", self.reply_to), ("References", self.reply_to)]
        return [*told, ("Content-Type", 'text/plain; charset="UTF-8"')]


def written(dice: Random, to: str, at: int, id_: str, subject: int | None = None) -> Letter:
    """Somebody writes to this address."""
    name, address = SENDERS[dice.randrange(len(SENDERS))]
    title, text = SUBJECTS[dice.randrange(len(SUBJECTS)) if subject is None else subject % len(SUBJECTS)]
    return Letter(f"{name} <{address}>", to, title, text, _message_id(id_, address), _date(at))


def reply(letter: Letter, by: str, to: str, at: int, id_: str) -> Letter:
    title = letter.subject if letter.subject.startswith("Re: ") else f"Re: {letter.subject}".strip()
    return Letter(by, to, title, "Thank you, that works for me.", _message_id(id_, by), _date(at), letter.message_id)


def _message_id(id_: str, address: str) -> str:
    return f"<{id_}@{address.rpartition('@')[2].rstrip('>')}>"


def _date(at: int) -> str:
    return format_datetime(datetime.fromtimestamp(at // 1000, UTC))
