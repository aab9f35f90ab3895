"""`run.py rotate-keys`: seal with the first encryption key what the others sealed, beside a running service."""

from collections.abc import Iterator

from deploy.errors import NotDone
from deploy.opening import opened
from deploy.settings import Settings
from storage.rotation import rotate
from storage.vault import Vault


def run(settings: Settings, *, dry_run: bool) -> Iterator[str]:
    vault = Vault(settings.encryption_bytes())
    with opened(settings, None if dry_run else vault, alone=False) as database:
        found = rotate(database, vault, dry_run=dry_run)
    yield f"{found.values} secrets, {found.renewed} of them {'to be' if dry_run else 'now'} sealed with the first key"
    if found.unreadable:
        raise NotDone(f"{found.unreadable} open with none of the keys, and were left as they are: keep the old keys")
    if found.overtaken:
        raise NotDone(f"{found.overtaken} changed meanwhile: run it again")
