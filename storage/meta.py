"""What the database knows about itself: its epoch, and whether a crash may have taken something back."""

import secrets
from pathlib import Path

from storage.transaction import Transaction

EPOCH = "epoch"
AT_RISK = "at_risk"
"""The boot of the machine during which commits were not forced to the disk; absent after an orderly end."""

ALIVE_AT = "alive_at"
"""When the service was last seen alive."""
ALIVE_IN = "alive_in"
"""In which epoch that was."""
AWAY_SINCE = "away_since"
"""When the absence began that somebody still has to look into; absent when nobody has."""

_DOOR_HEARD = "door_heard:"

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def value(tx: Transaction, name: str) -> str | None:
    row = tx.one("SELECT value FROM meta WHERE name = ?", name)
    return row[0] if row else None


def keep(tx: Transaction, name: str, text: str) -> None:
    tx.run(
        "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        name,
        text,
    )


def forget(tx: Transaction, name: str) -> None:
    tx.run("DELETE FROM meta WHERE name = ?", name)


def hear_door(tx: Transaction, platform: str, at: float) -> None:
    """A handshake came from there that speaks for all of its users."""
    keep(tx, f"{_DOOR_HEARD}{platform}", str(at))


def doors_heard(tx: Transaction) -> dict[str, float]:
    """When the last came, by platform."""
    rows = tx.all("SELECT name, value FROM meta WHERE name LIKE ?", f"{_DOOR_HEARD}%")
    return {name.removeprefix(_DOOR_HEARD): float(at) for name, at in rows}


def new_epoch(tx: Transaction) -> str:
    """From now on every cursor given out before is of another life."""
    epoch = secrets.token_hex(4)
    keep(tx, EPOCH, epoch)
    return epoch


def start(tx: Transaction, *, may_lose_commits: bool) -> str:
    """The epoch. A new one when the machine went down while commits were at risk: what was told may be gone."""
    epoch = value(tx, EPOCH)
    at_risk = value(tx, AT_RISK)
    boot = boot_id()
    if epoch is None or (at_risk is not None and at_risk != boot):
        epoch = new_epoch(tx)
        forget(tx, AT_RISK)
    if may_lose_commits:
        keep(tx, AT_RISK, boot)
    return epoch


def boot_id() -> str:
    """Of this run of the machine; where it can't be told, any start may be after a crash."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return secrets.token_hex(8)
