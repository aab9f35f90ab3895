"""The client's modules by themselves, in Node; and what they have in common with the server and the documents."""

import re
import subprocess
from pathlib import Path

import pytest

from handlers.codes import Code
from tests.apps.building import CLIENT

HERE = Path(__file__).parent / "client"


@pytest.mark.parametrize("file", sorted(HERE.glob("*.test.js")), ids=lambda path: path.name)
def test_in_node(file: Path) -> None:
    done = subprocess.run(
        ["node", "--test", "--test-reporter=tap", str(file)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(re.findall(r"^# pass (\d+)", done.stdout, re.MULTILINE)[0]) >= 3


def test_the_codes_are_the_servers() -> None:
    told = dict(re.findall(r"^  ([A-Z_]+): (\d+),", (CLIENT / "codes.js").read_text(), re.MULTILINE))
    typed = dict(re.findall(r"readonly ([A-Z_]+): (\d+);", (CLIENT / "soulwire.d.ts").read_text()))
    assert typed == told
    assert sorted(map(int, told.values())) == sorted([0, *Code])


def test_the_readme_has_the_table_of_states() -> None:
    """Each state, and each that it leads to."""
    source = re.findall(r"^  (\w+): \{ (.*) \},$", (CLIENT / "states.js").read_text(), re.MULTILINE)
    leads = {state: {to for _, to in re.findall(r'(\w+): "(\w+)"', what)} for state, what in source}
    rows = re.findall(r"^\| `(connecting|live|offline|error)` \| (.*) \| (.*) \|$", _readme(), re.MULTILINE)
    told = {state: set(re.findall(r"`(connecting|live|offline|error)`", to)) for state, _, to in rows}
    assert leads.keys() == told.keys() == {"connecting", "live", "offline", "error"}
    for state, to in leads.items():
        if state == "error":
            to.discard("offline")  # what close() does stands below the table
        assert told[state] == to, state


def _readme() -> str:
    return (CLIENT / "README.md").read_text()
