"""The service: settings -> logs -> storage -> hub -> actors -> http -> serve until SIGTERM -> orderly stop."""

import asyncio
import faulthandler
import gc
import signal
import socket
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from functools import partial

import structlog
import uvloop
from tornado.netutil import bind_sockets

from actors import schedule, units
from actors.allowance import Allowance
from actors.clock import Clock
from actors.directory import Directory
from actors.eraser import Eraser
from actors.housekeeper import Housekeeper
from actors.lanes import Lanes
from actors.messages import StartMore
from actors.outbound import Outbound
from actors.pacing import Pace
from actors.platforms.base import Platform
from actors.pool import Pool
from actors.pusher import Look, Nudge, Pusher
from actors.restarts import RestartPolicy
from actors.shared import Shared
from actors.supervisor import Supervisor
from actors.sweeper import Sweeper
from actors.webpush.vapid import Vapid
from deploy import VERSION, cli, demo, descriptors, logs
from deploy.errors import CannotStart
from deploy.opening import opened
from deploy.platforms import configured, known
from deploy.settings import Settings
from handlers.app import make_app, make_server
from handlers.auth import Authenticator
from handlers.backend import Backend
from handlers.front import Front
from handlers.history import History
from handlers.hub import IN_ALL, Hub
from handlers.jwks import KeyRing
from handlers.parts import Parts
from handlers.revocations import Revocations
from storage import revocations
from storage.database import Database
from storage.vault import Vault
from storage.writer import Publish

log = structlog.get_logger()

DRAIN = 3.0
"""Seconds over which the open streams are ended."""
ANSWERS = 2.0
"""Seconds that requests under way get to be answered."""
FINISH = 25.0
"""Seconds that calls for tokens get to end, which is more than one call takes: a new pair may be on its way."""
TURNS = 15.0
"""Seconds in which what they brought is stored."""


def serve(settings: Settings, app: Callable[[Backend], None] | None = None) -> int:
    """`app` is called once the service is up, on a thread of its own: for an app that shares the process."""
    logs.configure(settings.log_level, settings.log_format)
    faulthandler.register(signal.SIGUSR1)
    vault = Vault(settings.encryption_bytes())
    with opened(settings, vault) as database:
        demo.claim(database, settings.sandbox)
        return uvloop.run(Service(settings, vault, database, app).run())


