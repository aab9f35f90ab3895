"""The hub: leases that the callback confirms, and feeds signed with its secret until they run out."""

import hashlib
import hmac
import re
from urllib.parse import parse_qs, urlencode, urlsplit
from xml.etree import ElementTree

from tornado.httpclient import HTTPResponse

from deploy.sandbox.places import google_places
from tests.deploy.sandbox.google_scene import DAY, GoogleCase
from tests.deploy.sandbox.scene import START

ATOM, YT = "{http://www.w3.org/2005/Atom}", "{http://www.youtube.com/xml/schemas/2015}"
GONE = "{http://purl.org/atompub/tombstones/1.0}"
TOPIC = "https://www.youtube.com/xml/feeds/videos.xml?channel_id="
SECRET = "websub-secret"


class HubCase(GoogleCase):
    slug = "youtube"
    root = "/youtube/youtube/v3"

    def setUp(self) -> None:
        super().setUp()
        told = self.get("/subscriptions", part="snippet", mine="true")
        self.title = told["items"][0]["snippet"]["title"]
        self.channel = told["items"][0]["snippet"]["resourceId"]["channelId"]

    def subscribe(self, channel: str | None = None, **more: str) -> HTTPResponse:
        form = {
            "hub.mode": "subscribe",
            "hub.topic": f"{TOPIC}{channel or self.channel}",
            "hub.callback": f"{self.door.url}/hook",
            "hub.verify": "async",
            "hub.secret": SECRET,
            "hub.lease_seconds": "432000",
            **{f"hub.{name}": value for name, value in more.items()},
        }
        path = urlsplit(google_places(0, "")["hub"]).path
        answer = self.fetch(path, method="POST", body=urlencode(form))
        self.sent()
        return answer

    def subscribed(self, **more: str) -> None:
        """The question is answered and forgotten."""
        assert self.subscribe(**more).code == 202
        self.door.requests.clear()

    def asked(self) -> dict[str, str]:
        """What the hub asked last."""
        query = urlsplit(self.door.requests[-1].uri or "").query
        return {name: values[0] for name, values in parse_qs(query).items()}

    def uploads(self, kind: str = "upload") -> str:
        return self.happens(kind, where=self.title)

    def feeds(self) -> list[ElementTree.Element]:
        return [ElementTree.fromstring(one.body) for one in self.door.requests if one.method == "POST"]


