"""What all tests share."""

import pytest
from hypothesis import settings

settings.register_profile("shared-machine", deadline=None)
settings.load_profile("shared-machine")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that start the whole service come last: what is wrong in one part shows before they begin."""
    items.sort(key=lambda item: item.nodeid.startswith("tests/e2e/"))
