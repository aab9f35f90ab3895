"""`run.py check`: every setting as it holds."""

from collections.abc import Iterable
from typing import Any

from deploy import kinds
from deploy.settings import Setting, Settings, platform_table, table


def report(settings: Settings) -> Iterable[str]:
    """One line per setting. A secret only says that it is there."""
    lines = [_line(setting, getattr(settings, setting.attribute)) for setting in table(())]
    for slug, one in settings.platforms.items():
        lines += [_line(setting, getattr(one, setting.attribute)) for setting in platform_table(slug)]
    return dict.fromkeys(lines)  # one that several platforms share stands there once


def _line(setting: Setting, value: Any) -> str:
    return f"{setting.name:<24} {_shown(setting, value)}"


def _shown(setting: Setting, value: Any) -> str:
    if value is None or value == ():
        return "-"
    if setting.secret:
        return "***"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, kinds.Rate):
        return f"{value.most} in {value.seconds} s"
    if isinstance(value, tuple):
        return ", ".join(value)
    return f"{value} s" if setting.kind is kinds.duration else str(value)