class Subscribing(HubCase):
    def test_a_request_is_taken_at_once_and_the_callback_asked(self) -> None:
        assert self.subscribe().code == 202
        (question,) = self.door.requests
        assert (question.method, question.path) == ("GET", "/hook")
        told = self.asked()
        assert told.pop("hub.challenge")
        topic = f"{TOPIC}{self.channel}"
        assert told == {"hub.mode": "subscribe", "hub.topic": topic, "hub.lease_seconds": "432000"}

    def test_it_is_in_force_only_when_the_callback_has_said_yes(self) -> None:
        self.door.confirms = False
        self.subscribed()
        self.uploads()
        self.later(DAY)
        assert self.door.requests == []
        self.door.confirms = True
        self.subscribed()
        self.uploads()
        assert len(self.feeds()) == 1

    def test_a_yes_is_the_challenge_and_nothing_else(self) -> None:
        self.door.says = "yes, please"
        self.subscribed()
        self.uploads()
        assert self.feeds() == []

    def test_a_callback_keeps_its_own_query(self) -> None:
        self.subscribe(callback=f"{self.door.url}/hook?who=ada")
        assert self.asked()["who"] == "ada"
        assert self.asked()["hub.mode"] == "subscribe"

    def test_a_callback_in_trouble_is_asked_again(self) -> None:
        self.subscribe(callback="http://127.0.0.1:9/nobody")
        deliveries = self.sandbox.state.all("SELECT code FROM deliveries")
        assert deliveries == [(502,)]
        assert self.sandbox.state.one("SELECT attempts FROM waiting") == (1,)
        self.later(1)
        assert self.sandbox.state.one("SELECT attempts FROM waiting") == (2,)

    def test_a_lease_is_ten_days_at_most_and_five_when_nothing_is_said(self) -> None:
        self.subscribe(lease_seconds="99999999")
        assert self.asked()["hub.lease_seconds"] == "864000"
        self.subscribe(lease_seconds="0")
        assert self.asked()["hub.lease_seconds"] == "432000"

    def test_after_its_lease_nothing_comes_any_more(self) -> None:
        self.subscribed(lease_seconds="432000")
        self.time = START + 5 * DAY - 1
        self.uploads()
        assert len(self.feeds()) == 1
        self.time = START + 5 * DAY + 1
        told = self.ordered("youtube/activity", {"user": "ada", "kind": "upload", "where": self.title})
        assert told["deliveries"] == []

    def test_subscribing_again_begins_the_lease_anew_and_replaces_the_secret(self) -> None:
        self.subscribed()
        self.time = START + 4 * DAY
        self.subscribed(secret="another")
        self.time = START + 8 * DAY
        self.uploads()
        (notification,) = self.door.requests
        assert notification.headers["X-Hub-Signature"] == signature(notification.body, "another")

    def test_unsubscribing_is_confirmed_too(self) -> None:
        self.subscribed()
        self.door.confirms = False
        self.subscribe(mode="unsubscribe")
        self.uploads()
        assert len(self.feeds()) == 1
        self.door.confirms = True
        self.subscribe(mode="unsubscribe")
        assert self.asked()["hub.mode"] == "unsubscribe"
        assert "hub.lease_seconds" not in self.asked()
        self.uploads()
        assert len(self.feeds()) == 1

    def test_a_channel_that_is_not_there_is_denied(self) -> None:
        assert self.subscribe("UCnobody").code == 202
        told = self.asked()
        assert (told["hub.mode"], told["hub.topic"]) == ("denied", f"{TOPIC}UCnobody")
        assert told["hub.reason"]
        assert "hub.challenge" not in told

    def test_who_asks_for_it_is_answered_when_it_is_in_force(self) -> None:
        assert self.subscribe(verify="sync").code == 204
        self.door.confirms = False
        assert self.subscribe(verify="sync", callback=f"{self.door.url}/other").code == 409

    def test_what_makes_no_sense_is_400_and_nobody_is_asked(self) -> None:
        for wrong in (
            {"mode": "listen"},
            {"topic": "https://www.youtube.com/feeds/other.xml"},
            {"topic": f"https://example.com/xml/feeds/videos.xml?channel_id={self.channel}"},
            {"callback": "https://example.com/hook"},
            {"callback": ""},
            {"secret": "x" * 201},
            {"lease_seconds": "long"},
        ):
            assert self.subscribe(**wrong).code == 400, wrong
        assert self.door.requests == []

    def test_the_older_address_of_a_feed_is_as_good(self) -> None:
        self.subscribed(topic=f"https://www.youtube.com/feeds/videos.xml?channel_id={self.channel}")
        self.uploads()
        assert len(self.feeds()) == 1


