"""Resources as the API shows them: each in parts, of which a call names those that it wants."""

import base64
import hashlib
from typing import Any

import msgspec

from deploy.sandbox.calls import iso_seconds
from deploy.sandbox.platforms.youtube.catalogue import Channel
from deploy.sandbox.platforms.youtube.library import Library, Like, Subscription, Video

Parts = dict[str, Any]


def etag(*depends_on: Any) -> str:
    digest = hashlib.sha256(msgspec.json.encode(depends_on)).digest()
    return base64.urlsafe_b64encode(digest).decode()[:27]


def resource(kind: str, id_: str, parts: Parts, wanted: set[str]) -> dict[str, Any]:
    chosen = {name: part for name, part in parts.items() if name in wanted}
    return {"kind": f"youtube#{kind}", "etag": etag(id_, chosen), "id": id_, **chosen}


def channel(one: Channel, uploads: int, wanted: set[str]) -> dict[str, Any]:
    handle = "@" + "".join(letter for letter in one.title.lower() if letter.isalnum())
    parts = {
        "snippet": {
            "title": one.title,
            "description": "",
            "customUrl": handle,
            "publishedAt": _at(one.made_at),
            "thumbnails": _thumbnails(f"https://yt3.ggpht.com/{one.id}", 88),
            "localized": {"title": one.title, "description": ""},
        },
        "contentDetails": {"relatedPlaylists": {"likes": "LL", "uploads": one.uploads}},
        "statistics": {"viewCount": "0", "subscriberCount": "0", "videoCount": str(uploads)},
    }
    return resource("channel", one.id, parts, wanted)


def liked(like: Like, place: int, own: Channel, library: Library, wanted: set[str]) -> dict[str, Any]:
    return _playlist_item(f"LL.{like.id}", like.at, like.video, place, own, "LL", library, wanted)


def uploaded(video: Video, place: int, own: Channel, library: Library, wanted: set[str]) -> dict[str, Any]:
    return _playlist_item(f"UU.{video.id}", video.published, video, place, own, own.uploads, library, wanted)


def _playlist_item(
    name: str, at: int, of: Video, place: int, own: Channel, playlist: str, library: Library, wanted: set[str]
) -> dict[str, Any]:
    """Of a video that is gone the place is left, and hardly more."""
    owner = library.channel(of.channel)
    snippet: Parts = {
        "publishedAt": _at(at),
        "channelId": own.id,
        "title": "Deleted video" if of.gone else of.title,
        "description": "This video is unavailable." if of.gone else f"{of.title}.",
        "thumbnails": {} if of.gone else _thumbnails(f"https://i.ytimg.com/vi/{of.id}", 120),
        "channelTitle": own.title,
        "playlistId": playlist,
        "position": place,
        "resourceId": {"kind": "youtube#video", "videoId": of.id},
    }
    details = {"videoId": of.id}
    if owner is not None and not of.gone:
        snippet |= {"videoOwnerChannelTitle": owner.title, "videoOwnerChannelId": owner.id}
        details["videoPublishedAt"] = _at(of.published)
    id_ = base64.urlsafe_b64encode(name.encode()).decode()
    return resource("playlistItem", id_, {"snippet": snippet, "contentDetails": details}, wanted)


def video(one: Video, library: Library, wanted: set[str]) -> dict[str, Any]:
    owner = library.channel(one.channel)
    parts = {
        "snippet": {
            "publishedAt": _at(one.published),
            "channelId": one.channel,
            "title": one.title,
            "description": f"{one.title}.",
            "thumbnails": _thumbnails(f"https://i.ytimg.com/vi/{one.id}", 120),
            "channelTitle": owner.title if owner else "",
            "categoryId": "27",
            "liveBroadcastContent": "none",
        },
        "contentDetails": {"duration": "PT12M7S", "dimension": "2d", "definition": "hd", "caption": "false"},
    }
    return resource("video", one.id, parts, wanted)


def subscription(one: Subscription, own: Channel, library: Library, wanted: set[str]) -> dict[str, Any]:
    target = library.channel(one.channel)
    parts = {
        "snippet": {
            "publishedAt": _at(one.at),
            "title": target.title if target else "",
            "description": "",
            "resourceId": {"kind": "youtube#channel", "channelId": one.channel},
            "channelId": own.id,
            "thumbnails": _thumbnails(f"https://yt3.ggpht.com/{one.channel}", 88),
        },
        "contentDetails": {
            "totalItemCount": len(library.uploads(one.channel)),
            "newItemCount": 0,
            "activityType": "all",
        },
    }
    return resource("subscription", one.id, parts, wanted)


def activity(of: Video | Subscription, own: Channel, wanted: set[str]) -> dict[str, Any]:
    about: Parts
    if isinstance(of, Video):
        kind, at, title, about = "upload", of.published, of.title, {"videoId": of.id}
    else:
        target = {"kind": "youtube#channel", "channelId": of.channel}
        kind, at, title, about = "subscription", of.at, "", {"resourceId": target}
    snippet = {
        "publishedAt": _at(at), "channelId": own.id, "title": title, "channelTitle": own.title, "type": kind
    }  # fmt: skip
    id_ = base64.urlsafe_b64encode(f"{kind}.{of.id}".encode()).decode().rstrip("=")
    return resource("activity", id_, {"snippet": snippet, "contentDetails": {kind: about}}, wanted)


def _thumbnails(root: str, width: int) -> Parts:
    return {"default": {"url": f"{root}/default.jpg", "width": width, "height": width * 3 // 4}}


def _at(ms: int) -> str:
    return iso_seconds(ms / 1000)
