"""A disconnect that the process doesn't live through is finished by the next one."""

from contextlib import suppress

import requests

from tests.e2e.service import Service, eventually


def test_a_kill_while_the_platform_takes_its_time_ends_in_disconnected(service: Service) -> None:
    service.sandbox.fault("github", "hang")
    with suppress(requests.RequestException):
        service.call("DELETE", "/api/connections/github", by="ada", role="user", timeout=0.2)
    eventually(lambda: service.sandbox.hanging("github"), what="a call that hangs")
    service.kill()
    service.sandbox.heal("github")

    service.start()

    listed = service.call("GET", "/api/connections/github", by="ada", role="user").json()
    assert (listed["status"], listed["account"]) == ("disconnected", None)
    eventually(lambda: service.logged("connection_ended"), what="the end")
    assert service.order("ada", "github", "poll").status_code == 409