class Notifications(HubCase):
    def test_an_upload_is_a_feed_of_one_entry(self) -> None:
        self.subscribed()
        id_ = self.uploads()
        (feed,) = self.feeds()
        assert feed.tag == f"{ATOM}feed"
        links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
        assert links == {"hub": "https://pubsubhubbub.appspot.com", "self": f"{TOPIC}{self.channel}"}
        (entry,) = feed.findall(f"{ATOM}entry")
        assert entry.findtext(f"{ATOM}id") == f"yt:video:{id_}"
        assert (entry.findtext(f"{YT}videoId"), entry.findtext(f"{YT}channelId")) == (id_, self.channel)
        assert entry.findtext(f"{ATOM}author/{ATOM}name") == self.title
        assert entry.findtext(f"{ATOM}published") == "2026-11-20T18:40:00+00:00"
        assert re.fullmatch(r"2026-11-20T18:40:00\.\d{9}\+00:00", entry.findtext(f"{ATOM}updated") or "")
        (shown,) = self.get("/videos", part="snippet", id=id_)["items"]
        assert shown["snippet"]["title"] == entry.findtext(f"{ATOM}title")

    def test_it_is_signed_with_the_secret_and_links_to_hub_and_feed(self) -> None:
        self.subscribed()
        self.uploads()
        (notification,) = self.door.requests
        headers = notification.headers
        assert headers["Content-Type"] == "application/atom+xml"
        assert headers["X-Hub-Signature"] == signature(notification.body, SECRET)
        assert "rel=hub" in headers["Link"]
        assert f"<{TOPIC}{self.channel}>; rel=self" in headers["Link"]

    def test_without_a_secret_nothing_is_signed(self) -> None:
        self.subscribed(secret="")
        self.uploads()
        assert "X-Hub-Signature" not in self.door.requests[0].headers

    def test_one_that_is_forged_is_signed_with_something_else(self) -> None:
        self.subscribed()
        self.uploads("push_forged")
        (notification,) = self.door.requests
        assert notification.headers["X-Hub-Signature"].startswith("sha1=")
        assert notification.headers["X-Hub-Signature"] != signature(notification.body, SECRET)

    def test_an_edit_is_told_as_the_same_video_changed_later(self) -> None:
        self.subscribed()
        id_ = self.uploads()
        self.time += 3600
        assert self.uploads("video_edited") == id_
        first, second = (feed.find(f"{ATOM}entry") for feed in self.feeds())
        assert first is not None
        assert second is not None
        assert first.findtext(f"{YT}videoId") == second.findtext(f"{YT}videoId")
        assert first.findtext(f"{ATOM}published") == second.findtext(f"{ATOM}published")
        assert first.findtext(f"{ATOM}title") != second.findtext(f"{ATOM}title")
        assert (first.findtext(f"{ATOM}updated") or "") < (second.findtext(f"{ATOM}updated") or "")

    def test_a_deletion_is_a_tombstone(self) -> None:
        self.subscribed()
        id_ = self.uploads()
        self.uploads("video_deleted")
        tombstone = self.feeds()[1].find(f"{GONE}deleted-entry")
        assert tombstone is not None
        assert tombstone.get("ref") == f"yt:video:{id_}"
        by = tombstone.find(f"{GONE}by")
        assert by is not None
        assert by.findtext(f"{ATOM}uri") == f"https://www.youtube.com/channel/{self.channel}"

    def test_one_can_come_twice(self) -> None:
        self.subscribed()
        self.uploads()
        self.uploads("push_again")
        first, second = self.door.requests
        assert first.body == second.body

    def test_own_uploads_are_told_to_who_follows_them(self) -> None:
        own = self.get("/channels", part="id", mine="true")["items"][0]["id"]
        assert self.subscribe(own).code == 202
        self.door.requests.clear()
        id_ = self.happens("own_upload")
        assert self.feeds()[0].findtext(f"{ATOM}entry/{YT}videoId") == id_

    def test_one_subscription_tells_once_whoever_caused_it(self) -> None:
        self.subscribed()
        self.subscribed()
        self.happens("upload", "grace", where=self.title)  # she follows it too
        assert len(self.feeds()) == 1

    def test_other_channels_are_not_its_business(self) -> None:
        self.subscribed()
        self.happens("own_upload")
        self.happens("like")
        assert self.door.requests == []

    def test_what_could_not_be_delivered_is_tried_again_later_and_later(self) -> None:
        self.subscribed()
        self.door.status = 500
        self.uploads()
        counts = []
        for pause in (0.9, 0.1, 1.9, 0.1, 4):
            self.later(pause)
            counts.append(len(self.door.requests))
        assert counts == [1, 2, 2, 3, 4]
        self.door.status = 200
        self.later(8)
        self.later(DAY)
        assert len({one.body for one in self.door.requests}) == 1
        assert len(self.door.requests) == 5


def signature(body: bytes, secret: str) -> str:
    return "sha1=" + hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()


def test_the_signature_is_the_known_vectors() -> None:
    assert signature(b"<feed/>", SECRET) == "sha1=1100a088d83ac1e1d1a8f9b86c3762214e85abb7"
