"""Why it doesn't start: one line for whoever started it."""


class SettingError(Exception):
    """Names the setting and says what is wrong with it; never shows a secret."""

    def __init__(self, name: str, complaint: str) -> None:
        super().__init__(f"{name}: {complaint}")
        self.name = name


class CannotStart(Exception):
    """The settings are right, and yet: the port or the lock is taken, the database can't be opened."""


class NotDone(Exception):
    """A command did not do all that it was asked to."""
