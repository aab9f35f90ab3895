"""`run.py migrate`: bring the database up to date, and stop."""

from collections.abc import Iterator

from deploy.opening import opened
from deploy.settings import Settings
from storage.vault import Vault


def run(settings: Settings) -> Iterator[str]:
    with opened(settings, Vault(settings.encryption_bytes())):
        yield "The database is up to date."
