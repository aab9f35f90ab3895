"""Whose address a request comes from, behind our own proxies or not."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

from tornado.httputil import HTTPServerRequest


class Proxies:
    """The proxies whose `X-Forwarded-For` is believed; nobody else's is."""

    def __init__(self, trusted: Iterable[str] = ()) -> None:
        self._trusted = tuple(ip_network(address, strict=False) for address in trusted)

    def client(self, request: HTTPServerRequest) -> str:
        """The first address, seen from here, that isn't one of our own."""
        peer = request.remote_ip or ""
        if not self._trusted or not self._is_trusted(peer):
            return peer
        for hop in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
            hop = hop.strip()
            if not _is_address(hop):
                return peer
            peer = hop
            if not self._is_trusted(hop):
                return hop
        return peer

    def _is_trusted(self, address: str) -> bool:
        if not _is_address(address):
            return False
        parsed = ip_address(address)
        return any(parsed in network for network in self._trusted)


@lru_cache(maxsize=4096)
def counted_as(address: str) -> str:
    """Who is counted: one who has an IPv6 address has 2^64 of them."""
    if not _is_address(address):
        return "unknown"
    parsed = ip_address(address)
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ip_network((parsed.packed[:8] + bytes(8), 64)))


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
