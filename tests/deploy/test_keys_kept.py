"""A key that was made is for its owner alone, and there is only ever one of a name."""

import threading
from pathlib import Path

import pytest

from deploy import keys
from storage.records import Secret


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    keys.kept(tmp_path / "state", "one")
    assert (tmp_path / "state" / "one.key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700


def test_nothing_else_is_left_beside_it(tmp_path: Path) -> None:
    keys.kept(tmp_path, "one")
    assert [path.name for path in tmp_path.iterdir()] == ["one.key"]


def test_two_names_have_two_keys(tmp_path: Path) -> None:
    assert keys.kept(tmp_path, "one") != keys.kept(tmp_path, "two")


def test_all_who_make_it_at_once_get_the_same(tmp_path: Path) -> None:
    together = threading.Barrier(8)
    found: list[Secret] = []

    def make() -> None:
        together.wait(5)
        found.append(keys.kept(tmp_path, "one"))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(found) == 8
    assert len(set(found)) == 1


def test_an_empty_file_is_not_taken_for_a_key(tmp_path: Path) -> None:
    (tmp_path / "one.key").write_text("")
    with pytest.raises(OSError, match="is empty"):
        keys.kept(tmp_path, "one")
