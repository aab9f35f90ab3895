"""The route table: every path of the service in one list."""

import re
from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

from tornado.httputil import HTTPMessageDelegate, HTTPServerRequest
from tornado.iostream import IOStream
from tornado.routing import PathMatches, Rule
from tornado.web import Application, RequestHandler

from handlers import (
    admin,
    admin_actors,
    admin_deliveries,
    admin_grants,
    admin_streams,
    connections,
    cron,
    data,
    doors,
    erasing,
    events,
    files,
    health,
    metrics,
    monitoring,
    oauth,
    oauth_begin,
    pages,
    presence,
    proxy,
    push,
    revoke,
    sending,
    session,
    socket,
    sse,
    users,
    webhooks,
    webhooks_health,
    worker,
)
from handlers.addresses import counted_as
from handlers.base import Handler, Turned, UnknownPath
from handlers.errors import ApiError
from handlers.express import Express
from handlers.front import Front
from handlers.intake import MIB, Body, Intake, Terms, Waiting, no_objection
from handlers.leaving import Leaving
from handlers.parts import Parts
from handlers.silent import Silent
from handlers.underway import UnderWay


class Route(NamedTuple):
    path: str
    """`{name}` stands for one segment, which the handler's method is given decoded."""
    handler: type[RequestHandler]


ROUTES = [
    Route("/api/webhooks/{platform}/{user}", webhooks.Webhook),  # the first are found soonest
    Route("/api/webhooks/health", webhooks_health.WebhooksHealth),
    Route("/api/webhooks/{platform}", doors.Door),
    Route("/ws", socket.SocketHandler),
    Route("/api/sse/stream", sse.SseHandler),
    Route("/api/sse/stats", health.StreamStats),
    Route("/api/sse/health", health.StreamHealth),
    Route("/api/sse/send", sending.Send),
    Route("/api/sse/broadcast", sending.Broadcast),
    Route("/api/session", session.Session),
    Route("/api/stream-ticket", session.StreamTicket),
    Route("/api/oauth/{platform}/connect", oauth_begin.Connect),
    Route("/api/oauth/{platform}/confirm", oauth_begin.Confirm),
    Route("/api/oauth/{platform}/callback", oauth.Callback),
    Route("/api/connections", connections.Connections),
    Route("/api/connections/{platform}", connections.Connection),
    Route("/api/connections/{platform}/sync", connections.Sync),
    Route("/api/monitoring/status", monitoring.MonitoringStatus),
    Route("/api/data", data.Data),
    Route("/api/events", events.Events),
    Route("/api/users/{user}", erasing.User),
    Route("/api/presence", presence.PresencePath),
    Route("/api/push/key", push.PushKey),
    Route("/api/push/subscribe", push.PushSubscription),
    Route("/api/users/{user}/poll", users.UserPoll),
    Route("/api/users/{user}/send", sending.UserSend),
    Route("/api/users/{user}/revoke", revoke.Revoke),
    Route("/api/users/{user}/proxy/{platform}/{path*}", proxy.Proxy),
    Route("/api/cron/token-refresh", cron.CronTokens),
    Route("/api/cron/poll-{platform}", cron.CronPolls),
    Route("/api/admin/actors", admin_actors.Actors),
    Route("/api/admin/actors/{user}/{platform}", admin_actors.Actor),
    Route("/api/admin/actors/{user}/{platform}/{order}", admin_actors.ActorOrder),
    Route("/api/admin/supervisor", admin.Supervisor),
    Route("/api/admin/grants", admin_grants.Grants),
    Route("/api/admin/streams", admin_streams.Streams),
    Route("/api/admin/deliveries", admin_deliveries.Deliveries),
    Route("/api/admin/deliveries/{id}/replay", admin_deliveries.Replay),
    Route("/health", health.Health),
    Route("/ready", health.Ready),
    Route("/metrics", metrics.Metrics),
    Route("/", pages.Home),
    Route("/demo", pages.Demo),
    Route("/offline", pages.Offline),
    Route("/service-worker.js", worker.ServiceWorker),
    Route("/static/{file}", files.Asset),
    Route("/client/{file}", files.ClientFile),
    Route("/client/elements/{file}", files.Element),
]

