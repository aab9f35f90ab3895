"""The modules that a page comes to need: named in its head, they are fetched at once, not one import after another."""

import re
from urllib.parse import urljoin

from handlers.files import FOLDERS

_SERVED = {f"{folder}{name}": file for folder, files in FOLDERS.items() for name, file in files.items()}
_ENTRY = re.compile(r'<script type="module" src="([^"]+)">')
_IMPORTED = re.compile(r'^(?:import|.* from) "([./][^"]*)";', re.MULTILINE)


def preloads(page: str) -> str:
    """Links for what the page's own modules import, and those in turn."""
    entries = _ENTRY.findall(page)
    needed = list(entries)
    for path in needed:  # which grows meanwhile
        needed += [found for found in imports(path) if found not in needed]
    return "\n".join(f'<link rel="modulepreload" href="{path}">' for path in needed[len(entries) :])


def imports(path: str) -> list[str]:
    names = _IMPORTED.findall(_SERVED[path].content.decode())
    return list(dict.fromkeys(urljoin(path, name) for name in names))
