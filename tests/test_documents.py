"""What the documents point at is there, and they speak of this version."""

import re
from configparser import ConfigParser
from pathlib import Path

import pytest

from deploy import VERSION

ROOT = Path(__file__).parent.parent
PACKAGES = ("actors", "deploy", "handlers", "storage")
DOCUMENTS = sorted(ROOT.glob("*.md")) + [one for package in PACKAGES for one in sorted((ROOT / package).rglob("*.md"))]
SOURCE = re.compile(r"(?<![\w./])(?:actors|deploy|handlers|storage|tests)/[\w./-]*|run\.py")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_and_files_that_are_named_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    linked = [document.parent / target for target in LINK.findall(text)]
    named = [ROOT / name.rstrip("./") for name in SOURCE.findall(text)]
    assert [str(path.relative_to(ROOT)) for path in linked + named if not path.exists()] == []


@pytest.mark.parametrize("package", ["actors", "handlers"])
def test_a_map_names_every_file_of_its_package_once(package: str) -> None:
    text = (ROOT / package / "README.md").read_text(encoding="utf-8")
    places = text.partition("## Where things are\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in places.splitlines() if line.startswith("|")]
    named = [name for row in rows for name in re.findall(r"`(\w+\.py)`", row)]
    assert sorted(named) == sorted(path.name for path in (ROOT / package).glob("*.py") if path.name != "__init__.py")


def test_there_are_documents() -> None:
    assert {path.name for path in DOCUMENTS} >= {"README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"}


def test_the_version_stands_in_one_place() -> None:
    package = ConfigParser()
    package.read(ROOT / "setup.cfg")
    assert package["metadata"]["version"] == "attr: deploy.VERSION"
    released = re.findall(r"^## \[(\d[^]]*)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert released[:1] in ([], [VERSION])
