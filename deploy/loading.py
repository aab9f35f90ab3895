"""From the environment and `.env` to checked settings."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import urlsplit

from dotenv import dotenv_values

from actors.platforms.plain import Description
from deploy import keys, kinds, platforms_file
from deploy.errors import SettingError
from deploy.sandbox.places import DISCORD_PUBLIC_KEY, SLACK_SIGNING_SECRET, client, endpoints, google_places
from deploy.settings import PlatformSettings, Setting, Settings, platform_name, platform_table, table
from storage.records import Secret

Texts = Mapping[str, str]


def load(environ: Texts, dotenv: Texts, platforms: Sequence[str]) -> Settings:
    """The checked settings. Raises `SettingError`, one at a time. Writes nothing."""
    values = _values(table(()), environ, dotenv)
    values["state_dir"] = values["state_dir"] or kinds.directory_of(values["database_url"])
    described = _described(values["platforms_file"], platforms)
    slugs = (*platforms, *described)
    of_platforms = {slug: PlatformSettings(**_values(platform_table(slug), environ, dotenv)) for slug in slugs}
    for slug, one in described.items():
        of_platforms[slug] = _with_file(values["platforms_file"], slug, one, of_platforms[slug])
    settings = Settings(**values, platforms=of_platforms, described=described)
    _check(settings)
    return _with_sandbox_platforms(settings) if settings.sandbox else settings


def _described(path: Path | None, platforms: Sequence[str]) -> dict[str, Description]:
    if path is None:
        return {}
    names = {setting.name for setting in table(platforms)}
    found = platforms_file.read(path, platforms)
    for slug in found:
        if clash := names & {setting.name for setting in platform_table(slug)}:
            raise SettingError("PLATFORMS_FILE", f"{path}: {slug}: {min(clash)} is a setting already")
    return found


def _with_file(path: Path, slug: str, one: Description, told: PlatformSettings) -> PlatformSettings:
    """What the environment says goes before what the file says."""
    given = told.client_secret or platforms_file.secret_of(path, slug, one)
    secret = Secret(given) if isinstance(given, str) else given
    return replace(told, client_id=told.client_id or one.client_id, client_secret=secret)


def with_made_keys(settings: Settings) -> Settings:
    """The sandbox needs no keys from anyone: what wasn't given is made and kept."""
    if not settings.sandbox:
        return settings
    try:
        encryption = settings.encryption_key or kinds.encryption_keys(_kept(settings, "encryption"))
        signing = settings.jwt_secret or Secret(_kept(settings, "jwt"))
    except (OSError, ValueError) as error:
        raise SettingError("STATE_DIR", f"no keys can be kept there: {error}") from None
    return replace(settings, encryption_key=encryption, jwt_secret=signing)


def with_push_key(settings: Settings) -> Settings:
    """Pushes are signed with one key for ever: browsers hold subscriptions to it."""
    if settings.vapid_private_key is not None:
        return settings
    try:
        return replace(settings, vapid_private_key=kinds.vapid_key(keys.kept(settings.state_dir, "vapid").reveal()))
    except (OSError, ValueError) as error:
        raise SettingError("VAPID_PRIVATE_KEY", f"missing, and none can be kept in STATE_DIR: {error}") from None


