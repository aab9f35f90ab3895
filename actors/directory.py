"""Who lives where: the only way anyone finds an actor.

Read from every thread, written by the supervisor alone (an actor leaves its own status). References
are looked up each time and never kept, since a restarted actor is another one.
"""

from typing import Any, cast

import pykka
from pykka import ActorDeadError

from actors.absence import Heals
from actors.messages import ChildNeeded
from actors.pool import TurnInbox
from actors.status import Status, Supervision
from storage.records import ConnectionKey, Secret


class Entry:
    __slots__ = ("incarnation", "ref", "status")

    def __init__(self) -> None:
        self.ref: pykka.ActorRef[Any] | None = None
        self.incarnation = 0
        self.status: Status | None = None


class Directory:
    def __init__(self) -> None:
        self._entries: dict[ConnectionKey, Entry] = {}
        self._hook_secrets: dict[ConnectionKey, tuple[Secret, ...]] = {}
        self._hooks_as_of = object()
        self.doors_heard: dict[str, float] = {}
        """When a platform last showed by a handshake that it reaches the door that serves all of its users."""
        self.heals = Heals()
        self.supervision = Supervision()
        self.supervisor: pykka.ActorRef[Any] | None = None
        self.sweeper: pykka.ActorRef[Any] | None = None
        self.eraser: pykka.ActorRef[Any] | None = None

    def __len__(self) -> int:
        return len(self._entries)

    def tell(self, key: ConnectionKey, message: Any) -> None:
        """Tell the connection's actor; the supervisor makes one when there is none."""
        entry = self._entries.get(key)
        if entry is not None and entry.ref is not None:
            try:
                entry.ref.tell(message)
                return
            except ActorDeadError:
                pass  # it died a moment ago; the supervisor knows or is about to
        if self.supervisor is not None:
            self.supervisor.tell(ChildNeeded(key, message))

    def mailbox(self, key: ConnectionKey) -> int:
        """How many messages wait for its actor."""
        entry = self._entries.get(key)
        return len(cast(TurnInbox, entry.ref.actor_inbox)) if entry is not None and entry.ref is not None else 0

    def status(self, key: ConnectionKey) -> Status | None:
        entry = self._entries.get(key)
        return entry.status if entry is not None else None

    # -- what verifies a connection's webhooks, so that a request needs no read ------------------

    def hook_secrets(self, key: ConnectionKey) -> tuple[Secret, ...] | None:
        """None: not known here, read them from storage."""
        return self._hook_secrets.get(key)

    def hooks_as_of(self) -> object:
        """To be taken before they are read: whether any has changed since shows by it."""
        return self._hooks_as_of

    def cache_hook_secrets(self, key: ConnectionKey, secrets: tuple[Secret, ...], as_of: object) -> None:
        """What was read while some changed may be the old ones, and isn't kept."""
        self._hook_secrets[key] = secrets
        if as_of is not self._hooks_as_of:  # looked at after the keeping, as a change is marked before the forgetting
            self._hook_secrets.pop(key, None)

    def forget_hook_secrets(self, key: ConnectionKey) -> None:
        self._hooks_as_of = object()
        self._hook_secrets.pop(key, None)

    # -- the supervisor's side -------------------------------------------------------------------

    def entry(self, key: ConnectionKey) -> Entry:
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = Entry()
        return entry

    def ref(self, key: ConnectionKey) -> "pykka.ActorRef[Any] | None":
        entry = self._entries.get(key)
        return entry.ref if entry is not None else None

    def get(self, key: ConnectionKey) -> Entry | None:
        return self._entries.get(key)

    def remove(self, key: ConnectionKey) -> None:
        self._entries.pop(key, None)
        self.forget_hook_secrets(key)
