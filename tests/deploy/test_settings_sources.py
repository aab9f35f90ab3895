"""Settings come from the environment, from `.env`, and secrets from files; what is said nearer wins."""

from pathlib import Path

import pytest

from deploy import loading
from deploy.errors import SettingError
from storage.records import Secret
from tests.deploy.told import KEYS, PLATFORMS

LONG = "x" * 40


def load(environ: dict[str, str], dotenv: dict[str, str]) -> loading.Settings:
    return loading.load(environ, {**KEYS, **dotenv}, PLATFORMS)


def test_the_environment_wins_over_the_file() -> None:
    assert load({"PORT": "4000"}, {"PORT": "5000", "WORKERS": "8"}).port == 4000
    assert load({"PORT": ""}, {"PORT": "5000"}).port == 5000


def test_a_secret_is_read_from_the_file_that_is_named(tmp_path: Path) -> None:
    (tmp_path / "jwt").write_text(LONG + "\n")
    assert load({"JWT_SECRET_FILE": str(tmp_path / "jwt")}, {}).jwt_secret == Secret(LONG)


def test_a_secret_file_in_the_environment_wins_over_a_secret_in_env(tmp_path: Path) -> None:
    (tmp_path / "jwt").write_text(LONG)
    told = load({"JWT_SECRET_FILE": str(tmp_path / "jwt")}, {"JWT_SECRET": "y" * 40})
    assert told.jwt_secret == Secret(LONG)


def test_a_platforms_secret_is_read_from_a_file_too(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hush")
    told = load({"GITHUB_CLIENT_ID": "id", "GITHUB_CLIENT_SECRET_FILE": str(tmp_path / "secret")}, {})
    assert told.platforms["github"].client_secret == Secret("hush")


def test_a_secret_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"^JWT_SECRET: given together with JWT_SECRET_FILE$"):
        load({"JWT_SECRET": LONG, "JWT_SECRET_FILE": str(tmp_path / "jwt")}, {})


def test_a_secret_file_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"^JWT_SECRET_FILE: cannot be read: No such file or directory$"):
        load({"JWT_SECRET_FILE": str(tmp_path / "none")}, {})


@pytest.mark.parametrize(("content", "complaint"), [(b"\n", "the file is empty"), (b"\xff\xfe", "it is not UTF-8")])
def test_a_secret_file_without_a_secret_is_refused(tmp_path: Path, content: bytes, complaint: str) -> None:
    (tmp_path / "jwt").write_bytes(content)
    with pytest.raises(SettingError, match=f"^JWT_SECRET_FILE: .*{complaint}$"):
        load({"JWT_SECRET_FILE": str(tmp_path / "jwt")}, {})


def test_a_short_secret_in_a_file_names_the_setting_and_not_the_secret(tmp_path: Path) -> None:
    (tmp_path / "jwt").write_text("short-hush")
    with pytest.raises(SettingError, match=r"^JWT_SECRET: expected 32 bytes or more$"):
        load({"JWT_SECRET_FILE": str(tmp_path / "jwt")}, {})


def test_what_is_no_secret_has_no_file(tmp_path: Path) -> None:
    (tmp_path / "port").write_text("4000")
    assert load({"PORT_FILE": str(tmp_path / "port")}, {}).port == 3001


def test_dotenv_is_taken_literally(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# ours\nJWT_SECRET='a$b${HOME}#c'\nexport PORT=4000\nMETRICS_TOKEN\n")
    assert loading.read_dotenv(tmp_path / ".env") == {"JWT_SECRET": "a$b${HOME}#c", "PORT": "4000"}
    assert loading.read_dotenv(tmp_path / "none") == {}


def test_a_dotenv_that_cannot_be_read_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    with pytest.raises(SettingError, match=r"\.env: cannot be read: Is a directory$"):
        loading.read_dotenv(tmp_path / ".env")


def test_a_misspelt_name_is_noticed() -> None:
    environ = {"ENCRYPTION_KEYS": "x", "GITHUB_TOKEN": "x", "HOSTNAME": "x", "PATH": "x", "PORT": "1"}
    dotenv = {"API_RATELIMIT": "x", "REDIS_URL": "x", "JWT_SECRET_FILE": "x", "PORT": "1"}
    assert loading.misspelt(environ, dotenv, PLATFORMS) == [
        "API_RATELIMIT in .env is not a setting; did you mean API_RATE_LIMIT?",
        "REDIS_URL in .env is not a setting",
        "ENCRYPTION_KEYS is not a setting; did you mean ENCRYPTION_KEY?",
    ]