def read_dotenv(path: Path) -> dict[str, str]:
    """What stands in the file, taken literally; nothing when there is none."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(str(path), f"cannot be read: {_reason(error)}") from None
    found = dotenv_values(stream=StringIO(text), interpolate=False)
    return {name: value for name, value in found.items() if value is not None}


def misspelt(environ: Texts, dotenv: Texts, platforms: Sequence[str]) -> list[str]:
    """Names that nothing reads: any in `.env`, and in the environment those that look like one of ours."""
    known = {name for setting in table(platforms) for name in _names(setting)}
    in_file = [(name, _suggestion(name, known, 0.7)) for name in sorted(dotenv.keys() - known)]
    around = [(name, _suggestion(name, known, 0.9)) for name in sorted(environ.keys() - known - dotenv.keys())]
    return [
        *(f"{name} in .env is not a setting{suggestion}" for name, suggestion in in_file),
        *(f"{name} is not a setting{suggestion}" for name, suggestion in around if suggestion),
    ]


def _values(settings: Sequence[Setting], *sources: Texts) -> dict[str, Any]:
    values: dict[str, Any] = {}
    texts: dict[str, str] = {}
    for setting in settings:
        text = _given(setting, *sources)
        if text is None and setting.default is not None:
            text = Template(setting.default).substitute(texts)
        texts[setting.name] = text or ""
        values[setting.attribute] = None if text is None else _parsed(setting, text)
    return values


def _given(setting: Setting, *sources: Texts) -> str | None:
    """The first source that says anything decides, by value or by file. An empty value says nothing."""
    for source in sources:
        value = source.get(setting.name, "").strip()
        path = source.get(f"{setting.name}_FILE", "").strip() if setting.secret else ""
        if value and path:
            raise SettingError(setting.name, f"given together with {setting.name}_FILE")
        if value or path:
            return value or _content(setting.name, path)
    return None


def _content(name: str, path: str) -> str:
    try:
        content = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"{name}_FILE", f"cannot be read: {_reason(error)}") from None
    if not content:
        raise SettingError(f"{name}_FILE", "the file is empty")
    return content


def _parsed(setting: Setting, text: str) -> Any:
    try:
        return setting.kind(text)
    except ValueError as error:
        shown = "" if setting.secret else f", not {text[:100]!r}"
        raise SettingError(setting.name, f"{error}{shown}") from None


def _check(settings: Settings) -> None:
    if settings.sandbox:
        _check_sandbox(settings)
    else:
        if settings.jwt_secret is None and settings.jwt_jwks_url is None:
            raise SettingError("JWT_SECRET", "missing, and so is JWT_JWKS_URL; without them only SANDBOX=true starts")
        if not settings.encryption_key:
            raise SettingError("ENCRYPTION_KEY", "missing; make one with: openssl rand -base64 32")
    for slug, one in settings.platforms.items():
        if (one.client_id is None) != (one.client_secret is None):
            missing, there = ("client_id", "client_secret")[:: 1 if one.client_id is None else -1]
            raise SettingError(platform_name(slug, missing), f"missing beside {platform_name(slug, there)}")


def _check_sandbox(settings: Settings) -> None:
    if not kinds.is_loopback(settings.host):
        raise SettingError("SANDBOX", f"is for loopback only, and HOST is {settings.host}")
    if not kinds.is_loopback(urlsplit(settings.public_url).hostname or ""):
        raise SettingError("SANDBOX", f"is for loopback only, and PUBLIC_URL is {settings.public_url}")
    if settings.port == 65_535:
        raise SettingError("PORT", "leaves no port above it for the sandbox")


def _with_sandbox_platforms(settings: Settings) -> Settings:
    """What was given is used, the sandbox's own for the rest."""
    places = endpoints(settings.port + 1)

    def platform(slug: str, one: PlatformSettings) -> PlatformSettings:
        if slug not in places:
            return one  # the sandbox doesn't play it, so it stays as it was told
        client_id, client_secret = client(slug)
        return replace(
            one,
            client_id=one.client_id or client_id,
            client_secret=one.client_secret or Secret(client_secret),
            authorize_url=one.authorize_url or places[slug]["authorize"],
            token_url=one.token_url or places[slug]["token"],
            api_url=one.api_url or places[slug]["api"],
        )

    played = replace(settings, platforms={slug: platform(slug, one) for slug, one in settings.platforms.items()})
    return replace(played, **_sandbox_doors(played))


def _sandbox_doors(settings: Settings) -> dict[str, Any]:
    """What the sandbox's platforms sign their webhooks with, and where Google's further places are."""
    google = google_places(settings.port + 1, settings.public_url)
    return {
        "slack_signing_secret": settings.slack_signing_secret or Secret(SLACK_SIGNING_SECRET),
        "discord_public_key": settings.discord_public_key or DISCORD_PUBLIC_KEY,
        "google_project_id": settings.google_project_id or google["project_id"],
        "google_pubsub_topic": settings.google_pubsub_topic or google["pubsub_topic"],
        "google_pubsub_audience": settings.google_pubsub_audience or google["pubsub_audience"],
        "google_pubsub_service_account": settings.google_pubsub_service_account or google["pubsub_service_account"],
        "google_certs_url": settings.google_certs_url or google["certs"],
        "youtube_hub_url": settings.youtube_hub_url or google["hub"],
    }


def _kept(settings: Settings, name: str) -> str:
    return keys.kept(settings.state_dir, f"sandbox-{name}").reveal()


def _names(setting: Setting) -> tuple[str, ...]:
    return (setting.name, f"{setting.name}_FILE") if setting.secret else (setting.name,)


def _suggestion(name: str, known: set[str], likeness: float) -> str:
    close = difflib.get_close_matches(name.upper(), known, 1, likeness)
    return f"; did you mean {close[0]}?" if close else ""


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return error.strerror or "unreadable" if isinstance(error, OSError) else "it is not UTF-8"
