"""What handlers work with. Made once at the start, passed to the application, read by every handler."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
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


@dataclass(frozen=True, kw_only=True)
class Parts:
    clock: "Clock"
    bridge: Bridge
    vault: "Vault"
    directory: "Directory"
    lanes: "Lanes"
    hub: "Hub"
    platforms: "Mapping[str, Platform]"
    """Those that are configured."""
    unconfigured: Mapping[str, str]
    """Slug and title of those that are not."""
    authenticator: "Authenticator"
    tickets: Tickets
    origins: Origins
    limits: Limits
    refusals: Refusals
    arrivals: Arrivals
    requests: Requests
    nudges: Nudges
    spreading: Spreading
    presence: Presence
    push_hosts: PushHosts
    push_key: str
    """The public one, that browsers subscribe with."""
    push_counts: PushCounts
    hook_secrets: HookSecrets
    reception: Reception
    proxies: Proxies
    public_url: str
    sandbox_url: str | None
    """Where the sandbox takes orders; None without one."""
    metrics_token: "Secret | None"
    cron_secret: "Secret | None"
    gauges: Mapping[str, Callable[[], float]]
    """Figures of parts that no handler works with, by name: how deep a queue is, how many timers run."""
    recent: Cached
    in_flight: InFlight = field(default_factory=InFlight)
    serving: Serving = field(default_factory=Serving)


def make_parts(
    *,
    clock: "Clock",
    database: "Database",
    vault: "Vault",
    directory: "Directory",
    lanes: "Lanes",
    hub: "Hub",
    platforms: "Mapping[str, Platform]",
    authenticator: "Authenticator",
    public_url: str,
    unconfigured: Mapping[str, str] | None = None,
    frontend_urls: Iterable[str] = (),
    trusted_proxies: Iterable[str] = (),
    webhook_secrets: "Mapping[str, Secret] | None" = None,
    api_rate: Rate = (100, 900),
    webhook_rate: Rate = (1000, 900),
    sandbox_url: str | None = None,
    metrics_token: "Secret | None" = None,
    cron_secret: "Secret | None" = None,
    gauges: Mapping[str, Callable[[], float]] | None = None,
    push_hosts: Sequence[str] = (),
    push_key: str = "",
) -> Parts:
    """`webhook_secrets`, by platform, sign the hooks that were made by hand."""
    bridge = Bridge(database)
    return Parts(
        clock=clock,
        bridge=bridge,
        vault=vault,
        directory=directory,
        lanes=lanes,
        hub=hub,
        platforms=platforms,
        unconfigured=unconfigured or {},
        authenticator=authenticator,
        tickets=Tickets(clock.elapsed),
        origins=Origins(public_url, frontend_urls),
        limits=Limits(clock.elapsed, api=api_rate, webhooks=webhook_rate),
        refusals=Refusals(clock.now),
        arrivals=Arrivals(bridge),
        requests=Requests(clock.elapsed),
        reception=Reception(bridge, vault, clock.elapsed),
        nudges=Nudges(directory),
        spreading=Spreading(bridge, hub),
        presence=Presence(clock.elapsed),
        push_hosts=PushHosts(push_hosts),
        push_key=push_key,
        push_counts=PushCounts(),
        hook_secrets=HookSecrets(bridge, vault, directory, clock.elapsed, webhook_secrets or {}),
        proxies=Proxies(trusted_proxies),
        public_url=public_url,
        sandbox_url=sandbox_url,
        metrics_token=metrics_token,
        cron_secret=cron_secret,
        gauges=gauges or {},
        recent=Cached(clock.elapsed),
    )
