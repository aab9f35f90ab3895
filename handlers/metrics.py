"""`/metrics`: what is counted anyway, in the words of Prometheus. No label can be chosen by a stranger."""

from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import NamedTuple

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from handlers.admin import AdminHandler, ending_this_week
from handlers.auth import is_bearer
from handlers.parts import Parts
from handlers.requests import BUCKETS
from storage import connections, pushes


class Metrics(AdminHandler):
    quiet = True
    counted = False

    async def prepare(self) -> None:
        if not is_bearer(self.request, self.parts.metrics_token):
            await super().prepare()

    async def get(self) -> None:
        self.set_header("Content-Type", CONTENT_TYPE_LATEST)
        self.finish(exposition(self.parts, await self._stored()))

    async def _stored(self) -> "Stored":
        parts = self.parts
        if not parts.bridge.database.health().ok:
            return Stored()
        statuses = await parts.recent.get("connections", lambda: parts.bridge.read(connections.counts))
        waiting = await parts.recent.get("pushes", lambda: parts.bridge.read(pushes.waiting))
        return Stored(statuses, await ending_this_week(parts) or {}, waiting)


class Stored(NamedTuple):
    """What only the database knows; nothing while it can't be asked."""

    connections: Mapping[tuple[str, str], int] = {}
    ending: Mapping[str, int] = {}
    pushes_waiting: int | None = None


def exposition(parts: Parts, stored: Stored) -> bytes:
    registry = CollectorRegistry()
    registry.register(_Figures(parts, stored))
    return generate_latest(registry)


class _Figures(Collector):
    def __init__(self, parts: Parts, stored: Stored) -> None:
        self._parts = parts
        self._stored = stored

    def collect(self) -> Iterator[Metric]:
        yield from self._requests()
        yield from self._webhooks()
        yield from self._actors()
        yield from self._heals()
        yield from self._lanes()
        yield from self._streams()
        yield from self._pushes()
        yield from self._rest()

    def _requests(self) -> Iterator[Metric]:
        requests = self._parts.requests
        answered = CounterMetricFamily("soulwire_http_requests", "Answered.", labels=["route", "method", "status"])
        for (route, method, status), count in requests.counts.items():
            answered.add_metric([route, method, str(status)], count)
        yield answered
        seconds = HistogramMetricFamily("soulwire_http_seconds", "From the headers to the answer.", labels=["route"])
        for route, counts in requests.seconds.items():
            edges = [*map(str, BUCKETS), "+Inf"]
            seconds.add_metric([route], list(zip(edges, accumulate(counts), strict=True)), requests.seconds_sum[route])
        yield seconds

    def _webhooks(self) -> Iterator[Metric]:
        family = CounterMetricFamily("soulwire_webhooks", "Came in, by outcome.", labels=["platform", "outcome"])
        for (platform, outcome), count in self._parts.refusals.counts.items():
            family.add_metric([platform, outcome], count)
        yield family
        yield GaugeMetricFamily("soulwire_bodies_bytes", "Of large bodies in memory.", self._parts.in_flight.held)

    def _actors(self) -> Iterator[Metric]:
        now = self._parts.directory.supervision
        family = GaugeMetricFamily("soulwire_actors", "Of connections, by state.", labels=["state"])
        family.add_metric(["running"], now.children - now.restarting - len(now.parked) - now.halted)
        family.add_metric(["restarting"], now.restarting)
        family.add_metric(["parked"], len(now.parked))
        family.add_metric(["stopped"], now.halted)
        yield family
        yield CounterMetricFamily("soulwire_actor_restarts", "Restarts of actors.", now.restarts)
        statuses = GaugeMetricFamily("soulwire_connections", "By status.", labels=["platform", "status"])
        for (platform, status), count in self._stored.connections.items():
            statuses.add_metric([platform, status], count)
        yield statuses
        ending = GaugeMetricFamily("soulwire_grants_ending", "Of users, within a week.", labels=["platform"])
        for platform, count in self._stored.ending.items():
            ending.add_metric([platform], count)
        yield ending

    def _heals(self) -> Iterator[Metric]:
        what = "After an absence: webhooks asked_again for, items that the first polls found."
        family = CounterMetricFamily("soulwire_healed", what, labels=["platform", "what"])
        for (platform, name), count in self._parts.directory.heals.counts().items():
            family.add_metric([platform, name], count)
        yield family

    def _lanes(self) -> Iterator[Metric]:
        lanes = self._parts.lanes.snapshot()
        for name, help_text in (
            ("waiting", "Calls that wait."),
            ("active", "Calls under way."),
            ("paused_for", "Seconds that the platform asked us to wait."),
        ):
            gauge = GaugeMetricFamily(f"soulwire_lane_{name}", help_text, labels=["platform"])
            for lane in lanes:
                gauge.add_metric([lane.platform], getattr(lane, name))
            yield gauge
        calls = CounterMetricFamily("soulwire_calls", "To platforms, by outcome.", labels=["platform", "outcome"])
        circuit = GaugeMetricFamily("soulwire_circuit_open", "1: calls are held back.", labels=["platform"])
        for lane in lanes:
            calls.add_metric([lane.platform, "ok"], lane.calls - lane.failures)
            calls.add_metric([lane.platform, "failed"], lane.failures)
            calls.add_metric([lane.platform, "not_made"], lane.refusals)
            circuit.add_metric([lane.platform], lane.circuit != "closed")
        yield calls
        yield circuit

    def _streams(self) -> Iterator[Metric]:
        standing = self._parts.hub.standing()
        for name, help_text, figures in (
            ("streams", "Open.", standing.connections),
            ("stream_users", "With an open stream.", standing.users),
        ):
            gauge = GaugeMetricFamily(f"soulwire_{name}", help_text, labels=["transport"])
            for transport, count in figures.items():
                gauge.add_metric([transport], count)
            yield gauge
        cut = CounterMetricFamily("soulwire_streams_cut", "Ended by the server.", labels=["code"])
        for code, count in standing.cut.items():
            cut.add_metric([str(code)], count)
        yield cut
        cursors = CounterMetricFamily("soulwire_cursors", "Asked for, by outcome.", labels=["outcome"])
        for outcome, count in standing.recovered.items():
            cursors.add_metric([outcome], count)
        yield cursors
        yield CounterMetricFamily("soulwire_events_dispatched", "To at least one stream.", standing.events)

    def _pushes(self) -> Iterator[Metric]:
        counts = self._parts.push_counts
        family = CounterMetricFamily("soulwire_pushes", "To devices, by outcome.", labels=["outcome"])
        for outcome in ("sent", "failed", "refused", "unneeded"):
            family.add_metric([outcome], getattr(counts, outcome))
        yield family
        yield CounterMetricFamily("soulwire_push_devices_dropped", "That are gone.", counts.devices_dropped)
        if self._stored.pushes_waiting is not None:
            yield GaugeMetricFamily("soulwire_pushes_waiting", "Still to be made.", self._stored.pushes_waiting)

    def _rest(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("soulwire_storage_ok", "1: can be written.", self._parts.bridge.database.health().ok)
        for name, figure in self._parts.gauges.items():
            yield GaugeMetricFamily(f"soulwire_{name}", f"Now: {name.replace('_', ' ')}.", figure())
