"""Why the server ends a stream, in numbers. Below 4500: come back, with the cursor; from 4500 on: don't."""

import json
from enum import IntEnum
from random import Random


class Code(IntEnum):
    GOING_AWAY = 4000
    TOKEN_EXPIRED = 4001
    TOO_SLOW = 4008
    NO_PONG = 4010
    TOO_MANY = 4013
    NOT_NOW = 4020
    NO_AUTH = 4500
    INVALID_TOKEN = 4501
    BAD_MESSAGE = 4502
    NOT_ALLOWED = 4503
    TOO_MANY_STREAMS = 4504
    REVOKED = 4505

    @property
    def come_back(self) -> bool:
        return self < 4500


IN_WORDS = {
    Code.NO_AUTH: "no auth within 10 seconds",
    Code.INVALID_TOKEN: "the token is not good",
    Code.BAD_MESSAGE: "the message can't be read, or is too large",
    Code.NOT_ALLOWED: "not allowed",
    Code.TOO_MANY_STREAMS: "too many open streams of this user",
    Code.REVOKED: "the token was revoked",
}

_WAIT_MS = {
    Code.TOKEN_EXPIRED: (100, 1_000),
    Code.TOO_SLOW: (1_000, 5_000),
    Code.NO_PONG: (500, 3_000),
    Code.TOO_MANY: (10_000, 30_000),
    Code.NOT_NOW: (2_000, 8_000),
}
RETURNS_PER_SECOND = 500
"""How many of those that a stop sends away are to come back in any one second."""


def retry_after_ms(code: Code, random: Random, sent_away: int = 1) -> int:
    """When to come back; with chance in it, so that those who left together don't return together."""
    if code is Code.GOING_AWAY:
        return random.randint(500, 1_500 + 1_000 * sent_away // RETURNS_PER_SECOND)
    return random.randint(*_WAIT_MS[code])


def close_reason(code: Code, retry_ms: int | None) -> str:
    """What a close frame carries beside the code; it has 123 bytes."""
    return IN_WORDS[code] if retry_ms is None else json.dumps({"retry_after_ms": retry_ms})
