"""What the sandbox is told when it starts."""

import os
import uuid
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec


class Settings(msgspec.Struct, frozen=True):
    origins: frozenset[str]
    """The service's own, under either name of this machine."""
    state: str = ""
    """Where its memory is kept, as whoever finds it running wants to know."""
    people: int = 0
    jwt_secret: str | None = None
    jwt_audience: str | None = None
    jwt_issuer: str | None = None
    service: str = ""
    """Where the service is."""
    pid: int = msgspec.field(default_factory=os.getpid)

    def new_id(self) -> str:
        return uuid.uuid4().hex


def read(service: str, state: Path, environment: Mapping[str, str]) -> Settings:
    return Settings(
        origins=own_origins(service),
        state=str(state.resolve()),
        people=int(environment.get("SANDBOX_PEOPLE") or 0),
        jwt_secret=environment.get("JWT_SECRET") or None,
        jwt_audience=environment.get("JWT_AUDIENCE") or None,
        jwt_issuer=environment.get("JWT_ISSUER") or None,
        service=service.rstrip("/"),
    )


def own_origins(service: str) -> frozenset[str]:
    parts = urlsplit(service)
    names = {parts.hostname or ""}
    if names & {"127.0.0.1", "localhost"}:
        names = {"127.0.0.1", "localhost"}
    port = f":{parts.port}" if parts.port else ""
    return frozenset(f"{parts.scheme}://{name}{port}" for name in names)