FIRST_WITHIN, NEXT_WITHIN, BODY_TIMEOUT = 20.0, 120.0, 30.0
"""Seconds for the headers of a connection's first request, for those of each other, and between a body's first byte
and its last."""
MOST_NEWCOMERS = 2_000
MOST_CONNECTIONS = 10_000


class App(Application):
    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._paths = {route.handler: route.path for route in ROUTES}
        self.newcomers = Silent(FIRST_WITHIN, MOST_NEWCOMERS)
        """Connections that have not asked for anything yet."""
        self.resting = Silent(NEXT_WITHIN)
        """Those that have been answered, and may ask again."""
        self.under_way = UnderWay()
        self.leaving = Leaving()
        self._waiting = Waiting(BODY_TIMEOUT)
        self._terms = {route.handler: self._terms_of(route.handler) for route in ROUTES}
        rules = [Rule(PathMatches(_pattern(route.path)), route.handler) for route in ROUTES]
        super().__init__(rules, default_handler_class=UnknownPath, parts=parts)

    def get_handler_delegate(  # type: ignore[override]
        self,
        request: HTTPServerRequest,
        target_class: type[RequestHandler],
        target_kwargs: dict[str, Any] | None = None,
        path_args: list[bytes] | None = None,
        path_kwargs: dict[str, bytes] | None = None,
    ) -> HTTPMessageDelegate:
        request.asked_for = target_class  # type: ignore[attr-defined]
        io: IOStream = request.connection.stream  # type: ignore[union-attr]
        self._is_heard(io)
        self.under_way.asked(io)
        inner = super().get_handler_delegate(request, target_class, target_kwargs, path_args, path_kwargs)
        body = Body(self.parts.in_flight, lambda: counted_as(self.parts.proxies.client(request)))
        terms = self._terms.get(target_class) or self._terms_of(target_class)
        if target_class is webhooks.Webhook and request.method == "POST" and path_args is not None:
            return Express(self.parts, self._paths[target_class], path_args, request, inner, body, terms)
        return Intake(request, inner, body, terms)

    def gone(self, io: IOStream) -> None:
        """The connection is closed, or is a stream's now."""
        self._is_heard(io)
        self.under_way.ended(io)

    def _is_heard(self, io: IOStream) -> None:
        self.newcomers.ends(io)
        self.resting.ends(io)

    def _terms_of(self, handler: type[RequestHandler]) -> Terms:
        limit = getattr(handler, "body_limit", MIB)
        early = partial(handler.early, self.parts) if issubclass(handler, Handler) else no_objection
        return Terms(limit, early, self._turned, self._waiting)

    def _turned(self, request: HTTPServerRequest, error: ApiError) -> HTTPMessageDelegate:
        asked_for = request.asked_for  # type: ignore[attr-defined]
        if issubclass(asked_for, Handler):
            asked_for.turned_down(self.parts, request, error)
        return super().get_handler_delegate(request, Turned, {"error": error})

    def log_request(self, handler: RequestHandler) -> None:
        asked_for = handler.request.asked_for  # type: ignore[attr-defined]
        self.parts.requests.finished(handler, self._paths.get(asked_for, "none"))
        io = handler.request.connection.stream  # type: ignore[union-attr]
        if not getattr(handler, "endless", False) and io.writing():  # one that was taken over has none any more
            self.leaving.add(io, int(handler._headers.get("Content-Length", "0")))


def make_app(parts: Parts) -> App:
    return App(parts)


def make_server(app: App, most_connections: int = MOST_CONNECTIONS) -> Front:
    return Front(app, most_connections)


def route_lines() -> Iterator[str]:
    """The route table for people: methods, path, who may call."""
    for route in ROUTES:
        methods = route.handler.methods() if issubclass(route.handler, Handler) else ["GET"]
        roles = " ".join(getattr(route.handler, "roles", ())) or "open"
        yield f"{' '.join(methods):<25} {route.path:<50} {roles}"


def _pattern(path: str) -> str:
    """`{name*}` stands for the rest of the path."""
    return re.sub(r"\{\w+\}", "([^/]+)", re.sub(r"\{\w+\*\}", "(.+)", path)) + "$"
