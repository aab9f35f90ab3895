"""The platforms that there are: every module of this package with a `Platform` in it."""

import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from actors import platforms
from actors.platforms.base import Client, Endpoints, Platform


def _all() -> Iterator[type[Platform]]:
    for module in pkgutil.iter_modules(platforms.__path__, f"{platforms.__name__}."):
        if module.name == __name__:
            continue
        for one in vars(import_module(module.name)).values():
            if isinstance(one, type) and _is_complete(one):
                yield one


def _is_complete(one: type) -> bool:
    return issubclass(one, Platform) and not inspect.isabstract(one) and hasattr(one, "slug")


def _by_slug() -> dict[str, type[Platform]]:
    found: dict[str, type[Platform]] = {}
    for one in _all():
        if found.setdefault(one.slug, one) is not one:
            raise TypeError(f"{one.__name__} and {found[one.slug].__name__} have the same slug, {one.slug}")
    return found


PLATFORMS: Mapping[str, type[Platform]] = _by_slug()
"""By slug, configured or not."""


def build(
    clients: Mapping[str, Client],
    endpoints: Mapping[str, Endpoints] | None = None,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    further: Mapping[str, type[Platform]] | None = None,
) -> dict[str, Platform]:
    """Those that there is a client for. `endpoints` stands in for the real addresses, `options` are further
    arguments of a platform's own; all by slug, and all only where something is to be said.
    `further`: platforms that have no file here."""
    return {
        slug: platform(clients[slug], (endpoints or {}).get(slug), **(options or {}).get(slug, {}))
        for slug, platform in {**PLATFORMS, **(further or {})}.items()
        if slug in clients
    }
