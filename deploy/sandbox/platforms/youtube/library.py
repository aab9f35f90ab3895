"""Videos, who likes them, and who follows which channel."""

from random import Random

import msgspec

from deploy.sandbox import people
from deploy.sandbox.people import Person
from deploy.sandbox.platforms.youtube import catalogue
from deploy.sandbox.platforms.youtube.catalogue import BY_ID, CHANNELS, Channel, made_up
from deploy.sandbox.state import State

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS youtube_channels (id TEXT PRIMARY KEY, user TEXT UNIQUE, made_at INTEGER, open INTEGER)"
    " WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS youtube_videos (id TEXT PRIMARY KEY, channel TEXT, title TEXT, published INTEGER,"
    " updated INTEGER, gone INTEGER) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS youtube_videos_of ON youtube_videos (channel, published)",
    "CREATE TABLE IF NOT EXISTS youtube_likes (id INTEGER PRIMARY KEY AUTOINCREMENT, user TEXT, video TEXT,"
    " at INTEGER)",
    "CREATE INDEX IF NOT EXISTS youtube_likes_of ON youtube_likes (user, at)",
    "CREATE TABLE IF NOT EXISTS youtube_subscriptions (id TEXT PRIMARY KEY, user TEXT, channel TEXT, at INTEGER)"
    " WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS youtube_subscriptions_of ON youtube_subscriptions (user, at)",
)
OLD_MS = 40 * 86_400_000


class Video(msgspec.Struct, frozen=True):
    id: str
    channel: str
    title: str
    published: int
    """Milliseconds, as all times here."""
    updated: int
    gone: int


class Like(msgspec.Struct, frozen=True):
    id: int
    at: int
    video: Video


class Subscription(msgspec.Struct, frozen=True):
    id: str
    user: str
    channel: str
    at: int


class Library:
    def __init__(self, state: State, slug: str) -> None:
        self._state = state
        self._slug = slug
        for sql in SCHEMA:
            state.run(sql)

    # -- channels ------------------------------------------------------------------------------------
    def make_channel(self, person: Person, at: int) -> None:
        id_ = "UC" + made_up(f"own {person.name}", 22)
        self._state.run("INSERT INTO youtube_channels VALUES (?, ?, ?, 1)", id_, person.name, at)

    def own_channel(self, user: str) -> Channel | None:
        """None: the account has none."""
        row = self._state.one("SELECT id, made_at FROM youtube_channels WHERE user = ? AND open", user)
        return Channel(row[0], people.known(user).shown, row[1]) if row else None

    def open_channel(self, user: str, is_open: bool) -> None:
        self._state.run("UPDATE youtube_channels SET open = ? WHERE user = ?", is_open, user)

    def channel(self, id_: str) -> Channel | None:
        if id_ in BY_ID:
            return BY_ID[id_]
        row = self._state.one("SELECT user FROM youtube_channels WHERE id = ? AND open", id_)
        return self.own_channel(row[0]) if row else None

    # -- videos --------------------------------------------------------------------------------------
    def video(self, id_: str) -> Video | None:
        row = self._state.one("SELECT * FROM youtube_videos WHERE id = ?", id_)
        return Video(*row) if row else None

    def uploads(self, channel: str) -> list[Video]:
        """Newest first."""
        rows = self._state.all(
            "SELECT * FROM youtube_videos WHERE channel = ? AND NOT gone ORDER BY published DESC, id LIMIT 1000",
            channel,
        )
        return [Video(*row) for row in rows]

    def upload(self, channel: Channel, at: int) -> Video:
        number = self._state.count_up(self._slug, "", f"videos of {channel.id}")
        return self._shelve(f"{channel.id} {number}", channel, at)

    def _shelve(self, seed: str, channel: Channel, at: int) -> Video:
        video = Video(made_up(seed, 11), channel.id, catalogue.title(seed), at, at, 0)
        self._state.run(
            "INSERT INTO youtube_videos VALUES (?, ?, ?, ?, ?, 0) ON CONFLICT DO NOTHING",
            video.id, video.channel, video.title, at, at,
        )  # fmt: skip
        return self.video(video.id) or video

    def edit(self, video: Video, at: int) -> Video:
        title = video.title if video.title.endswith(" (corrected)") else f"{video.title} (corrected)"
        self._state.run("UPDATE youtube_videos SET title = ?, updated = ? WHERE id = ?", title, at, video.id)
        return msgspec.structs.replace(video, title=title, updated=at)

    def remove(self, video: Video, at: int) -> Video:
        self._state.run("UPDATE youtube_videos SET gone = 1, updated = ? WHERE id = ?", at, video.id)
        return msgspec.structs.replace(video, gone=1, updated=at)

    # -- likes ---------------------------------------------------------------------------------------
    def likes(self, user: str) -> list[Like]:
        """Newest first."""
        rows = self._state.all(
            "SELECT l.id, l.at, v.* FROM youtube_likes l JOIN youtube_videos v ON v.id = l.video WHERE l.user = ?"
            " ORDER BY l.at DESC, l.id DESC LIMIT 5000",
            user,
        )
        return [Like(row[0], row[1], Video(*row[2:])) for row in rows]

    def like(self, user: str, at: int) -> Like:
        """Some older video of some channel: the library is endless, and shared by all."""
        turn = self._state.count_up(self._slug, user, "likes", 0)
        number = Random(f"likes {user}").randrange(1_000) + turn
        channel = CHANNELS[number % len(CHANNELS)]
        video = self._shelve(f"library {number}", channel, at - OLD_MS - number * 7_200_000)
        row = self._state.insert("INSERT INTO youtube_likes (user, video, at) VALUES (?, ?, ?)", user, video.id, at)
        return Like(row, at, video)

    def unlike(self, like: Like) -> None:
        self._state.run("DELETE FROM youtube_likes WHERE id = ?", like.id)

    # -- subscriptions -------------------------------------------------------------------------------
    def subscriptions(self, user: str) -> list[Subscription]:
        """Newest first."""
        sql = "SELECT * FROM youtube_subscriptions WHERE user = ? ORDER BY at DESC, id"
        return [Subscription(*row) for row in self._state.all(sql, user)]

    def subscribe(self, user: str, channel: Channel, at: int) -> Subscription:
        one = Subscription(made_up(f"{user} follows {channel.id} at {at}", 43), user, channel.id, at)
        self._state.run("INSERT INTO youtube_subscriptions VALUES (?, ?, ?, ?)", one.id, user, channel.id, at)
        return one

    def unsubscribe(self, subscription: Subscription) -> None:
        self._state.run("DELETE FROM youtube_subscriptions WHERE id = ?", subscription.id)

    def not_followed(self, user: str) -> list[Channel]:
        followed = {one.channel for one in self.subscriptions(user)}
        begin = Random(f"follows {user}").randrange(len(CHANNELS))
        return [one for one in CHANNELS[begin:] + CHANNELS[:begin] if one.id not in followed]
