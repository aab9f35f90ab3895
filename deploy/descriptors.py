"""How many sockets the process may hold: its limit of open files, raised as far as it goes."""

import resource
from typing import NamedTuple

ENOUGH = 65_536
OURS = 256
"""Files that are no clients': the database, the log, calls to platforms."""
FOR_REQUESTS = 2_000
"""Connections that streams leave to requests and webhooks, where there are so many."""


class Room(NamedTuple):
    connections: int
    streams: int
    """Of those; each holds one for as long as it is open."""


def found() -> Room:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(ENOUGH, hard)
    if soft == resource.RLIM_INFINITY:
        return room_in(ENOUGH)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return room_in(max(soft, wanted))


def room_in(files: int) -> Room:
    connections = max(files - OURS, files // 2)
    return Room(connections, connections - min(FOR_REQUESTS, connections // 4))
