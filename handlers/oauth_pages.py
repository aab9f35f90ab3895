"""What a user sees when a sign-in can't even go back to the app."""

from html import escape
from string import Template
from typing import NamedTuple

from handlers.base import Handler


class Words(NamedTuple):
    heading: str
    text: str


WORDS = {
    "unknown": Words(
        "This sign-in is over",
        "The address you came back with was used before, is more than ten minutes old, or was never ours. "
        "Nothing was connected. Please start again from the app.",
    ),
    "other_browser": Words(
        "This sign-in was started in another browser",
        "For your safety an account is connected only in the browser in which you asked for it. "
        "Nothing was connected. Please start again here.",
    ),
    "other_user": Words(
        "This sign-in is somebody else's",
        "You are signed in here, and what you opened would connect your $title account to another user. "
        "Nothing was connected. Please start again from the app; if you have several users there, sign out first.",
    ),
    "not_configured": Words(
        "$title is not set up here",
        "Whoever runs this service has not registered it with $title yet, so that nothing can be connected.",
    ),
}
_PAGE = Template(
    """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$heading</title>
<link rel="stylesheet" href="/static/page.css">
</head>
<body>
<main class="notice">
<h1>$heading</h1>
<p>$text</p>
<p><a href="$home">Back to the app</a></p>
</main>
</body>
</html>
"""
)


def show(handler: Handler, status: int, which: str, title: str) -> None:
    words = WORDS[which]
    shown = {name: Template(text).substitute(title=title) for name, text in words._asdict().items()}
    home = handler.parts.origins.home
    handler.set_status(status)
    handler.set_header("Content-Type", "text/html; charset=utf-8")
    handler.set_header(
        "Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    handler.finish(_PAGE.substitute({name: escape(text) for name, text in {**shown, "home": home}.items()}))
