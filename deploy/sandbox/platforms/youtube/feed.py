"""What the hub sends: a feed of one entry, or of one that is gone."""

from datetime import UTC, datetime
from xml.sax.saxutils import escape

from deploy.sandbox.platforms.youtube.catalogue import Channel
from deploy.sandbox.platforms.youtube.library import Video

HUB = "https://pubsubhubbub.appspot.com"


def topic(channel: str) -> str:
    return f"https://www.youtube.com/xml/feeds/videos.xml?channel_id={channel}"


def entry(video: Video, channel: Channel) -> str:
    return (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        '<feed xmlns:yt="http://www.youtube.com/xml/schemas/2015" xmlns="http://www.w3.org/2005/Atom">'
        f'<link rel="hub" href="{HUB}"/><link rel="self" href="{topic(channel.id)}"/>'
        f"<title>YouTube video feed</title><updated>{_nanoseconds(video.updated)}</updated>"
        f"<entry>\n <id>yt:video:{video.id}</id>\n <yt:videoId>{video.id}</yt:videoId>\n"
        f" <yt:channelId>{channel.id}</yt:channelId>\n <title>{escape(video.title)}</title>\n"
        f' <link rel="alternate" href="https://www.youtube.com/watch?v={video.id}"/>\n'
        f" <author>\n  <name>{escape(channel.title)}</name>\n"
        f"  <uri>https://www.youtube.com/channel/{channel.id}</uri>\n </author>\n"
        f" <published>{_seconds(video.published)}</published>\n"
        f" <updated>{_nanoseconds(video.updated)}</updated>\n</entry></feed>\n"
    )


def deleted(video: Video, channel: Channel) -> str:
    return (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        '<feed xmlns:at="http://purl.org/atompub/tombstones/1.0" xmlns="http://www.w3.org/2005/Atom">'
        f'<at:deleted-entry ref="yt:video:{video.id}" when="{_nanoseconds(video.updated)}">\n'
        f' <link href="https://www.youtube.com/watch?v={video.id}"/>\n'
        f" <at:by>\n  <name>{escape(channel.title)}</name>\n"
        f"  <uri>https://www.youtube.com/channel/{channel.id}</uri>\n </at:by>\n</at:deleted-entry></feed>\n"
    )


def _seconds(ms: int) -> str:
    return datetime.fromtimestamp(ms // 1000, UTC).isoformat()


def _nanoseconds(ms: int) -> str:
    """Nine digits, as they are sent."""
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{ms % 1000:03}394234+00:00"
