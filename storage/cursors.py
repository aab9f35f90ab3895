"""Where a client's stream stands: an epoch and an offset, opaque to the client."""

import re

_SHAPE = re.compile(r"([0-9a-f]{1,32})-(0|[1-9][0-9]{0,17})")


def format_cursor(epoch: str, offset: int) -> str:
    return f"{epoch}-{offset}"


def parse_cursor(text: str) -> tuple[str, int] | None:
    """(epoch, offset), or None when this is no cursor."""
    found = _SHAPE.fullmatch(text)
    return (found[1], int(found[2])) if found else None
