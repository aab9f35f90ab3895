"""The sandbox is for loopback, needs nothing from anyone, and uses what it is given."""

from pathlib import Path

import pytest

from deploy import loading
from deploy.errors import SettingError
from deploy.sandbox.places import endpoints
from deploy.settings import Settings
from storage.records import Secret
from tests.deploy.told import PLATFORMS


def sandbox(**given: str) -> Settings:
    return loading.load({"SANDBOX": "true", **given}, {}, PLATFORMS)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("HOST", "0.0.0.0"),
        ("HOST", "::"),
        ("HOST", "live.example"),
        ("HOST", "localhost.example"),
        ("PUBLIC_URL", "https://live.example"),
        ("PUBLIC_URL", "http://127.0.0.1.example:3001"),
        ("PUBLIC_URL", "http://192.168.0.2:3001"),
    ],
)
def test_it_is_refused_anywhere_but_on_loopback(name: str, text: str) -> None:
    with pytest.raises(SettingError, match=f"^SANDBOX: is for loopback only, and {name} is "):
        sandbox(**{name: text})


@pytest.mark.parametrize(
    ("host", "public_url"),
    [("127.0.0.1", "http://localhost:3001"), ("::1", "http://[::1]:3001"), ("localhost", "http://127.8.9.1:80")],
)
def test_loopback_has_several_names(host: str, public_url: str) -> None:
    assert sandbox(HOST=host, PUBLIC_URL=public_url).sandbox


def test_it_needs_a_port_above_the_services() -> None:
    with pytest.raises(SettingError, match="^PORT: "):
        sandbox(PORT="65535")


def test_platforms_are_on_the_port_above_with_made_up_clients() -> None:
    github = sandbox(PORT="4000").platforms["github"]
    places = endpoints(4001)["github"]
    assert (github.authorize_url, github.token_url, github.api_url) == (
        places["authorize"], places["token"], places["api"]
    )  # fmt: skip
    assert github.client_id == "sandbox-github"
    assert github.client_secret == Secret("sandbox-github-secret")


def test_what_is_given_is_used() -> None:
    told = sandbox(GITHUB_CLIENT_ID="mine", GITHUB_CLIENT_SECRET="hush", SPOTIFY_API_URL="http://127.0.0.1:9/x")
    assert told.platforms["github"].client_id == "mine"
    assert told.platforms["github"].client_secret == Secret("hush")
    assert told.platforms["spotify"].api_url == "http://127.0.0.1:9/x"


def test_keys_are_made_once_and_kept(tmp_path: Path) -> None:
    first = loading.with_made_keys(sandbox(STATE_DIR=str(tmp_path / "state")))
    again = loading.with_made_keys(sandbox(STATE_DIR=str(tmp_path / "state")))
    elsewhere = loading.with_made_keys(sandbox(STATE_DIR=str(tmp_path / "other")))
    assert first.jwt_secret is not None
    assert (first.jwt_secret, first.encryption_key) == (again.jwt_secret, again.encryption_key)
    assert first.jwt_secret != elsewhere.jwt_secret
    assert [len(key) for key in first.encryption_bytes()] == [32]


def test_keys_that_are_given_are_not_made(tmp_path: Path) -> None:
    given = sandbox(STATE_DIR=str(tmp_path), JWT_SECRET="s" * 32, ENCRYPTION_KEY="0" * 64)
    assert loading.with_made_keys(given) == given
    assert list(tmp_path.iterdir()) == []


def test_loading_alone_writes_nothing(tmp_path: Path) -> None:
    sandbox(STATE_DIR=str(tmp_path / "state"))
    assert list(tmp_path.iterdir()) == []


def test_a_state_directory_that_cannot_be_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(SettingError, match="^STATE_DIR: no keys can be kept there: "):
        loading.with_made_keys(sandbox(STATE_DIR=str(tmp_path / "state")))
