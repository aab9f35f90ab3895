"""What can be set is what deploy/README.md says, line by line."""

import re
from pathlib import Path

from deploy.settings import Setting, table
from tests.deploy.told import PLATFORMS

README = Path(__file__).parents[2] / "deploy" / "README.md"


def line(setting: Setting) -> str:
    name = f"{{PLATFORM}}_{setting.attribute.upper()}" if _is_platforms(setting) else setting.name
    default = f"`{setting.default}`" if setting.default else ""
    lock = " 🔒" if setting.secret else ""
    return f"| `{name}`{lock} | {default} | {setting.help} |"


def _is_platforms(setting: Setting) -> bool:
    return setting.name.lower() != setting.attribute


def test_the_table_is_the_one_in_the_code() -> None:
    expected = list(dict.fromkeys(map(line, table(PLATFORMS))))
    written = re.findall(r"^\| `[A-Z{].*\|$", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert written == expected
