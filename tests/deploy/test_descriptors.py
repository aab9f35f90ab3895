"""The process holds as many sockets as it is allowed to, and keeps some for requests."""

import resource

import pytest

from deploy import descriptors
from deploy.descriptors import ENOUGH, Room


@pytest.mark.parametrize(
    ("soft", "hard", "raised", "streams"),
    [
        (1_024, 524_288, ENOUGH, 63_280),
        (1_024, resource.RLIM_INFINITY, ENOUGH, 63_280),
        (1_024, 4_096, 4_096, 2_880),
        (1_024, 1_024, None, 576),
        (100_000, 100_000, None, 97_744),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, None, 63_280),
    ],
)
def test_the_limit_is_raised_as_far_as_it_goes(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, raised: int | None, streams: int
) -> None:
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: told.append(limits))
    assert descriptors.found().streams == streams
    assert told == ([] if raised is None else [(raised, hard)])


def test_requests_always_have_room_beside_streams() -> None:
    assert descriptors.room_in(256) == Room(128, 96)
