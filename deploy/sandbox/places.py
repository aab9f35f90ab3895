"""Where the sandbox's platforms are: what a service puts in place of the real addresses."""

GOOGLE = ("gmail", "calendar", "youtube")


def endpoints(port: int) -> dict[str, dict[str, str]]:
    """Per platform: `authorize`, `token` and `api`, as the settings `{PLATFORM}_…_URL` take them."""
    root = f"http://127.0.0.1:{port}"
    return {
        "github": {
            "authorize": f"{root}/github/login/oauth/authorize",
            "token": f"{root}/github/login/oauth/access_token",
            "api": f"{root}/github/api",
        },
        "spotify": {
            "authorize": f"{root}/spotify/authorize",
            "token": f"{root}/spotify/api/token",
            "api": f"{root}/spotify",
        },
        "gmail": _google(f"{root}/gmail"),
        "calendar": _google(f"{root}/calendar"),
        "slack": {
            "authorize": f"{root}/slack/oauth/v2/authorize",
            "token": f"{root}/slack/api/oauth.v2.access",
            "api": f"{root}/slack/api",
        },
        "youtube": _google(f"{root}/youtube"),
        "discord": {
            "authorize": f"{root}/discord/oauth2/authorize",
            "token": f"{root}/discord/api/oauth2/token",
            "api": f"{root}/discord/api/v10",
        },
        "linkedin": {
            "authorize": f"{root}/linkedin/oauth/v2/authorization",
            "token": f"{root}/linkedin/oauth/v2/accessToken",
            "api": f"{root}/linkedin",
        },
    }


def _google(root: str) -> dict[str, str]:
    return {"authorize": f"{root}/o/oauth2/v2/auth", "token": f"{root}/token", "api": root}


PUBSUB_TOPIC = "projects/sandbox-project/topics/gmail"
PUBSUB_SERVICE_ACCOUNT = "pubsub-push@sandbox-project.iam.gserviceaccount.com"


def pubsub_audience(service_url: str) -> str:
    """What Pub/Sub's tokens are for when nothing else is set: the address that it pushes to."""
    return f"{service_url.rstrip('/')}/api/webhooks/gmail"


def google_places(port: int, service_url: str) -> dict[str, str]:
    """What Google's platforms are told besides: `GOOGLE_CERTS_URL`, `YOUTUBE_HUB_URL`, `GOOGLE_PUBSUB_…`."""
    root = f"http://127.0.0.1:{port}"
    return {
        "certs": f"{root}/google/oauth2/v3/certs",
        "hub": f"{root}/youtube/hub",
        "project_id": PUBSUB_TOPIC.split("/")[1],
        "pubsub_topic": PUBSUB_TOPIC,
        "pubsub_audience": pubsub_audience(service_url),
        "pubsub_service_account": PUBSUB_SERVICE_ACCOUNT,
    }


SLACK_SIGNING_SECRET = "0e7f5c1d9a3b4826a1c4f0d2b6e89375"  # noqa: S105 (the sandbox's own, on loopback only)
"""What the sandbox's Slack signs with when the environment has no other."""
DISCORD_PUBLIC_KEY = "2d3066d7feae2cb31b7db4869582df0cccb976ef31cf281dd7da601d964d7533"
"""What the sandbox's Discord is checked with: it signs with this one's other half and with no other."""


def client(slug: str) -> tuple[str, str]:
    """The client id and secret that a platform here takes when none are set. Google's platforms share one."""
    name = "google" if slug in GOOGLE else slug
    return f"sandbox-{name}", f"sandbox-{name}-secret"
