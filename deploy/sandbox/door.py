"""The one address at the service that all webhooks of an app go to.

It is tried before anything is sent there, as platforms do when such an address is entered; what happens meanwhile
waits. When it doesn't answer as it must, nothing is sent, and the next occasion tries it again.
"""

from collections.abc import Callable, Sequence

import structlog

from deploy.sandbox.outbox import Delivery, Outbox
from deploy.sandbox.state import State

log = structlog.get_logger()

Trials = Callable[[], Sequence[Delivery]]
"""The deliveries that try the address, within a change."""


class Door:
    def __init__(self, slug: str, state: State, outbox: Outbox, trials: Trials) -> None:
        self._slug = slug
        self._state = state
        self._outbox = outbox
        self._trials = trials
        self._under_way: set[int] = set()
        """The trials that have no outcome yet."""
        self._waiting: list[Delivery] = []

    @property
    def url(self) -> str:
        return f"{self._outbox.service}/api/webhooks/{self._slug}"

    @property
    def there(self) -> bool:
        """There is a service at all."""
        return bool(self._outbox.service)

    @property
    def open(self) -> bool:
        return self.there and self._state.fact(self._slug, "", "door") == self.url

    def knock(self) -> None:
        """Tries the address, unless that has been done or is under way."""
        if not self.there or self.open or self._under_way:
            return
        with self._state.change():
            deliveries = self._trials()
        self._under_way = {delivery.id for delivery in deliveries}
        self._outbox.send(deliveries)

    def send(self, deliveries: Sequence[Delivery]) -> None:
        if self.open:
            self._outbox.send(deliveries)
        elif deliveries:
            self._waiting += deliveries
            self.knock()

    def tried(self, delivery: Delivery, passed: bool) -> None:
        """A trial has an outcome."""
        if delivery.id not in self._under_way:
            return
        self._under_way.discard(delivery.id)
        if not passed:
            self.shut(f"{delivery.event} was not answered as it must be")
        elif not self._under_way:
            self._state.keep_fact(self._slug, "", "door", self.url)
            waiting, self._waiting = self._waiting, []
            self._outbox.send(waiting)

    def shut(self, why: str) -> None:
        """The address is taken away, with what waits for it."""
        log.warning("webhook_address_refused", platform=self._slug, url=self.url, reason=why)
        self._under_way.clear()
        self._state.keep_fact(self._slug, "", "door", None)
        waiting, self._waiting = self._waiting, []
        for delivery in waiting:
            self._state.run("DELETE FROM deliveries WHERE id = ?", delivery.id)
