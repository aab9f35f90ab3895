"""What can be asked of run.py, and with which code it ends: 2 for a wrong setting, 1 when it can't start."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import jwt
import pytest

from storage import connections
from storage.database import Database
from storage.lock import ProcessLock
from storage.records import ConnectionKey, Secret, Token
from storage.vault import Vault

ROOT = Path(__file__).parents[2]
SECRET = "s" * 32
KEYS = {"JWT_SECRET": SECRET, "ENCRYPTION_KEY": "0" * 64}
PROGRAM = """
import socket, sys
from deploy import cli
from deploy.errors import CannotStart
from storage.database import StorageUnavailable

def serve(settings):
    if settings.port == 3999:
        raise StorageUnavailable("locked")
    try:
        socket.create_server((settings.host, settings.port)).close()
    except OSError:
        raise CannotStart(f"port {settings.port} is taken") from None
    print("served on", settings.port)
    return 0

sys.exit(cli.main(sys.argv[1:], serve))
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path


def run(place: Path, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """As run.py would, started in `place` with this environment and no other."""
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        cwd=place,
        env={"PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_without_a_command_it_serves(place: Path) -> None:
    served = run(place, **KEYS, PORT="3911")
    assert (served.returncode, served.stdout) == (0, "served on 3911\n")


def test_a_wrong_setting_is_one_line_and_code_2(place: Path) -> None:
    for words in ((), ("check",), ("migrate",)):
        wrong = run(place, *words, **KEYS, WORKERS="many")
        assert wrong.returncode == 2
        assert wrong.stdout == ""
        assert wrong.stderr == "run.py: WORKERS: expected a whole number from 1 to 1000, not 'many'\n"


def test_a_port_that_is_taken_is_one_line_and_code_1(place: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = run(place, **KEYS, PORT=str(port))
    assert (refused.returncode, refused.stderr) == (1, f"run.py: port {port} is taken\n")


def test_settings_come_from_the_dotenv_of_the_directory(place: Path) -> None:
    (place / ".env").write_text(f"JWT_SECRET={SECRET}\nENCRYPTION_KEY={'0' * 64}\nPORT=3912\nPROT=1\n")
    served = run(place)
    assert served.stdout == "served on 3912\n"
    assert served.stderr == "warning: PROT in .env is not a setting; did you mean PORT?\n"


def test_check_shows_what_holds_and_no_secret(place: Path) -> None:
    checked = run(place, "check", **KEYS, GITHUB_POLL="30m", DATABASE_URL="postgresql://me:hush@db/x")
    lines = dict(line.split(None, 1) for line in checked.stdout.splitlines())
    assert checked.returncode == 0
    assert lines["PORT"] == "3001"
    assert lines["SANDBOX"] == "false"
    assert lines["FRONTEND_URL"] == "http://127.0.0.1:3001"
    assert lines["API_RATE_LIMIT"] == "100 in 900 s"
    assert lines["RETENTION"] == "259200 s"
    assert lines["GITHUB_POLL"] == "30m"
    assert lines["SPOTIFY_POLL"] == lines["TRUSTED_PROXIES"] == lines["METRICS_TOKEN"] == "-"
    assert lines["JWT_SECRET"] == lines["ENCRYPTION_KEY"] == lines["DATABASE_URL"] == "***"
    assert not any(secret in checked.stdout for secret in ("hush", *KEYS.values()))


def test_check_makes_no_keys_and_no_database(place: Path) -> None:
    assert run(place, "check", SANDBOX="true").returncode == 0
    assert list(place.iterdir()) == []


def test_a_token_is_one_that_the_app_would_sign(place: Path) -> None:
    made = run(
        place, "token", "--user", "ada", "--role", "admin", "--org", "acme", "--ttl", "2h",
        **KEYS, JWT_AUDIENCE="soulwire", JWT_ISSUER="app",
    )  # fmt: skip
    assert made.returncode == 0
    claims = jwt.decode(made.stdout.strip(), SECRET, algorithms=["HS256"], audience="soulwire", issuer="app")
    assert (claims["sub"], claims["role"], claims["org"]) == ("ada", "admin", "acme")
    assert 7199 < claims["exp"] - claims["iat"] <= 7200


def test_a_plain_token_is_a_users_for_an_hour(place: Path) -> None:
    claims = jwt.decode(run(place, "token", "--user", "ada", **KEYS).stdout.strip(), SECRET, algorithms=["HS256"])
    assert set(claims) == {"sub", "role", "iat", "exp", "jti"}
    assert claims["role"] == "user"
    assert 3599 < claims["exp"] - claims["iat"] <= 3600


def test_the_sandboxs_tokens_are_signed_with_the_key_that_it_keeps(place: Path) -> None:
    made = run(place, "token", "--user", "ada", SANDBOX="true")
    key = (place / "sandbox-jwt.key").read_text()
    assert jwt.decode(made.stdout.strip(), key, algorithms=["HS256"])["sub"] == "ada"


def test_without_the_secret_no_token_can_be_signed(place: Path) -> None:
    keys = {"ENCRYPTION_KEY": "0" * 64, "JWT_JWKS_URL": "https://id.example/keys"}
    refused = run(place, "token", "--user", "ada", **keys)
    assert (refused.returncode, refused.stderr) == (
        2,
        "run.py: JWT_SECRET: missing; without it only the app can sign tokens\n",
    )


@pytest.mark.parametrize(
    "words",
    [
        ("token",),
        ("token", "--user", "a b"),
        ("token", "--user", "ada", "--role", "king"),
        ("token", "--user", "ada", "--ttl", "soon"),
        ("dance",),
    ],
)
def test_what_cannot_be_asked_is_said_with_the_usage(place: Path, words: tuple[str, ...]) -> None:
    refused = run(place, *words, **KEYS)
    assert refused.returncode == 2
    assert "usage: run.py" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_migrate_makes_the_database_and_says_so(place: Path) -> None:
    migrated = run(place, "migrate", **KEYS)
    assert (migrated.returncode, migrated.stdout) == (0, "The database is up to date.\n")
    assert (place / "soulwire.db").exists()
    assert run(place, "migrate", **KEYS).returncode == 0


OLD, NEW = "0" * 64, "1" * 64


@pytest.fixture
def tokens(place: Path) -> Path:
    """A database with an access and a refresh token, sealed with the old key."""
    vault = Vault([bytes.fromhex(OLD)])
    database = Database.open(f"sqlite:///{place}/soulwire.db", vault=vault)
    key = ConnectionKey("ada", "github")
    token = Token(Secret("access"), Secret("refresh"))
    database.write(lambda tx: connections.create(tx, key, 0.0)).result(10)
    database.write(lambda tx: connections.keep_token(tx, vault, key, 0, token)).result(10)
    database.close()
    return place


def with_key(key: str) -> dict[str, str]:
    return {**KEYS, "ENCRYPTION_KEY": key}


def test_a_key_is_rotated_beside_a_running_service_and_then_needed_no_longer(tokens: Path) -> None:
    with ProcessLock(tokens / "soulwire.db.lock"):
        rotated = run(tokens, "rotate-keys", **with_key(f"{NEW},{OLD}"))
    assert (rotated.returncode, rotated.stdout) == (0, "2 secrets, 2 of them now sealed with the first key\n")
    assert run(tokens, "migrate", **with_key(NEW)).returncode == 0
    assert run(tokens, "migrate", **with_key(OLD)).returncode == 2


def test_a_dry_run_only_counts(tokens: Path) -> None:
    counted = run(tokens, "rotate-keys", "--dry-run", **with_key(f"{NEW},{OLD}"))
    assert (counted.returncode, counted.stdout) == (0, "2 secrets, 2 of them to be sealed with the first key\n")
    assert run(tokens, "migrate", **with_key(OLD)).returncode == 0


def test_secrets_that_no_key_opens_are_said_and_end_with_code_1(tokens: Path) -> None:
    counted = run(tokens, "rotate-keys", "--dry-run", **with_key(NEW))
    assert counted.returncode == 1
    assert counted.stderr.splitlines()[-1] == (
        "run.py: 2 open with none of the keys, and were left as they are: keep the old keys"
    )


def test_another_key_than_the_databases_is_a_wrong_setting(place: Path) -> None:
    run(place, "migrate", **KEYS)
    before = (place / "soulwire.db").read_bytes()
    refused = run(place, "migrate", **{**KEYS, "ENCRYPTION_KEY": "1" * 64})
    assert refused.returncode == 2
    assert refused.stderr.startswith("run.py: ENCRYPTION_KEY: is not the one that this database was written with")
    assert len(refused.stderr.splitlines()) == 1
    assert (place / "soulwire.db").read_bytes() == before


def test_a_database_that_another_process_holds_is_one_line_and_code_1(place: Path) -> None:
    with ProcessLock(place / "soulwire.db.lock"):
        refused = run(place, "migrate", **KEYS)
    assert refused.returncode == 1
    assert refused.stderr.startswith("run.py: another Soulwire runs on this database: process ")
    assert len(refused.stderr.splitlines()) == 1


@pytest.mark.parametrize("url", ["sqlite:///none/soulwire.db", "sqlite:////proc/soulwire.db", "sqlite:///folder/x.db"])
def test_a_database_that_cannot_be_opened_is_one_line_and_code_1(place: Path, url: str) -> None:
    (place / "folder" / "x.db").mkdir(parents=True)
    refused = run(place, "migrate", **KEYS, DATABASE_URL=url)
    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()) == 1


def test_routes_lists_every_path_with_its_methods_however_it_is_set_up(place: Path) -> None:
    listed = run(place, "routes").stdout.splitlines()
    assert any(line.split()[:2] == ["GET", "/health"] for line in listed)
    assert any("/api/webhooks/{platform}/{user}" in line and "POST" in line for line in listed)


def test_a_reader_that_has_seen_enough_is_no_trouble(place: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, "routes"],
        cwd=place,
        env={"PYTHONPATH": str(ROOT)},
        stdout=write,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    os.close(write)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_a_database_that_goes_away_while_it_starts_is_one_line(place: Path) -> None:
    ended = run(place, **KEYS, PORT="3999")
    assert ended.returncode == 1
    assert ended.stderr == "run.py: locked: another process holds the database\n"
