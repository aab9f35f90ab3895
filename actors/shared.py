"""What all connection actors have in common. One object for all of them, passed in at their start."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from actors.clock import Clock
from actors.directory import Directory
from actors.lanes import Lanes
from actors.platforms.base import Platform
from actors.pool import Executor
from actors.schedule import Schedule
from storage.database import Database
from storage.records import ConnectionKey
from storage.vault import Vault


@dataclass(frozen=True, slots=True)
class Shared:
    executor: Executor
    clock: Clock
    database: Database
    vault: Vault
    lanes: Lanes
    directory: Directory
    platforms: Mapping[str, Platform]
    schedules: Mapping[str, Schedule]
    """How often each platform is polled when nothing pushes."""
    public_url: str
    """How platforms reach this service."""
    safety_poll: float = 12 * 3600.0
    """Seconds between polls while a webhook is healthy."""

    def hook_url(self, key: ConnectionKey) -> str:
        door = f"{self.public_url}/api/webhooks/{key.platform}"
        return door if self.platforms[key.platform].shared_door else f"{door}/{quote(key.user, safe='')}"
