"""Further platforms come from a file; what is wrong there is one line with the file and the key."""

import re
from pathlib import Path

import pytest

from deploy import loading
from deploy.commands import check
from deploy.errors import SettingError
from deploy.platforms import configured, known
from storage.records import Secret
from tests.deploy.told import KEYS, refusal, settings

ROOT = Path(__file__).parent.parent.parent
(EXAMPLE,) = re.findall(r"```toml\n(.*?)```", (ROOT / "deploy/README.md").read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The guide's own example."""
    (tmp_path / "acme.secret").write_text("canary-1234\n", encoding="utf-8")
    (tmp_path / "platforms.toml").write_text(EXAMPLE, encoding="utf-8")
    return tmp_path / "platforms.toml"


def test_the_guides_example_is_a_platform(file: Path) -> None:
    told = settings(PLATFORMS_FILE=str(file))
    acme = configured(told)["acme"]
    assert (acme.title, acme.poll_every, acme.client.id) == ("Acme", "1h", "soulwire")
    assert acme.client.secret == Secret("canary-1234")
    assert acme.found("orders", 3) == "3 new orders at Acme"
    assert {"acme", "github"} <= set(known(told))


def test_the_environment_goes_before_the_file(file: Path) -> None:
    told = settings(PLATFORMS_FILE=str(file), ACME_CLIENT_SECRET="other", ACME_API_URL="http://127.0.0.1:9")
    acme = configured(told)["acme"]
    assert acme.client.secret == Secret("other")
    assert acme.urls.api_url == "http://127.0.0.1:9"


def test_it_is_shown_without_its_secret(file: Path) -> None:
    told = settings(PLATFORMS_FILE=str(file))
    lines = "\n".join(check.report(told))
    assert "ACME_CLIENT_ID           soulwire" in lines
    assert "canary-1234" not in lines + repr(told)


def test_a_secret_that_stands_in_the_file_itself_is_shown_nowhere(file: Path) -> None:
    file.write_text(EXAMPLE.replace("client_secret_file = ", "client_secret = "), encoding="utf-8")
    told = settings(PLATFORMS_FILE=str(file))
    assert configured(told)["acme"].client.secret == Secret("acme.secret")
    assert "acme.secret" not in repr(told) + "".join(check.report(told))


WRONG = [
    ('title = "Acme"', "", "acme: object missing required field `title`"),
    ('title = "Acme"', 'titel = "Acme"', "acme: "),
    ('token_url = "https://acme.example/token"', 'token_url = "acme"', "acme.token_url: expected an address"),
    ('api.acme.example"', 'api.acme.example/"', "acme.api_url: expected an address without a slash"),
    ('interval = "1h"', 'interval = "hourly"', "acme.interval: expected a duration"),
    ('client_auth = "form"', 'client_auth = "head"', "acme.client_auth: invalid enum value"),
    ("client_secret_file = ", "client_secret = 'x'\nclient_secret_file = ", "acme.client_secret: given together"),
    ('"acme.secret"', '"nowhere"', "acme.client_secret_file: cannot be read"),
    ('path = "/me"', 'path = "me"', "acme.identity.path: expected a path"),
    ('path = "/orders"', "path = 7", "acme.endpoints[0].path: expected `str`, got `int`"),
    ('path = "/orders"', 'path = "orders"', "acme.endpoints[0].path: expected a path"),
    ('data_type = "orders"', 'data_type = "My Orders"', "acme.endpoints[0].data_type: expected"),
    ('cursor_param = "since"', "", "acme.endpoints[0].cursor: cursor and cursor_param belong together"),
    ("etag = true", "etags = true", "acme.endpoints[0]: object contains unknown field `etags`"),
    ("[acme]", "[acme", "is not TOML"),
    ("acme", "github", "github: there is a platform or a setting of this name already"),
    ("acme", "Acme", "Acme: a platform's name is"),
]


@pytest.mark.parametrize(("good", "bad", "complaint"), WRONG)
def test_what_is_wrong_is_one_line_with_the_file_and_the_key(file: Path, good: str, bad: str, complaint: str) -> None:
    assert good in EXAMPLE
    file.write_text(EXAMPLE.replace(good, bad), encoding="utf-8")
    said = refusal(PLATFORMS_FILE=str(file)) or ""
    assert said.startswith(f"PLATFORMS_FILE: {file}: ")
    assert complaint in said
    assert "\n" not in said
    assert "canary-1234" not in said


def test_a_name_whose_settings_are_anothers_is_refused(file: Path) -> None:
    file.write_text(EXAMPLE.replace("[acme", "[google").replace("[[acme", "[[google"), encoding="utf-8")
    with pytest.raises(SettingError, match="google: GOOGLE_CLIENT_ID is a setting already"):
        loading.load({**KEYS, "PLATFORMS_FILE": str(file)}, {}, ("gmail",))


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    assert "cannot be read" in (refusal(PLATFORMS_FILE=str(tmp_path / "none.toml")) or "")
