"""What a connection's webhooks are verified with: cached in the Directory, read from storage when not."""

from collections import OrderedDict
from collections.abc import Callable, Mapping

from actors.directory import Directory
from handlers.bridge import Bridge
from storage import connections, hooks
from storage.records import ConnectionKey, Secret
from storage.transaction import Transaction
from storage.vault import Vault

READ_AGAIN_AFTER = 5.0
"""A signature that no cached secret made may be a new hook's: looked up again, at most this often for each key."""
MOST_KEYS = 100_000


class HookSecrets:
    def __init__(
        self,
        bridge: Bridge,
        vault: Vault,
        directory: Directory,
        elapsed: Callable[[], float],
        made_by_hand: Mapping[str, Secret],
    ) -> None:
        self._bridge = bridge
        self._vault = vault
        self._directory = directory
        self._elapsed = elapsed
        self._made_by_hand = made_by_hand
        self._read_at: OrderedDict[ConnectionKey, float] = OrderedDict()

    def cached(self, key: ConnectionKey) -> tuple[Secret, ...] | None:
        return self._directory.hook_secrets(key)

    async def read(self, key: ConnectionKey) -> tuple[Secret, ...] | None:
        """From storage. None: there is no such connection."""
        as_of = self._directory.hooks_as_of()
        secrets = await self._bridge.read(lambda tx: self._query(tx, key))
        if secrets is None:
            return None
        if key.platform in self._made_by_hand:
            secrets = (*secrets, self._made_by_hand[key.platform])
        self._directory.cache_hook_secrets(key, secrets, as_of)
        self._read_at[key] = self._elapsed()
        self._read_at.move_to_end(key)
        if len(self._read_at) > MOST_KEYS:
            self._read_at.popitem(last=False)
        return secrets

    def may_be_old(self, key: ConnectionKey) -> bool:
        return self._elapsed() - self._read_at.get(key, float("-inf")) > READ_AGAIN_AFTER

    def _query(self, tx: Transaction, key: ConnectionKey) -> tuple[Secret, ...] | None:
        row = connections.get(tx, key)
        if row is None or row.status == "disconnected":
            return None
        return tuple(hook.secret for hook in hooks.of(tx, self._vault, key))
