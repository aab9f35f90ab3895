"""The sandbox put together: every path in one list."""

from collections.abc import Callable
from pathlib import Path

from tornado import web

from deploy.sandbox import consent, control
from deploy.sandbox.outbox import Outbox
from deploy.sandbox.platforms import PLATFORMS
from deploy.sandbox.settings import Settings
from deploy.sandbox.state import State


class Sandbox:
    """The platforms and what they share."""

    def __init__(self, state_dir: Path, port: int, settings: Settings, now: Callable[[], float]) -> None:
        self.state = State(state_dir / "sandbox.db")
        self.outbox = Outbox(self.state, now, settings.service)
        root = f"http://127.0.0.1:{port}"
        self.platforms = [platform(self.state, self.outbox, now, root) for platform in PLATFORMS]
        given = {"platforms": self.platforms, "settings": settings, "now": now}
        orders = [
            (r"/_control", control.Overview, given),
            (r"/_control/token", control.AppToken, given),
            (r"/_control/([a-z]+)/activity", control.Activity, given),
            (r"/_control/([a-z]+)/fault", control.Faults, given),
            (r"/_control/([a-z]+)/lifetime", control.Lifetime, given),
            (r"/_control/([a-z]+)/calls", control.CallsMade, given),
            (r"/_control/([a-z]+)/code", control.Code, given),
            (r".*", control.Nowhere, given),
        ]
        consents = [route for platform in self.platforms for route in consent.routes(platform)]
        theirs = [route for platform in self.platforms for route in platform.routes()]
        self.app = web.Application([*consents, *theirs, *orders], log_function=lambda _: None)

    def end_faults(self) -> None:
        for platform in self.platforms:
            platform.faults.end_all()

    async def close(self) -> None:
        self.end_faults()
        await self.outbox.close()
        self.state.close()
