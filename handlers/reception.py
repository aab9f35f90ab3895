"""Answers what a platform asks of the service while it looks at a request: whose an address is, which key signed."""

from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any

from actors.platforms.base import Handshake, Inbound, Platform, PublicKey, Receives, Refused, Resident, Taken, Whose
from handlers.bridge import Bridge
from handlers.intake import SMALL
from handlers.jwks import KeyRing
from storage import addresses
from storage.transaction import Transaction
from storage.vault import Vault

Outcome = Taken | Handshake | Refused
MOST_ADDRESSES = 100
"""In one request: a stranger's list is no reason to read all day."""


class Reception:
    def __init__(self, bridge: Bridge, vault: Vault, elapsed: Callable[[], float]) -> None:
        self._bridge = bridge
        self._vault = vault
        self._elapsed = elapsed
        self._rings: dict[str, KeyRing] = {}

    async def receive(self, platform: Platform, request: Inbound) -> Outcome:
        conversation = platform.receive(request)
        answer: Any = None
        while True:
            step = partial(_step, conversation, answer)
            asked = step() if len(request.body) <= SMALL else await self._bridge.work(step)
            if isinstance(asked, Taken | Handshake | Refused):
                return asked
            if isinstance(asked, Whose):
                answer = await self._residents(platform.slug, asked)
            else:
                answer = await self._key(asked)

    async def _residents(self, slug: str, asked: Whose) -> dict[str, list[Resident]]:
        wanted = list(dict.fromkeys(asked.addresses))[:MOST_ADDRESSES]

        def query(tx: Transaction) -> dict[str, list[Resident]]:
            found: dict[str, list[Resident]] = defaultdict(list)
            for address in wanted:
                for one in addresses.behind(tx, self._vault, slug, address):
                    found[address].append(Resident(one.user, one.secret, one.where, one.heard_at))
            return {address: found[address] for address in asked.addresses}

        return await self._bridge.read(query)

    async def _key(self, asked: PublicKey) -> Any:
        """Addresses of keys come from settings, never from a request, so that they are few."""
        ring = self._rings.get(asked.url)
        if ring is None:
            ring = self._rings[asked.url] = KeyRing(asked.url, self._elapsed)
        if ring.is_stale() or (ring.find(asked.kid) is None and ring.may_refresh()):
            await ring.refresh()
        return ring.find(asked.kid)


def _step(conversation: Receives, answer: Any) -> Whose | PublicKey | Outcome:
    """Where it comes to an end, its outcome: StopIteration can't pass from one thread to another."""
    try:
        return conversation.send(answer)
    except StopIteration as end:
        outcome: Outcome = end.value
        return outcome
