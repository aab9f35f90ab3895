"""What a machine lacks is installed where that is allowed, and named where it isn't."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEW_PYTHON = '#!/bin/sh\n[ $1 = -c ] && exit 0\n[ $1 = --version ] && echo Python 3.12.1\necho "$*" >> "$LOG"\n'
OLD_PYTHON = "#!/bin/sh\nexit 1\n"


class Machine:
    """A Debian of our own: only these commands, and a log of what was asked of them."""

    def __init__(self, root: Path) -> None:
        self.bin = root / "bin"
        self.bin.mkdir()
        self.tree = root / "tree"
        (self.tree / "deploy").mkdir(parents=True)
        shutil.copy(ROOT / "deploy" / "prepare", self.tree / "deploy")
        self.log = root / "log"
        self.log.touch()
        for name in ("sh", "dirname", "env", "echo", "ls"):
            (self.bin / name).symlink_to(shutil.which(name) or name)
        self.command("id", "#!/bin/sh\necho 0\n")

    def command(self, name: str, script: str) -> None:
        (self.bin / name).write_text(script)
        (self.bin / name).chmod(0o755)

    def prepare(self, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [str(self.bin / "sh"), "deploy/prepare", *words],
            cwd=self.tree, env={"PATH": str(self.bin), "LOG": str(self.log), **environment},
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip

    def asked(self) -> list[str]:
        return self.log.read_text().splitlines()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def apt_get(then: str = "") -> str:
    return f'#!/bin/sh\necho "apt-get $*" >> "$LOG"\n{then}\n'


def test_what_is_there_is_left_alone(machine: Machine) -> None:
    machine.command("chromium", "#!/bin/sh\n")
    machine.command("apt-get", apt_get())
    assert machine.prepare("packages", "chromium").returncode == 0
    assert machine.asked() == []


def test_what_is_missing_is_installed_by_root_at_once(machine: Machine) -> None:
    machine.command("npm", "#!/bin/sh\n")
    machine.command("apt-get", apt_get())
    assert machine.prepare("packages", "chromium", "nodejs", "npm").returncode == 0
    assert machine.asked() == [
        "apt-get -qq update",
        "apt-get -qq -y --no-install-recommends install chromium nodejs",
    ]


def test_somebody_else_does_so_by_sudo_when_it_asks_for_nothing(machine: Machine) -> None:
    machine.command("id", "#!/bin/sh\necho 1000\n")
    machine.command("sudo", '#!/bin/sh\n[ "$2" = true ] && exit 0\nshift\nexec "$@"\n')
    machine.command("apt-get", apt_get())
    assert machine.prepare("packages", "chromium").returncode == 0
    assert machine.asked()[-1] == "apt-get -qq -y --no-install-recommends install chromium"


@pytest.mark.parametrize(("environment", "code"), [({}, 0), ({"CI": "true"}, 1)])
def test_where_it_cannot_be_installed_it_is_named_and_only_ci_ends_there(
    machine: Machine, environment: dict[str, str], code: int
) -> None:
    machine.command("id", "#!/bin/sh\necho 1000\n")
    machine.command("apt-get", apt_get())
    prepared = machine.prepare("packages", "chromium", **environment)
    assert prepared.returncode == code
    assert "only root can install chromium: sudo apt-get install chromium" in prepared.stderr
    assert "going on without: chromium" in prepared.stderr


def test_another_system_is_told_what_is_missing(machine: Machine) -> None:
    prepared = machine.prepare("packages", "chromium")
    assert prepared.returncode == 0
    assert "there is no apt-get here to install chromium with" in prepared.stderr


def test_the_first_python_that_is_new_enough_makes_the_environment(machine: Machine) -> None:
    machine.command("python3", OLD_PYTHON)
    machine.command("python3.12", NEW_PYTHON)
    assert machine.prepare("venv").returncode == 0
    assert machine.asked()[-1] == "-m venv --clear .venv"


def test_an_environment_that_works_is_kept(machine: Machine) -> None:
    (machine.tree / ".venv" / "bin").mkdir(parents=True)
    python = machine.tree / ".venv" / "bin" / "python"
    python.write_text(NEW_PYTHON)
    python.chmod(0o755)
    assert machine.prepare("venv").returncode == 0
    assert machine.asked() == []


def test_a_machine_without_a_python_gets_one(machine: Machine) -> None:
    python = machine.bin / "python3"
    install = f"echo '{NEW_PYTHON}' > {python}; chmod 755 {python}"
    machine.command("apt-get", apt_get(f'[ "$2" = update ] || {{ {install}; }}'))
    (machine.bin / "chmod").symlink_to(shutil.which("chmod") or "chmod")
    assert machine.prepare("venv").returncode == 0
    assert machine.asked()[-1] == "-m venv --clear .venv"


def test_without_any_python_it_says_which_it_needs(machine: Machine) -> None:
    machine.command("python3", OLD_PYTHON)
    prepared = machine.prepare("venv")
    assert prepared.returncode == 1
    assert prepared.stderr.splitlines()[-1] == (
        "prepare: Soulwire needs Python 3.11 or later, with its venv module (Debian: python3-venv)"
    )
