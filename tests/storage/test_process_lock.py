"""One process per SQLite file."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from storage.lock import AlreadyRunning, ProcessLock

HOLD = """
import sys
from storage.lock import ProcessLock
with ProcessLock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


def hold(path: Path) -> "subprocess.Popen[str]":
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout
    assert child.stdout.readline() == "held\n"
    return child


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "soulwire.db.lock"


def test_a_second_process_is_told_who_holds_it(path: Path) -> None:
    with hold(path) as child:
        with pytest.raises(AlreadyRunning, match=rf"process {child.pid} holds {path}$"):
            ProcessLock(path).acquire()
        child.communicate("")
    with ProcessLock(path):
        assert path.read_text().strip() == str(os.getpid())


def test_a_process_that_was_killed_holds_it_no_longer(path: Path) -> None:
    with hold(path) as child:
        child.send_signal(signal.SIGKILL)
        child.wait()
        with ProcessLock(path):
            assert path.read_text().strip() == str(os.getpid())


def test_released_it_can_be_taken_again(path: Path) -> None:
    lock = ProcessLock(path)
    for _ in range(2):
        lock.acquire()
        with pytest.raises(AlreadyRunning):
            ProcessLock(path).acquire()
        lock.release()
    lock.release()


def test_what_a_child_of_the_holder_inherits_is_not_the_lock(path: Path) -> None:
    with ProcessLock(path):
        child = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    try:
        ProcessLock(path).acquire()
    finally:
        child.communicate(b"")
