"""How the service speaks: a line per event, JSON or readable, with the request, user and platform it belongs to."""

import logging
import os
import sys
import threading
from types import TracebackType
from typing import Any

import msgspec
import structlog
from structlog.typing import EventDict, Processor


class Lines:
    """Whole lines to a file descriptor. A full disk or a reader that is gone costs lines, never the work that logs."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()
        self.lost = 0

    def msg(self, line: str | bytes) -> None:
        rest = memoryview(_bytes(line) + b"\n")
        with self._lock:
            try:
                while rest:
                    rest = rest[os.write(self._descriptor, rest) :]
            except OSError:
                self.lost += 1

    debug = info = warning = error = critical = exception = log = msg


def configure(level: str, form: str, descriptor: int = 1) -> Lines:
    """Everything said from now on, by us or by a library, goes to `descriptor`."""
    lines = Lines(descriptor)
    terminal = os.isatty(descriptor)
    readable = terminal if form == "auto" else form == "console"
    structlog.configure(
        processors=_processors(readable, colors=terminal),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=True,
    )
    _listen_to_libraries()
    _listen_to_the_dying()
    return lines


def to_json(_logger: Any, _method: str, event: EventDict) -> bytes:
    """What JSON doesn't know is shown by its `repr`, which for a Secret is `***`."""
    try:
        return _encoder.encode(event)
    except (ValueError, TypeError, RecursionError):  # half a surrogate, a key that is no text: still a line
        return _encoder.encode({key: _plain(value) for key, value in event.items()})


def _processors(readable: bool, colors: bool) -> list[Processor]:
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]
    if not readable:
        return [*shared, structlog.processors.format_exc_info, to_json]
    console = structlog.dev.ConsoleRenderer(
        colors=colors,
        timestamp_key="at",
        exception_formatter=structlog.dev.plain_traceback,  # the others show local variables, and tokens among them
    )
    return [*shared, _printable, console]


def _printable(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """No sign from outside that moves a terminal's cursor or colours what isn't its own."""
    return {
        key: "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in value)
        if isinstance(value, str) and not value.isprintable()
        else value
        for key, value in event.items()
    }


class _ToStructlog(logging.Handler):
    """What Pykka, Tornado, asyncio and the rest say through the standard library."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = record.getMessage()
        except Exception:
            message = str(record.msg)
        level = _known_level(record.levelno)
        structlog.get_logger().log(
            level, "library_spoke", logger=record.name, message=message, exc_info=record.exc_info
        )


def _listen_to_libraries() -> None:
    root = logging.getLogger()
    root.handlers = [_ToStructlog()]
    root.setLevel(logging.WARNING)
    logging.captureWarnings(True)
    logging.getLogger("tornado.access").disabled = True  # addresses may carry tickets; the service writes its own line


def _listen_to_the_dying() -> None:
    """Nothing ends without a word: uncaught exceptions of the process, its threads and its finalizers."""
    log = structlog.get_logger()

    def process(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
        else:
            log.critical("process_failed", exc_info=(kind, error, trace))

    def thread(failed: threading.ExceptHookArgs) -> None:
        if failed.exc_value is not None and failed.exc_type is not SystemExit:
            name = failed.thread.name if failed.thread else None
            log.error("thread_failed", thread=name, exc_info=failed.exc_value)

    def finalizer(ignored: "sys.UnraisableHookArgs") -> None:
        log.error("exception_ignored", where=repr(ignored.object), exc_info=ignored.exc_value or False)

    sys.excepthook = process
    threading.excepthook = thread
    sys.unraisablehook = finalizer


def _known_level(level: int) -> int:
    """The standard library allows any number; structlog knows five."""
    return max(logging.DEBUG, min(level // 10 * 10, logging.CRITICAL))


def _plain(value: Any) -> str:
    return _bytes(value).decode() if isinstance(value, str) else ascii(value)


def _bytes(line: str | bytes) -> bytes:
    return line if isinstance(line, bytes) else line.encode("utf-8", "backslashreplace")


_encoder = msgspec.json.Encoder(enc_hook=repr)
