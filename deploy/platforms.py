"""From what was told to the platforms that are configured."""

from collections.abc import Mapping
from typing import Any

from actors.platforms import registry
from actors.platforms.base import Client, Endpoints, Platform
from actors.platforms.plain import described
from deploy.settings import Settings


def configured(settings: Settings) -> dict[str, Platform]:
    """Those with a client id and secret, at their own addresses or at those they were told."""
    clients, endpoints = {}, {}
    classes = known(settings)
    for slug, one in settings.platforms.items():
        if one.client_id is not None and one.client_secret is not None:
            clients[slug] = Client(one.client_id, one.client_secret)
        own = classes[slug].endpoints
        endpoints[slug] = Endpoints(
            authorize_url=one.authorize_url or own.authorize_url,
            token_url=one.token_url or own.token_url,
            api_url=one.api_url or own.api_url,
        )
    return registry.build(clients, endpoints, _options(settings), further(settings))


def known(settings: Settings) -> dict[str, type[Platform]]:
    """All that there are here, configured or not."""
    return {**registry.PLATFORMS, **further(settings)}


def further(settings: Settings) -> dict[str, type[Platform]]:
    return {slug: described(slug, one) for slug, one in settings.described.items()}


def _options(told: Settings) -> Mapping[str, Mapping[str, Any]]:
    """What each platform's constructor takes beyond its client and addresses."""
    return {
        "github": {"hook_repos": told.github_hook_repos},
        "slack": {"signing_secret": told.slack_signing_secret},
        "discord": {"public_key": told.discord_public_key},
        "gmail": {
            "topic": _topic(told),
            "audience": told.google_pubsub_audience or f"{told.public_url}/api/webhooks/gmail",
            "service_account": told.google_pubsub_service_account,
            "certs_url": told.google_certs_url,
        },
        "youtube": {"hub_url": told.youtube_hub_url},
    }


def _topic(told: Settings) -> str | None:
    topic = told.google_pubsub_topic
    if topic is None or "/" in topic or told.google_project_id is None:
        return topic
    return f"projects/{told.google_project_id}/topics/{topic}"
