"""YouTube as the sandbox plays it, with the hub that pushes uploads."""

from collections.abc import Callable, Sequence
from random import Random
from typing import ClassVar, TypeVar

from deploy.sandbox.outbox import Delivery, Outbox
from deploy.sandbox.people import Person
from deploy.sandbox.platforms.base import Happened, Route
from deploy.sandbox.platforms.google import GooglePlatform, Refusal
from deploy.sandbox.platforms.google.quota import Quota, pacific_day
from deploy.sandbox.platforms.google.tokens import rules
from deploy.sandbox.platforms.youtube import feed, hub_requests, requests
from deploy.sandbox.platforms.youtube.catalogue import CHANNELS, Channel
from deploy.sandbox.platforms.youtube.hub import FORGE, Hub
from deploy.sandbox.platforms.youtube.library import Library, Video
from deploy.sandbox.state import State
from deploy.sandbox.tokens import TokenRules

READ = "https://www.googleapis.com/auth/youtube.readonly"
PER_DAY = 10_000
"""Units of the whole project, until midnight on the Pacific coast."""
DAY_MS = 86_400_000

T = TypeVar("T")


class YouTube(GooglePlatform):
    slug = "youtube"
    kinds = (
        "like", "upload", "own_upload", "subscribe", "unlike", "unsubscribe", "video_edited", "video_deleted",
        "push_again", "push_forged", "channel_closed", "channel_opened",
    )  # fmt: skip
    needs = READ
    rules: ClassVar[TokenRules] = rules(READ)

    def __init__(self, state: State, outbox: Outbox, now: Callable[[], float], root: str) -> None:
        super().__init__(state, outbox, now, root)
        self.library = Library(state, self.slug)
        self.hub = Hub(self)
        self.quota = Quota(PER_DAY, pacific_day)

    def own_routes(self) -> list[Route]:
        return [*hub_requests.routes(self), *requests.routes(self)]

    def spend(self, user: str, cost: int) -> Refusal | None:
        return None if self.quota.spend("", cost, self.now()) else requests.QUOTA

    # -- what happens there --------------------------------------------------------------------------
    def begin(self, person: Person) -> None:
        """A channel with two videos, some likes over the past weeks, four to seven channels that are followed."""
        dice = Random(f"youtube {person.name}")
        user, now = person.name, self._now_ms()
        self.library.make_channel(person, now - dice.randrange(1_000, 3_000) * DAY_MS)
        for channel in self.library.not_followed(user)[: dice.randrange(4, 8)]:
            self.library.subscribe(user, channel, now - dice.randrange(30, 900) * DAY_MS)
            if not self.library.uploads(channel.id):
                self.library.upload(channel, now - dice.randrange(2, 20) * DAY_MS)
        own = self.library.own_channel(user)
        assert own is not None
        for ago in (300, 40):
            self.library.upload(own, now - ago * DAY_MS)
        days = sorted((dice.uniform(0.1, 30) for _ in range(dice.randrange(8, 15))), reverse=True)
        for ago_days in days:
            self.library.like(user, now - int(ago_days * DAY_MS))

    def act(self, person: Person, kind: str, where: str | None) -> Happened:
        user, now = person.name, self._now_ms()
        if kind in ("upload", "video_edited", "video_deleted", "push_again", "push_forged"):
            return self._of_followed(kind, self._followed(user, where), now)
        if where is not None and kind != "subscribe":
            raise LookupError(where)
        match kind:
            case "own_upload":
                own = self._own(user)
                return self._told(self.library.upload(own, now), own)
            case "subscribe":
                return Happened(self.library.subscribe(user, self._to_follow(user, where), now).id)
            case "unsubscribe":
                subscription = _first(self.library.subscriptions(user), "a subscription")
                self.library.unsubscribe(subscription)
                return Happened(subscription.id)
            case "unlike":
                like = _first(self.library.likes(user), "a like")
                self.library.unlike(like)
                return Happened(like.video.id)
            case "channel_closed" | "channel_opened":
                self.library.open_channel(user, kind == "channel_opened")
                return Happened(kind)
        return Happened(self.library.like(user, now).video.id)

    def _of_followed(self, kind: str, channels: Sequence[Channel], now: int) -> Happened:
        """What channels do that the person follows. The hub tells everybody who has asked it to."""
        if kind == "push_again":
            again = self.hub.again([channel.id for channel in channels])
            return Happened(again[0].guid if again else "", again)
        if kind == "upload":
            turn = self.state.count_up(self.slug, "", "uploads", 0)
            channel = channels[turn % len(channels)]
            return self._told(self.library.upload(channel, now), channel)
        videos = {video: channel for channel in channels for video in self.library.uploads(channel.id)[:5]}
        newest = max(videos, key=lambda video: (video.published, video.id), default=None)
        if newest is None:
            raise LookupError("a video that it could happen to")
        if kind == "video_edited":
            return self._told(self.library.edit(newest, now), videos[newest])
        if kind == "video_deleted":
            return self._told(self.library.remove(newest, now), videos[newest])
        forged = feed.entry(newest, videos[newest])
        return Happened(newest.id, self.hub.tell(newest.channel, forged, FORGE))

    def _told(self, video: Video, channel: Channel) -> Happened:
        text = feed.deleted(video, channel) if video.gone else feed.entry(video, channel)
        deliveries: Sequence[Delivery] = self.hub.tell(channel.id, text)
        return Happened(video.id, deliveries)

    def _own(self, user: str) -> Channel:
        own = self.library.own_channel(user)
        if own is None:
            raise LookupError("a channel of their own")
        return own

    def _followed(self, user: str, where: str | None) -> list[Channel]:
        found = [channel for one in self.library.subscriptions(user) if (channel := self.library.channel(one.channel))]
        found = [channel for channel in found if where in (None, channel.id, channel.title)]
        if not found:
            raise LookupError(where or "a channel that they follow")
        return found

    def _to_follow(self, user: str, where: str | None) -> Channel:
        others = [one for one in self.library.not_followed(user) if where in (None, one.id, one.title)]
        return _first(others, where or f"one of {len(CHANNELS)} channels")

    # -- what clients remember -----------------------------------------------------------------------
    def etags(self, user: str) -> str:
        of_all, own = self.state.fact(self.slug, "", "etags"), self.state.fact(self.slug, user, "etags")
        return f"{of_all}.{own}"

    def lose_cursors(self, user: str | None) -> None:
        """ETags match nothing any more, page tokens are invalid."""
        self.state.count_up(self.slug, user or "", "etags")

    def _now_ms(self) -> int:
        return int(self.now() * 1000)


def _first(found: Sequence[T], what: str) -> T:
    if not found:
        raise LookupError(what)
    return found[0]
