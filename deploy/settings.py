"""What a deployment can be told: one table, which is the type of the settings too.

A field's name in capitals is the setting's name; `told` says how its text is read, what holds when
nothing is said, and what it means. Nobody but run.py and this package reads it: values are passed in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, NamedTuple

from actors.platforms.plain import Description
from deploy import kinds
from storage.records import Secret

CLIENT_OF = dict.fromkeys(("gmail", "youtube", "calendar"), "GOOGLE")
"""Whose client id and secret a platform uses, where that isn't its own."""


class Setting(NamedTuple):
    name: str
    attribute: str
    kind: kinds.Kind[Any]
    default: str | None
    """As text, read like a given one; `$NAME` stands for a setting above it."""
    help: str
    secret: bool


def told(kind: kinds.Kind[Any], default: str | None, help: str, *, secret: bool = False) -> Any:
    return field(metadata={"kind": kind, "default": default, "help": help, "secret": secret})


@dataclass(frozen=True, kw_only=True)
class PlatformSettings:
    """One platform's; named after it: `GITHUB_CLIENT_ID`."""

    client_id: str | None = told(
        kinds.text, None, "the app as the platform knows it; without it the platform is not configured"
    )
    client_secret: Secret | None = told(kinds.secret, None, "goes with the client id", secret=True)
    poll: str | None = told(
        kinds.schedule, None, "how often to poll: a cron line (UTC) or a duration; the platform's own by default"
    )
    authorize_url: str | None = told(
        kinds.url, None, "where users consent; point it at a simulator or a GitHub Enterprise"
    )
    token_url: str | None = told(kinds.url, None, "where codes and refresh tokens are exchanged")
    api_url: str | None = told(kinds.url, None, "the root of the platform's API")


