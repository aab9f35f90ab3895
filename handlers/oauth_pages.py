"""What a user sees of connecting before it begins, and when it can't even go back to the app."""

from html import escape
from string import Template
from typing import NamedTuple
from urllib.parse import urlsplit

from actors.platforms.base import Platform
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
    "not_signed_in": Words(
        "You are not signed in here",
        "Your sign-in has ended, or the link you came by was used before or is more than half a minute old. "
        "Nothing was connected. Please sign in to the app and start again from there.",
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
$form<p><a href="$home">Back to the app</a></p>
</main>
</body>
</html>
"""
)
_FORM = Template(
    """<form method="post" action="/api/oauth/$slug/confirm">
<input type="hidden" name="question" value="$question">
<p><button>Connect $title</button></p>
</form>
"""
)
_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"
"""No form-action: some browsers hold every redirect that follows a form to it, the platform's own included."""


def show(handler: Handler, status: int, which: str, title: str) -> None:
    words = (Template(text).substitute(title=title) for text in WORDS[which])
    _finish(handler, status, Words(*words))


def ask(handler: Handler, platform: Platform, user: str, question: str) -> None:
    """Whether it is really this user whom whoever came by a link wants to connect their account to."""
    app = urlsplit(handler.parts.origins.home).netloc
    words = Words(
        f"Connect your {platform.title} account to {user}?",
        f"You were sent here to connect it to the user {user} of {app}, who will see what is in it. "
        "Go on only if that is you.",
    )
    told = {"slug": platform.slug, "question": question, "title": platform.title}
    handler.set_header("Referrer-Policy", "same-origin")  # without one the form would come from the origin "null"
    _finish(handler, 200, words, _FORM.substitute({name: escape(text) for name, text in told.items()}))


def _finish(handler: Handler, status: int, words: Words, form: str = "") -> None:
    told = {**words._asdict(), "home": handler.parts.origins.home}
    handler.set_status(status)
    handler.set_header("Content-Type", "text/html; charset=utf-8")
    handler.set_header("Content-Security-Policy", _POLICY)
    handler.finish(_PAGE.substitute({name: escape(text) for name, text in told.items()}, form=form))
