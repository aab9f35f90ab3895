"""An app of somebody's: its own folder, with the client, React and the tools among its packages."""

import os
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
CLIENT = HERE.parent.parent / "handlers" / "static" / "client"
NPM = HERE.parent / "npm" / "node_modules"
PATIENCE = 120.0


def app_folder(tmp_path: Path, source: Path) -> Path:
    """With the source in it, and where it finds what it imports."""
    packages = tmp_path / "node_modules"
    packages.mkdir()
    for package in ("react", "react-dom", "scheduler", "@types", "csstype"):
        (packages / package).symlink_to(NPM / package)
    (packages / "soulwire-client").symlink_to(CLIENT)
    shutil.copy(source, tmp_path)
    return tmp_path


def bundle(tmp_path: Path, source: Path) -> Path:
    """One script with everything in it."""
    folder = app_folder(tmp_path, source)
    options = ("--bundle", "--format=iife", "--preserve-symlinks", "--jsx=automatic", "--outfile=app.js")
    run(folder, NPM / ".bin" / "esbuild", source.name, *options, '--define:process.env.NODE_ENV="development"')
    return folder / "app.js"


def run(folder: Path, *command: str | Path) -> str:
    done = subprocess.run(
        [str(one) for one in command],
        cwd=folder,
        env=dict(os.environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said
