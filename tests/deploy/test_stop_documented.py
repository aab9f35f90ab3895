"""Whoever runs the service is told how long a stop may take: no less than it does take."""

import re
from pathlib import Path

import run
from actors import lanes

GUIDE = (Path(__file__).parents[2] / "deploy" / "README.md").read_text(encoding="utf-8")
SPARE = 10.0
"""For what has no bound of its own: queued writes, connections that close."""


def test_service_managers_wait_for_longer_than_a_stop_takes() -> None:
    pushes = lanes.GRACE
    at_most = run.DRAIN + run.ANSWERS + pushes + lanes.GRACE + run.FINISH + run.TURNS
    (said,) = re.findall(r"up to (\d+) while platforms", GUIDE)
    waits = re.findall(r"`(?:TimeoutStopSec=|stop_grace_period: |terminationGracePeriodSeconds: )(\d+)s?`", GUIDE)
    assert at_most <= int(said)
    assert [int(seconds) >= at_most + SPARE for seconds in waits] == [True] * 3
