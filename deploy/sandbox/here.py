"""Which addresses are on this machine: the sandbox calls no others."""

import ipaddress
from urllib.parse import urlsplit


def is_here(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and (
            parts.hostname == "localhost" or ipaddress.ip_address(parts.hostname or "").is_loopback
        )
    except ValueError:
        return False
