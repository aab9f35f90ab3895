"""Slack's own markup, as people see it."""

import re
from html import unescape
from typing import Any

from actors.platforms.fields import text
from actors.platforms.slack.known import Known

_MARK = re.compile(r"<([@#!]?)([^<>|]{1,2000})(?:\|([^<>]{0,500}))?>")


def plain(value: Any, known: Known) -> str:
    """`<@U1>`, `<#C1|general>`, `<https://a|A>` and `&amp;` as people see them."""
    if not isinstance(value, str):
        return ""
    return text(unescape(_MARK.sub(lambda match: _unmarked(match, known), value[:4000]))) or ""


def _unmarked(match: re.Match[str], known: Known) -> str:
    sign, target, label = match[1], match[2], match[3]
    if sign == "@":
        label = "you" if target == known.user else label or known.people.get(target)
    if sign == "#":
        label = label or known.conversation(target)
    if sign in ("@", "#"):
        return f"{sign}{label}" if label else {"@": "@somebody", "#": "#a-channel"}[sign]
    if sign == "!":
        return label or f"@{target.partition('^')[0]}"
    return label or target
