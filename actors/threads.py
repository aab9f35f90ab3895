"""A few threads for work that blocks, made when first needed."""

import threading
from collections.abc import Callable
from queue import SimpleQueue

import structlog

log = structlog.get_logger()


class LazyThreads:
    """An executor with up to `most` threads; they don't keep the process from ending, whatever they wait for."""

    def __init__(self, name: str, most: int) -> None:
        self._name = name
        self._most = most
        self._lock = threading.Lock()
        self._count = 0
        self._idle = 0
        self._work: SimpleQueue[Callable[[], object] | None] = SimpleQueue()

    def submit(self, work: Callable[[], object], /) -> None:
        with self._lock:
            if self._idle:
                self._idle -= 1
            elif self._count < self._most:
                threading.Thread(target=self._run, name=f"{self._name}-{self._count}", daemon=True).start()
                self._count += 1
        self._work.put(work)

    def stop(self) -> None:
        """The threads end once they are done with what was submitted; not waited for."""
        with self._lock:
            for _ in range(self._count):
                self._work.put(None)

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            try:
                work()
            except BaseException:
                log.exception("work_failed")
            with self._lock:
                self._idle += 1
