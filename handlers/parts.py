"""What handlers work with. Made once at the start, passed to the application, read by every handler."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from typing import TYPE_CHECKING

from actors.webpush.counts import PushCounts
from actors.webpush.hosts import PushHosts
from handlers.addresses import Proxies
from handlers.arrivals import Arrivals
from handlers.bridge import Bridge
from handlers.cached import Cached
from handlers.hooksecrets import HookSecrets
from handlers.intake import InFlight
from handlers.limits import Limits, Rate
from handlers.nudges import Nudges
from handlers.origins import Origins
from handlers.presence_book import Presence
from handlers.reception import Reception
from handlers.refusals import Refusals
from handlers.requests import Requests
from handlers.spreading import Spreading
from handlers.tickets import Tickets

if TYPE_CHECKING:
    from actors.clock import Clock
    from actors.directory import Directory
    from actors.lanes import Lanes
    from actors.platforms.base import Platform
    from handlers.auth import Authenticator
    from handlers.hub import Hub
    from storage.database import Database
    from storage.records import Secret
    from storage.vault import Vault


class Serving:
    """Whether new work is welcome."""

    def __init__(self) -> None:
        self.started = False
        self.draining = False


@dataclass(kw_only=True, eq=False)
class Parts:
    """The fields are passed in; what only handlers work with is made of them, once."""

    clock: "Clock"
    database: InitVar["Database"]
    """For the bridge: handlers reach it by that alone."""
    vault: "Vault"
    directory: "Directory"
    lanes: "Lanes"
    hub: "Hub"
    authenticator: "Authenticator"
    platforms: "Mapping[str, Platform]"
    """Those that are configured."""
    unconfigured: Mapping[str, str] = field(default_factory=dict)
    """Slug and title of those that are not."""
    public_url: str
    frontend_urls: InitVar[Iterable[str]] = ()
    trusted_proxies: InitVar[Iterable[str]] = ()
    webhook_secrets: InitVar["Mapping[str, Secret] | None"] = None
    """By platform: they sign the hooks that were made by hand."""
    api_rate: InitVar[Rate] = (100, 900)
    webhook_rate: InitVar[Rate] = (1000, 900)
    allowed_push_hosts: InitVar[Sequence[str]] = ()
    push_key: str = ""
    """The public one, that browsers subscribe with."""
    sandbox_url: str | None = None
    """Where the sandbox takes orders; None without one."""
    metrics_token: "Secret | None" = None
    cron_secret: "Secret | None" = None
    gauges: Mapping[str, Callable[[], float]] = field(default_factory=dict)
    """Figures of parts that no handler works with, by name: how deep a queue is, how many timers run."""

    def __post_init__(
        self,
        database: "Database",
        frontend_urls: Iterable[str],
        trusted_proxies: Iterable[str],
        webhook_secrets: "Mapping[str, Secret] | None",
        api_rate: Rate,
        webhook_rate: Rate,
        allowed_push_hosts: Sequence[str],
    ) -> None:
        elapsed = self.clock.elapsed
        self.serving = Serving()
        self.bridge = Bridge(database)
        self.origins = Origins(self.public_url, frontend_urls)
        self.proxies = Proxies(trusted_proxies)
        self.limits = Limits(elapsed, api=api_rate, webhooks=webhook_rate)
        self.tickets = Tickets(elapsed)
        self.requests = Requests(elapsed)
        self.recent = Cached(elapsed)
        self.in_flight = InFlight()
        self.reception = Reception(self.bridge, self.vault, elapsed)
        self.hook_secrets = HookSecrets(self.bridge, self.vault, self.directory, elapsed, webhook_secrets or {})
        self.arrivals = Arrivals(self.bridge)
        self.nudges = Nudges(self.directory)
        self.refusals = Refusals(self.clock.now)
        self.spreading = Spreading(self.bridge, self.hub)
        self.presence = Presence(elapsed)
        self.push_hosts = PushHosts(allowed_push_hosts)
        self.push_counts = PushCounts()
