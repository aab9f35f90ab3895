"""`make run` plays the platforms when nobody said that there are real ones."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A tree that is set up already, and whose Python only says what it was told."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "requirements.lock").touch()
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    python = tmp_path / ".venv" / "bin" / "python"
    python.write_text('#!/bin/sh\necho "$* SANDBOX=${SANDBOX-unset}"\n')
    python.chmod(0o755)
    (tmp_path / ".venv" / ".ready").touch()
    return tmp_path


def made(checkout: Path, **environment: str) -> str:
    run = subprocess.run(
        ["make", "--no-print-directory", "run"],
        cwd=checkout,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return run.stdout.splitlines()[-1]


def test_with_nothing_said_it_is_the_sandbox(checkout: Path) -> None:
    assert made(checkout) == "run.py SANDBOX=true"


@pytest.mark.parametrize("name", ["GITHUB_CLIENT_ID", "GOOGLE_CLIENT_SECRET_FILE", "SPOTIFY_CLIENT_SECRET"])
def test_with_credentials_it_is_not(checkout: Path, name: str) -> None:
    assert made(checkout, **{name: "x"}) == "run.py SANDBOX=unset"


def test_with_a_dotenv_it_is_not(checkout: Path) -> None:
    (checkout / ".env").touch()
    assert made(checkout) == "run.py SANDBOX=unset"


def test_what_was_said_of_it_holds(checkout: Path) -> None:
    assert made(checkout, SANDBOX="false") == "run.py SANDBOX=false"


def test_empty_credentials_are_none(checkout: Path) -> None:
    assert made(checkout, GITHUB_CLIENT_ID="") == "run.py SANDBOX=true"
