"""Where the sandbox's platforms are: what a service puts in place of the real addresses."""

SLUGS = ("github", "spotify")
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
    }


def client(slug: str) -> tuple[str, str]:
    """The client id and secret that a platform here takes when none are set. Google's platforms share one."""
    name = "google" if slug in GOOGLE else slug
    return f"sandbox-{name}", f"sandbox-{name}-secret"