class Service:
    def __init__(
        self, settings: Settings, vault: Vault, database: Database, app: Callable[[Backend], None] | None
    ) -> None:
        self.settings = settings
        self.app = app
        self.vault = vault
        self.database = database
        assert settings.vapid_private_key is not None
        self.vapid = Vapid(settings.vapid_private_key, settings.push_contact)
        self.clock = Clock()
        self.pool = Pool(settings.workers)
        self.directory = Directory()
        self.room = descriptors.found()
        self.sandbox = demo.Sandbox(settings) if settings.sandbox else None
        self.code = 0

    async def run(self) -> int:
        """Until a signal says stop, or something says that there is no going on."""
        self.stopping = asyncio.Event()
        self.loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            self.loop.add_signal_handler(number, self.stopping.set)
        async with AsyncExitStack() as stack:
            await self._start(stack)
            gc.freeze()
            gc.set_threshold(100_000, 50, 50)
            await self.stopping.wait()
            log.info("service_stopping")
        log.info("service_stopped")
        return self.code

    async def _start(self, stack: AsyncExitStack) -> None:
        """In the order of what needs what; the stack undoes it in reverse."""
        sockets = self._bind()
        if self.sandbox is not None:
            await asyncio.to_thread(self._start_sandbox, stack)
        platforms = configured(self.settings)
        self.revoked = await asyncio.to_thread(self.database.read, revocations.everything)
        allowances = await asyncio.to_thread(self._allowances, platforms)
        lanes = self._start_actors(stack, platforms, allowances)
        parts = self._parts(stack, platforms, lanes)
        parts.hub.start()
        self.database.publish = self._start_pusher(stack, parts)
        parts.spreading.begin()  # to devices, where a crash came between
        server = make_server(make_app(parts), self.room.connections)
        server.add_sockets(sockets)
        stack.push_async_callback(self._close_front, parts, server)
        parts.serving.started = True
        log.info(
            "service_started", url=self.settings.public_url, platforms=sorted(platforms), streams=self.room.streams
        )
        if self.sandbox is not None:
            self.loop.run_in_executor(None, self._connect_people)
        if self.app is not None:
            threading.Thread(target=self.app, args=(Backend(parts, self.loop),), name="app", daemon=True).start()

    def _bind(self) -> list[socket.socket]:
        """First of all, so that a port that is taken is one line and nothing else has happened."""
        try:
            return bind_sockets(self.settings.port, self.settings.host, backlog=1024)
        except OSError as error:
            where = f"{self.settings.host}:{self.settings.port}"
            raise CannotStart(f"can't listen on {where}: {error.strerror}") from None

    def _start_sandbox(self, stack: AsyncExitStack) -> None:
        assert self.sandbox is not None
        try:
            self.sandbox.start()
        except OSError as error:
            raise CannotStart(str(error)) from None
        stack.callback(self.sandbox.stop)

    def _connect_people(self) -> None:
        assert self.sandbox is not None
        back = f"{self.settings.public_url}/api/oauth/{{}}/callback"
        try:
            demo.connect_people(self.sandbox, self.database, self.directory, back.format, self.clock.now())
        except Exception:  # nobody waits for this: unsaid, the page would just stay empty
            log.exception("people_not_connected")

    def _allowances(self, platforms: dict[str, Platform]) -> dict[str, Allowance]:
        """What a platform allows in a day has been spent by earlier runs too."""
        return {
            slug: Allowance(
                one.pace,
                one.refused_budget,
                before=units.booked(self.database, slug) if one.pace.daily else None,
                book=partial(units.book, self.database, slug),
            )
            for slug, one in platforms.items()
        }

    def _start_actors(
        self, stack: AsyncExitStack, platforms: dict[str, Platform], allowances: dict[str, Allowance]
    ) -> Lanes:
        lanes = Lanes(
            self.clock,
            Outbound(self.clock, VERSION),
            {slug: Pace(one.pace.rate, one.pace.burst, one.pace.concurrency) for slug, one in platforms.items()},
            allowances=allowances,
        )
        told = self.settings.platforms
        shared = Shared(
            executor=self.pool,
            clock=self.clock,
            database=self.database,
            vault=self.vault,
            lanes=lanes,
            directory=self.directory,
            platforms=platforms,
            schedules={slug: schedule.parse(told[slug].poll or one.poll_every) for slug, one in platforms.items()},
            public_url=self.settings.public_url,
        )
        self.clock.start()
        self.directory.supervisor = Supervisor.start(self.pool, shared, RestartPolicy(), self._fatal)
        self.directory.supervisor.tell(StartMore())
        Sweeper.begin(shared)
        Eraser.begin(shared)
        keeping = self.settings
        housekeeper = Housekeeper.start(
            self.pool,
            self.clock,
            self.database,
            retention=keeping.retention,
            most_events=keeping.retention_events,
            delivery_retention=keeping.delivery_retention,
        )
        housekeeper.tell(None)
        stack.callback(self._close_actors, lanes, allowances)
        return lanes

    def _parts(self, stack: AsyncExitStack, platforms: dict[str, Platform], lanes: Lanes) -> Parts:
        told, clock = self.settings, self.clock
        readers = ThreadPoolExecutor(4, "history")
        stack.callback(readers.shutdown, cancel_futures=True)
        jwks = KeyRing(told.jwt_jwks_url, clock.elapsed) if told.jwt_jwks_url else None
        parts = Parts(
            clock=clock,
            database=self.database,
            vault=self.vault,
            directory=self.directory,
            lanes=lanes,
            hub=Hub(clock, History(self.database, readers), in_all=min(IN_ALL, self.room.streams)),
            platforms=platforms,
            unconfigured={slug: one.title for slug, one in known(told).items() if slug not in platforms},
            webhook_secrets={"github": told.github_webhook_secret} if told.github_webhook_secret else None,
            authenticator=Authenticator(
                clock.now,
                secret=told.jwt_secret,
                jwks=jwks,
                audience=told.jwt_audience,
                issuer=told.jwt_issuer,
                revocations=Revocations(self.revoked, self.database.write),
            ),
            public_url=told.public_url,
            frontend_urls=told.frontend_url,
            trusted_proxies=told.trusted_proxies,
            api_rate=told.api_rate_limit,
            webhook_rate=told.webhook_rate_limit,
            sandbox_url=self.sandbox.url if self.sandbox else None,
            allowed_push_hosts=told.push_hosts,
            push_key=self.vapid.public_key,
            metrics_token=told.metrics_token,
            cron_secret=told.cron_secret,
            gauges={"turns_waiting": lambda: self.pool.depth, "timers": lambda: len(clock)},
        )
        stack.callback(parts.bridge.close)
        return parts

    def _start_pusher(self, stack: AsyncExitStack, parts: Parts) -> Publish:
        """What is committed goes to the streams, and some of it to devices, by lanes beside the platforms'."""
        hosts = parts.push_hosts
        outbound = Outbound(self.clock, VERSION, connect=5.0, read=5.0, total=10.0, largest=65_536)
        lanes = Lanes(self.clock, outbound, {host: Pace(100, 100, 4) for host in hosts.named}, threads=16)
        in_sight, counts = parts.presence.in_sight, parts.push_counts
        pusher = Pusher.start(
            self.pool, self.clock, self.database, self.vault, lanes, hosts, self.vapid, in_sight, counts
        )
        pusher.tell(Look())
        stack.callback(lanes.stop, FINISH)
        return Nudge(parts.hub.publish, pusher.tell)

    # -- the end ---------------------------------------------------------------------------------

    async def _close_front(self, parts: Parts, server: Front) -> None:
        """No new work, streams told to come back, requests under way answered."""
        parts.serving.draining = True
        server.stop()
        await parts.spreading.stop()
        await parts.hub.drain(DRAIN)
        await server.finish(ANSWERS)

    def _close_actors(self, lanes: Lanes, allowances: dict[str, Allowance]) -> None:
        """Calls under way end and their answers are stored: one may be a token's only new pair."""
        lanes.stop(FINISH, self.pool.settle)
        for allowance in allowances.values():
            allowance.close()
        self.pool.stop(TURNS)
        self.clock.stop()

    def _fatal(self, why: str) -> None:
        """The service manager is the last supervisor."""
        log.critical("service_failed", reason=why)
        self.code = 1
        self.loop.call_soon_threadsafe(self.stopping.set)


if __name__ == "__main__":
    sys.exit(cli.main(sys.argv[1:], serve))
