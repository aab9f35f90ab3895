"""Every setting is typed and checked; a wrong one is one line that names it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy import kinds, loading
from deploy.errors import SettingError
from deploy.settings import Setting, table
from storage.records import Secret
from tests.deploy.told import KEYS, PLATFORMS, refusal, settings


def test_without_a_word_it_listens_on_loopback_with_a_sqlite_file_here() -> None:
    told = settings()
    assert (told.host, told.port) == ("127.0.0.1", 3001)
    assert told.public_url == "http://127.0.0.1:3001"
    assert told.frontend_url == ("http://127.0.0.1:3001",)
    assert told.database_url == Secret("sqlite:///soulwire.db")
    assert told.state_dir == Path()
    assert told.api_rate_limit == (100, 900)
    assert told.webhook_rate_limit == (1000, 900)
    assert told.retention == 72 * 3600
    assert not told.sandbox
    assert told.platforms["github"].client_id is None


def test_addresses_follow_the_port_and_the_public_address() -> None:
    assert settings(PORT="4000").public_url == "http://127.0.0.1:4000"
    assert settings(PUBLIC_URL="https://live.example/").frontend_url == ("https://live.example",)


@pytest.mark.parametrize(
    ("url", "directory"),
    [
        ("sqlite:////var/lib/soulwire/a.db", Path("/var/lib/soulwire")),
        ("sqlite:///data/a.db", Path("data")),
        ("postgresql://db/soulwire", Path()),
    ],
)
def test_state_is_kept_beside_the_sqlite_file(url: str, directory: Path) -> None:
    assert settings(DATABASE_URL=url).state_dir == directory


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("SANDBOX", "Yes", True),
        ("SANDBOX", "0", False),
        ("HOST", "::", "::"),
        ("HOST", "live.example", "live.example"),
        ("FRONTEND_URL", "https://a.example, https://b.example/app/", ("https://a.example", "https://b.example/app")),
        ("TRUSTED_PROXIES", "10.0.0.0/8, ::1", ("10.0.0.0/8", "::1")),
        ("API_RATE_LIMIT", "6000/m", (6000, 60)),
        ("API_RATE_LIMIT", "5 / 2h", (5, 7200)),
        ("DELIVERY_RETENTION", "2w", 1_209_600),
        ("DURABILITY", "Normal", "normal"),
        ("JWT_JWKS_URL", "https://id.example/keys", "https://id.example/keys"),
        ("PORT", "", 3001),
    ],
)
def test_a_good_text_becomes_its_value(name: str, text: str, value: object) -> None:
    assert getattr(settings(**{name: text}), name.lower()) == value


WRONG = [
    ("HOST", "127.0.0.1:80"),
    ("HOST", "a b"),
    ("PORT", "http"),
    ("PORT", "0"),
    ("PORT", "65536"),
    ("PORT", "٣٠"),
    ("PUBLIC_URL", "live.example"),
    ("PUBLIC_URL", "ftp://live.example"),
    ("PUBLIC_URL", "https://live.example/path"),
    ("PUBLIC_URL", "https://me:pass@live.example"),
    ("PUBLIC_URL", "https://live.example:99999"),
    ("PUBLIC_URL", "https://"),
    ("PUBLIC_URL", "https://a b.example"),
    ("PUBLIC_URL", "https://[::1"),
    ("FRONTEND_URL", "https://a.example,,https://b.example"),
    ("FRONTEND_URL", "https://a.example?x=1"),
    ("TRUSTED_PROXIES", "proxy.example"),
    ("DATABASE_URL", "mysql://db/soulwire"),
    ("DATABASE_URL", "sqlite://soulwire.db"),
    ("DATABASE_URL", "sqlite:///:memory:"),
    ("DATABASE_URL", "soulwire.db"),
    ("DURABILITY", "half"),
    ("ENCRYPTION_KEY", "0" * 63),
    ("ENCRYPTION_KEY", "AAAA"),
    ("ENCRYPTION_KEY", "not base64 at all"),
    ("ENCRYPTION_KEY", "0" * 64 + ","),
    ("JWT_SECRET", "s" * 31),
    ("JWT_JWKS_URL", "id.example/keys"),
    ("SANDBOX", "maybe"),
    ("SANDBOX_PEOPLE", "-1"),
    ("WORKERS", "0"),
    ("WORKERS", "3.5"),
    ("API_RATE_LIMIT", "100"),
    ("API_RATE_LIMIT", "0/m"),
    ("API_RATE_LIMIT", "100/0m"),
    ("WEBHOOK_RATE_LIMIT", "many"),
    ("LOG_FORMAT", "xml"),
    ("LOG_LEVEL", "loud"),
    ("GITHUB_HOOK_REPOS", "1000"),
    ("DISCORD_PUBLIC_KEY", "d75a98"),
    ("DISCORD_PUBLIC_KEY", "g" * 64),
    ("RETENTION", "72"),
    ("RETENTION", "0h"),
    ("RETENTION", "72 hours"),
    ("RETENTION_EVENTS", "0"),
    ("DELIVERY_RETENTION", "soon"),
    ("SPOTIFY_POLL", "sometimes"),
    ("SPOTIFY_POLL", "61 * * * *"),
    ("GITHUB_API_URL", "github"),
    ("METRICS_TOKEN", "two\nlines"),
    ("VAPID_PRIVATE_KEY", "short"),
    ("VAPID_SUBJECT", "http://example.com"),
    ("PUSH_HOSTS", "10.0.0.1"),
    ("PUSH_HOSTS", "http://example.com"),
    ("PUSH_HOSTS", "push.example.com/x"),
]


@pytest.mark.parametrize(("name", "text"), WRONG)
def test_a_wrong_text_is_one_line_that_names_the_setting(name: str, text: str) -> None:
    line = refusal(**{name: text})
    assert line is not None
    assert line.startswith(f"{name}: ")
    assert "\n" not in line


@pytest.mark.parametrize(("name", "text"), WRONG)
def test_what_is_wrong_with_a_secret_never_shows_it(name: str, text: str) -> None:
    secret = {setting.name: setting.secret for setting in table(PLATFORMS)}[name]
    assert (repr(text) in str(refusal(**{name: text}))) is not secret


def test_every_kind_of_wrong_text_is_tried() -> None:
    """A setting that takes any text is not among them."""
    takes_anything = {setting.name for setting in table(PLATFORMS) if setting.kind in (kinds.text, kinds.secret)}
    takes_anything |= {"STATE_DIR", "METRICS_TOKEN", "PLATFORMS_FILE"}
    kinds_tried = {setting.kind for setting in table(PLATFORMS) if setting.name in dict(WRONG)}
    untried = [one.name for one in table(PLATFORMS) if one.kind not in kinds_tried and one.name not in takes_anything]
    assert untried == []


def test_the_first_of_several_encryption_keys_comes_first_whatever_they_are_written_in() -> None:
    base64_key = "//////////////////////////////////////////8="
    url_safe = base64_key.replace("/", "_").rstrip("=")
    told = settings(ENCRYPTION_KEY=f"{'0a' * 32}, {base64_key},{url_safe}")
    assert told.encryption_bytes() == [b"\n" * 32, b"\xff" * 32, b"\xff" * 32]


@pytest.mark.parametrize("text", ["30m", "*/30 * * * *", "0 6 * * 1-5"])
def test_a_poll_is_a_duration_or_a_cron_line(text: str) -> None:
    assert settings(SPOTIFY_POLL=text).platforms["spotify"].poll == text


def test_without_any_key_for_tokens_nothing_but_the_sandbox_starts() -> None:
    with pytest.raises(SettingError, match="^JWT_SECRET: missing, and so is JWT_JWKS_URL"):
        settings(JWT_SECRET="")
    assert settings(JWT_SECRET="", JWT_JWKS_URL="https://id.example/keys").jwt_secret is None


def test_without_an_encryption_key_nothing_but_the_sandbox_starts() -> None:
    with pytest.raises(SettingError, match="^ENCRYPTION_KEY: missing"):
        settings(ENCRYPTION_KEY="")


@pytest.mark.parametrize(
    ("given", "missing"),
    [("SPOTIFY_CLIENT_ID", "SPOTIFY_CLIENT_SECRET"), ("GITHUB_CLIENT_SECRET", "GITHUB_CLIENT_ID")],
)
def test_half_of_a_client_is_refused(given: str, missing: str) -> None:
    with pytest.raises(SettingError, match=f"^{missing}: missing beside {given}$"):
        settings(**{given: "x"})


def test_googles_platforms_share_one_client_and_keep_their_own_intervals() -> None:
    given = {**KEYS, "GOOGLE_CLIENT_ID": "id", "GOOGLE_CLIENT_SECRET": "hush", "GMAIL_POLL": "1h"}
    told = loading.load(given, {}, ("gmail", "youtube", "github")).platforms
    assert (told["gmail"].client_id, told["youtube"].client_id, told["github"].client_id) == ("id", "id", None)
    assert (told["gmail"].poll, told["youtube"].poll) == ("1h", None)
    names = [setting.name for setting in table(("gmail", "youtube"))]
    assert names.count("GOOGLE_CLIENT_ID") == 1
    assert "GMAIL_CLIENT_ID" not in names


def test_no_secret_is_in_what_settings_show_of_themselves() -> None:
    told = settings(METRICS_TOKEN="hush-metrics", DATABASE_URL="postgresql://me:hush-db@db/x", GITHUB_CLIENT_ID="id",
                    GITHUB_CLIENT_SECRET="hush-client")  # fmt: skip
    shown = repr(told)
    assert "hush" not in shown
    assert not any(value in shown for value in KEYS.values())


@given(st.sampled_from(table(PLATFORMS)), st.text(max_size=80))
def test_any_text_at_all_is_taken_or_refused_in_one_line(setting: Setting, text: str) -> None:
    line = refusal(**{setting.name: text})
    assert line is None or len(line.splitlines()) == 1
