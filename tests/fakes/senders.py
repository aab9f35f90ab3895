"""Platforms for lanes: what they answer is decided by the test, call by call."""

import threading
from collections.abc import Callable

from actors.platforms.base import Answer, Call, Client
from actors.platforms.failures import CallFailed
from storage.records import Secret

OK = Answer(200, {}, b"{}")
BROKEN = Answer(503, {}, b"")
TIMED_OUT = CallFailed("timeout", "silent")


class Script:
    """Answers by `say`, and remembers the paths that were called."""

    def __init__(self, say: Callable[[str], Answer | Exception] = lambda path: OK) -> None:
        self.say = say
        self.called: list[str] = []

    def send(self, call: Call, bearer: Secret | None, client: Client | None) -> Answer:
        self.called.append(call.url)
        answer = self.say(call.url)
        if isinstance(answer, Answer):
            return answer
        raise answer


class Hanging:
    """Calls to an address with `hang` in it wait until they are let go; the others are answered."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.hanging = threading.Semaphore(0)
        """Released once for each call that has begun to hang."""

    def send(self, call: Call, bearer: Secret | None, client: Client | None) -> Answer:
        if "hang" in call.url:
            self.hanging.release()
            self.let_go.wait(30)
        return OK
