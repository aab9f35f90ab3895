"""Settings as a test wants them, without this machine's environment."""

from deploy import loading
from deploy.errors import SettingError
from deploy.settings import Settings

PLATFORMS = ("github", "spotify")
KEYS = {"JWT_SECRET": "s" * 32, "ENCRYPTION_KEY": "0" * 64}


def refusal(**given: str) -> str | None:
    """The line that such settings end the start with, or None."""
    try:
        settings(**given)
    except SettingError as error:
        return str(error)
    return None


def settings(**given: str) -> Settings:
    """What holds when an operator gave keys and this; a key is taken back by an empty text."""
    return loading.load({**KEYS, **given}, {}, PLATFORMS)
