"""The client's type declarations, with what an app in TypeScript writes."""

import json
import re
from pathlib import Path

from tests.apps.building import CLIENT, HERE, NPM, app_folder, run

STRICT = {
    "strict": True,
    "noEmit": True,
    "module": "esnext",
    "moduleResolution": "bundler",
    "target": "es2022",
    "lib": ["es2022", "dom", "dom.iterable"],
    "jsx": "react-jsx",
    "preserveSymlinks": True,
    "types": ["react"],
    "exactOptionalPropertyTypes": True,
}


def test_they_let_an_app_pass_and_its_mistakes_not(tmp_path: Path) -> None:
    folder = app_folder(tmp_path, HERE / "typed.tsx")
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": STRICT, "files": ["typed.tsx"]}))
    run(folder, NPM / ".bin" / "tsc", "--project", "tsconfig.json")


def test_they_name_what_the_modules_export() -> None:
    for name in ("soulwire", "react"):
        declared = re.findall(r"export declare (?:class|function|const) (\w+)", (CLIENT / f"{name}.d.ts").read_text())
        source = (CLIENT / f"{name}.js").read_text()
        listed = re.findall(r"export \{ ([^}]+) \}", source)
        exported = [one.strip() for names in listed for one in names.split(",")]
        assert sorted(declared) == sorted(exported + re.findall(r"export (?:function|class|const) (\w+)", source))
