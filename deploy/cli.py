"""The command line: what can be asked of run.py, and how it ends."""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from actors.platforms import registry
from deploy import kinds, loading, logs
from deploy.commands import backup, check, conformance, load, migrate, restore, rotate_keys, token
from deploy.errors import CannotStart, NotDone, SettingError
from deploy.settings import Settings
from handlers.app import route_lines
from handlers.userids import is_user_id
from storage.database import StorageUnavailable

FAILED = 1
WRONG_SETTING = 2


def main(argv: Sequence[str], serve: Callable[[Settings], int]) -> int:
    """The process's exit code. What is wrong is one line on stderr."""
    arguments = parse(argv)
    try:
        if arguments.command == "routes":
            return _print(route_lines())
        if arguments.command in OUTSIDE:
            return OUTSIDE[arguments.command](arguments)
        settings = read_settings()
        if arguments.command == "check":
            return _print(check.report(settings))
        settings = loading.with_made_keys(settings)
        if arguments.command is None:
            return serve(loading.with_push_key(settings))
        logs.configure(settings.log_level, settings.log_format, descriptor=2)
        return _print(COMMANDS[arguments.command](settings, arguments))
    except SettingError as error:
        return _fail(WRONG_SETTING, error)
    except (CannotStart, NotDone, StorageUnavailable) as error:
        return _fail(FAILED, error)


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """`command` is None when the service itself is meant."""
    parser = argparse.ArgumentParser(prog="run.py", description="Soulwire. Without a command it serves, until SIGTERM.")
    commands = parser.add_subparsers(dest="command", metavar="command")
    commands.add_parser("check", help="show the settings, or say what is wrong with them")
    commands.add_parser("migrate", help="bring the database up to date and stop; serving does so too")
    commands.add_parser("routes", help="list every path")
    rotation = commands.add_parser("rotate-keys", help="seal with the first encryption key what others sealed")
    rotation.add_argument("--dry-run", action="store_true", help="only count")
    copied = commands.add_parser("backup", help="copy the SQLite database to a file, beside a running service")
    copied.add_argument("file", type=Path, metavar="FILE")
    put_back = commands.add_parser("restore", help="put such a file in place of the SQLite database")
    put_back.add_argument("file", type=Path, metavar="FILE")
    one_token = commands.add_parser("token", help="sign a token as the app would")
    one_token.add_argument("--user", required=True, type=_user, metavar="U")
    one_token.add_argument("--role", choices=("user", "service", "admin"), default="user")
    one_token.add_argument("--org", metavar="O")
    one_token.add_argument("--ttl", type=_duration, default="1h", metavar="1h")
    for name, command in (("conformance", conformance), ("load", load)):
        seen = commands.add_parser(name, help=command.HELP)
        command.add_arguments(seen)
        seen.set_defaults(parser=seen)
    return parser.parse_args(argv)


def read_settings() -> Settings:
    """From this process's environment and the `.env` here. What looks misspelt is said on stderr."""
    slugs = tuple(registry.PLATFORMS)
    dotenv = loading.read_dotenv(Path(".env"))
    settings = loading.load(os.environ, dotenv, slugs)
    for doubt in loading.misspelt(os.environ, dotenv, tuple(settings.platforms)):
        print(f"warning: {doubt}", file=sys.stderr)
    return settings


def _user(text: str) -> str:
    if not is_user_id(text):
        raise argparse.ArgumentTypeError("a user id is 1 to 128 of A-Z a-z 0-9 . _ ~ @ | : + -")
    return text


def _duration(text: str) -> int:
    try:
        return kinds.duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _token(settings: Settings, asked: argparse.Namespace) -> list[str]:
    return [token.issue(settings, asked.user, role=asked.role, org=asked.org, ttl=asked.ttl, now=time.time())]


def _print(lines: Iterable[str]) -> int:
    try:
        for line in lines:
            print(line, flush=True)
    except BrokenPipeError:  # whoever read has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return 0


def _fail(code: int, error: Exception) -> int:
    print(f"run.py: {error}", file=sys.stderr)
    return code


# Those that do something, with all the settings there are.
COMMANDS: dict[str, Callable[[Settings, argparse.Namespace], Iterable[str]]] = {
    "migrate": lambda settings, _: migrate.run(settings),
    "rotate-keys": lambda settings, asked: rotate_keys.run(settings, dry_run=asked.dry_run),
    "backup": lambda settings, asked: backup.run(settings, asked.file),
    "restore": lambda settings, asked: restore.run(settings, asked.file),
    "token": _token,
}

# Those that look at a deployment from outside, this one or another, and know no settings.
OUTSIDE: dict[str, Callable[[argparse.Namespace], int]] = {"conformance": conformance.main, "load": load.main}