@dataclass(frozen=True, kw_only=True)
class Settings:
    host: str = told(kinds.host, "127.0.0.1", "address to listen on")
    port: int = told(kinds.whole(1, 65_535), "3001", "port to listen on; the sandbox takes the one above")
    public_url: str = told(kinds.origin, "http://127.0.0.1:$PORT", "how platforms and browsers reach the service")
    frontend_url: tuple[str, ...] = told(
        kinds.urls, "$PUBLIC_URL", "the app's pages, comma separated: allowed origins; users are sent back to the first"
    )
    trusted_proxies: tuple[str, ...] = told(
        kinds.networks, "", "addresses and networks whose X-Forwarded-* headers are believed, comma separated"
    )
    database_url: Secret = told(
        kinds.database_url,
        "sqlite:///soulwire.db",
        "a SQLite file or postgresql://user:password@host/name",
        secret=True,
    )
    state_dir: Path = told(
        kinds.directory, None, "keys that were made and the sandbox's state; beside the SQLite file, else here"
    )
    durability: str = told(
        kinds.choice("full", "normal"),
        "full",
        "full: a 2xx is on disk; normal: it survives a crash of the process, not of the machine",
    )
    encryption_key: tuple[Secret, ...] = told(
        kinds.encryption_keys,
        "",
        "32 bytes, base64 or hex; several comma separated: the first encrypts, all decrypt",
        secret=True,
    )
    jwt_secret: Secret | None = told(
        kinds.signing_secret, None, "the app's HS256 tokens are checked with it; 32 bytes or more", secret=True
    )
    jwt_jwks_url: str | None = told(kinds.url, None, "where the public keys of the app's RS, ES and EdDSA tokens are")
    jwt_audience: str | None = told(kinds.text, None, "the `aud` that tokens must have")
    jwt_issuer: str | None = told(kinds.text, None, "the `iss` that tokens must have")
    sandbox: bool = told(kinds.boolean, "false", "play the platforms on loopback, with demo people")
    sandbox_people: int = told(kinds.whole(0, 100_000), "0", "further demo people user-0001, user-0002 …")
    workers: int = told(kinds.whole(1, 1_000), "32", "threads that run the actors' turns")
    api_rate_limit: kinds.Rate = told(kinds.rate, "100/15m", "requests to the API per user with the role user")
    webhook_rate_limit: kinds.Rate = told(
        kinds.rate, "1000/15m", "verified webhooks per connection, and refused ones per address"
    )
    log_format: str = told(
        kinds.choice("auto", "json", "console"),
        "auto",
        "json, console, or auto: readable on a terminal, JSON otherwise",
    )
    log_level: str = told(kinds.choice("debug", "info", "warning", "error"), "info", "debug, info, warning or error")
    github_webhook_secret: Secret | None = told(
        kinds.secret,
        None,
        "signs hooks made by hand, for a single tenant; hooks that Soulwire makes have a random secret each",
        secret=True,
    )
    github_hook_repos: int = told(
        kinds.whole(0, 100), "10", "hooks go on this many most recently pushed repositories that the user administers"
    )
    slack_signing_secret: Secret | None = told(
        kinds.secret, None, "what Slack signs its events with; without it Slack is polled", secret=True
    )
    discord_public_key: str | None = told(
        kinds.public_key,
        None,
        "64 hexadecimal digits that check the events of Discord; without it Discord is polled",
    )
    google_project_id: str | None = told(kinds.text, None, "the Google Cloud project of the Pub/Sub topic")
    google_pubsub_topic: str | None = told(
        kinds.text, None, "what Gmail publishes to: a name, or projects/…/topics/…; without it Gmail is polled"
    )
    google_pubsub_audience: str | None = told(
        kinds.text, None, "the audience of the push subscription's tokens; its address by default"
    )
    google_pubsub_service_account: str | None = told(
        kinds.text, None, "the account that signs the push subscription's tokens"
    )
    google_certs_url: str | None = told(kinds.url, None, "where Google's public keys are")
    youtube_hub_url: str | None = told(kinds.url, None, "the WebSub hub of YouTube's feeds")
    platforms_file: Path | None = told(
        kinds.directory, None, "a TOML file with further plain OAuth and REST platforms; see below"
    )
    retention: int = told(kinds.duration, "72h", "how far back a user's stream can be resumed")
    retention_events: int = told(
        kinds.whole(1, 10_000_000), "10000", "how many events of a user's stream are kept at most"
    )
    delivery_retention: int = told(
        kinds.duration, "30d", "how long webhooks that are done with, or were given up, are kept"
    )
    vapid_private_key: Secret | None = told(
        kinds.vapid_key,
        None,
        "signs web pushes: 32 bytes, base64url; made and kept in STATE_DIR by default",
        secret=True,
    )
    vapid_subject: str | None = told(
        kinds.contact,
        None,
        "whom push services turn to: mailto:… or https://…; PUBLIC_URL by default, where that is https",
    )
    push_hosts: tuple[str, ...] = told(
        kinds.push_hosts,
        "fcm.googleapis.com, push.services.mozilla.com, push.apple.com, notify.windows.com",
        "push services that may be called, with all hosts below them; for tests also http://127.0.0.1:port",
    )
    metrics_token: Secret | None = told(kinds.secret, None, "bearer token for /metrics", secret=True)
    cron_secret: Secret | None = told(
        kinds.secret, None, "static bearer token with which an outside scheduler calls /api/cron/…", secret=True
    )
    platforms: Mapping[str, PlatformSettings] = field(default_factory=dict)
    described: Mapping[str, Description] = field(default_factory=dict)
    """What stands in the platforms file."""

    @property
    def push_contact(self) -> str:
        if self.vapid_subject is not None:
            return self.vapid_subject
        return self.public_url if self.public_url.startswith("https:") else "mailto:admin@localhost"

    def encryption_bytes(self) -> list[bytes]:
        """What the vault is opened with."""
        return [bytes.fromhex(key.reveal()) for key in self.encryption_key]


def table(platforms: Sequence[str]) -> list[Setting]:
    """Every setting there is, the platforms' own last; one that several share stands there once."""
    own = [Setting(one.name.upper(), one.name, **one.metadata) for one in fields(Settings) if "kind" in one.metadata]
    of_platforms = [setting for slug in platforms for setting in platform_table(slug)]
    return list({setting.name: setting for setting in (*own, *of_platforms)}.values())


def platform_table(slug: str) -> list[Setting]:
    return [Setting(platform_name(slug, one.name), one.name, **one.metadata) for one in fields(PlatformSettings)]


def platform_name(slug: str, attribute: str) -> str:
    """`GITHUB_POLL`, `GOOGLE_CLIENT_ID`."""
    prefix = CLIENT_OF.get(slug) if attribute.startswith("client_") else None
    return f"{prefix or slug.upper()}_{attribute.upper()}"
