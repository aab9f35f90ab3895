"""The Atom that the hub sends: a video that is new or has changed, or one that is gone.

It is read before anybody knows who sent it, so no document type is taken, hence no entity, and nothing deep or large:
a stranger's page of empty elements would hold up everybody.
"""

import re
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from actors.platforms.fields import link, moment, text

ATOM, YT = "{http://www.w3.org/2005/Atom}", "{http://www.youtube.com/xml/schemas/2015}"
GONE = "{http://purl.org/atompub/tombstones/1.0}"
ID = re.compile(r"[A-Za-z0-9_\-]{1,64}", re.ASCII)
DEPTH = 16
ELEMENTS = 2000
LARGEST = 200_000
"""Bytes; a feed of one video has two thousand."""
ENTRIES = 50
FRESH = 900.0
"""Seconds within which a title is often mended, and a video is still new."""


class Video(NamedTuple):
    id: str
    channel: str | None
    title: str | None
    author: str | None
    author_url: str | None
    published: str | None
    updated: str
    is_gone: bool = False

    @property
    def url(self) -> str:
        return f"https://www.youtube.com/watch?v={self.id}"

    @property
    def is_edit(self) -> bool:
        published, updated = moment(self.published), moment(self.updated)
        return published is not None and updated is not None and updated - published > FRESH

    def raw(self) -> dict[str, Any]:
        said = self._asdict()
        return {"kind": "youtube#feedEntry", "link": self.url} | {k: v for k, v in said.items() if k != "is_gone"}


class Feed(NamedTuple):
    channel: str
    videos: list[Video]


def read(body: bytes) -> Feed:
    """ValueError with what is wrong. All in one feed is one channel's."""
    root = _tree(body)
    if root.tag != f"{ATOM}feed":
        raise ValueError("it is no Atom feed")
    videos = [_entry(one) for one in root.findall(f"{ATOM}entry")] + [
        _deleted(one) for one in root.findall(f"{GONE}deleted-entry")
    ]
    if not 0 < len(videos) <= ENTRIES:
        raise ValueError("it has no entry, or too many")
    links = [channel_of(one.get("href")) for one in root.findall(f"{ATOM}link") if one.get("rel") == "self"]
    channels = {one for one in (*links, *(video.channel for video in videos)) if one is not None}
    if len(channels) != 1:
        raise ValueError("it is of no channel, or of several")
    return Feed(channels.pop(), videos)


def channel_of(topic: str | None) -> str | None:
    """The channel in a feed's address: the hub writes that in more than one way."""
    try:
        given = parse_qs(urlsplit(topic or "").query, max_num_fields=5).get("channel_id", [])
    except ValueError:
        return None
    return given[0] if len(given) == 1 and ID.fullmatch(given[0]) else None


def _entry(entry: Element) -> Video:
    id_ = _said(entry, f"{YT}videoId")
    channel, updated = _said(entry, f"{YT}channelId"), text(_said(entry, f"{ATOM}updated"))
    if id_ is None or not ID.fullmatch(id_):
        raise ValueError("an entry has no video")
    if channel is None or not ID.fullmatch(channel):
        raise ValueError("an entry has no channel")
    if moment(updated) is None:
        raise ValueError("an entry has no time")
    return Video(
        id=id_,
        channel=channel,
        title=text(_said(entry, f"{ATOM}title")),
        author=text(_said(entry, f"{ATOM}author/{ATOM}name")),
        author_url=link(_said(entry, f"{ATOM}author/{ATOM}uri")),
        published=text(_said(entry, f"{ATOM}published")),
        updated=updated or "",
    )


def _deleted(entry: Element) -> Video:
    """Whose it was stands in its author's address, where it stands at all."""
    id_, when = (entry.get("ref") or "").removeprefix("yt:video:"), text(entry.get("when"))
    if not ID.fullmatch(id_) or moment(when) is None:
        raise ValueError("a deleted entry has no video or no time")
    uri = _said(entry, f"{GONE}by/{ATOM}uri") or _said(entry, f"{GONE}by/{GONE}uri")
    channel = (uri or "").rpartition("/channel/")[2]
    name = _said(entry, f"{GONE}by/{ATOM}name") or _said(entry, f"{GONE}by/{GONE}name")
    return Video(
        id=id_,
        channel=channel if ID.fullmatch(channel) else None,
        title=None,
        author=text(name),
        author_url=link(uri),
        published=None,
        updated=when or "",
        is_gone=True,
    )


def _said(element: Element, path: str) -> str | None:
    found = element.findtext(path)
    return found.strip() if found and found.strip() else None


def _tree(body: bytes) -> Element:
    if len(body) > LARGEST:
        raise ValueError("it is too large")
    builder = TreeBuilder()
    depth = count = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth, count
        depth, count = depth + 1, count + 1
        if depth > DEPTH:
            raise ValueError("it is nested too deeply")
        if count > ELEMENTS:
            raise ValueError("it has too many elements")
        builder.start(_named(tag), attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_named(tag))

    parser = expat.ParserCreate("utf-8", "}")
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.buffer_text = True
    try:
        parser.Parse(body, True)
        return builder.close()
    except (expat.ExpatError, AssertionError) as error:
        raise ValueError(f"it is not XML: {error}") from None


def _named(tag: str) -> str:
    """As ElementTree writes it."""
    return f"{{{tag}" if "}" in tag else tag


def _refuse(*_: Any) -> None:
    raise ValueError("it declares a document type")
