"""The short way for webhooks in order, which nearly all are: signed, small, their secrets known.

Straight from Tornado's connection to storage and back, without a handler, a task and a dozen headers, which cost more
than all that is done for a webhook. Whatever is not in order, or could not be stored, goes the long way, to
`Webhook`, which finds out what is wrong and says so.
"""

from collections.abc import Sequence
from functools import partial

from tornado.httputil import HTTPHeaders, HTTPMessageDelegate, HTTPServerRequest, ResponseStartLine

from actors.platforms.base import Inbound, Verified
from handlers.intake import SMALL, Body, Intake, Terms
from handlers.parts import Parts
from handlers.requests import new_id
from handlers.webhooks import ACCEPTED, LONGEST, REPEATED
from storage.records import ConnectionKey, Delivery

_TAKEN = ResponseStartLine("HTTP/1.1", 202, "Accepted")


class Express(Intake):
    def __init__(
        self,
        parts: Parts,
        route: str,
        path: Sequence[bytes],
        request: HTTPServerRequest,
        inner: HTTPMessageDelegate,
        body: Body,
        terms: Terms,
    ) -> None:
        super().__init__(request, inner, body, terms)
        self._parts = parts
        self._route = route
        self._slug, self._user = path
        self._gone = False

    def go_on(self) -> None:
        if self._refused or not self._is_on_its_way():
            self._inner.finish()

    def _is_on_its_way(self) -> bool:
        """Whether the delivery has been handed to storage."""
        try:
            delivery = self._delivery()
        except Exception:  # the long way fails over it too, and has it logged and answered
            return False
        if delivery is None:
            return False
        self._parts.arrivals.store(delivery, partial(self._on_stored, delivery))
        return True

    def _delivery(self) -> Delivery | None:
        """None: the long way."""
        parts, body = self._parts, self._body
        key = ConnectionKey(self._user.decode(), self._slug.decode())
        secrets = parts.hook_secrets.cached(key)
        platform = parts.platforms.get(key.platform)
        if secrets is None or platform is None or platform.shared_door or body.size > SMALL:
            return None
        request = Inbound(self._request.headers, body.whole(), parts.clock.now())
        verified = platform.verify(request, secrets)
        if not isinstance(verified, Verified) or len(verified.delivery_id) > LONGEST or len(verified.kind) > LONGEST:
            return None
        if not parts.limits.deliveries.hit(str(key)):
            return None
        return Delivery(key, verified.delivery_id, verified.kind, request.body, request.at)

    def on_connection_close(self) -> None:
        self._gone = True
        super().on_connection_close()

    def _on_stored(self, delivery: Delivery, row: int | None, error: BaseException | None) -> None:
        if error is not None:
            if not self._gone:
                self._inner.finish()
            return
        parts, key = self._parts, delivery.key
        if row is None:
            parts.refusals.duplicate(key.platform, key.user, delivery.delivery_id, delivery.kind)
        else:
            parts.refusals.accepted(key.platform)
            parts.nudges.arrived(delivery, row)
        if not self._gone:
            self._answer(REPEATED if row is None else ACCEPTED)

    def _answer(self, told: bytes) -> None:
        headers = HTTPHeaders()
        headers["Content-Type"] = "application/json"
        headers["Content-Length"] = str(len(told))
        headers["X-Request-Id"] = new_id()
        self._connection.write_headers(_TAKEN, headers, told)
        self._connection.finish()
        self._body.release()
        self._parts.requests.count(self._route, "POST", 202, self._request.request_time())
