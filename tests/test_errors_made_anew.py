"""An error is made where it is raised: one that is kept and raised again collects the traces of all its raises, and
with them whatever their frames hold."""

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType

import actors
import deploy
import handlers
import storage


def modules() -> Iterator[ModuleType]:
    for package in (actors, deploy, handlers, storage):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith(".__main__"):
                yield importlib.import_module(found.name)


def test_no_module_keeps_an_error() -> None:
    kept = [
        f"{module.__name__}.{name}"
        for module in modules()
        for name, value in vars(module).items()
        if isinstance(value, BaseException)
    ]
    assert kept == []
