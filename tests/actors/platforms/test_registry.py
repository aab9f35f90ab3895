"""Which platforms there are, and which of them are configured."""

import pytest

from actors.platforms import registry
from actors.platforms.base import Client, Endpoints
from actors.platforms.github import GitHub
from storage.records import Secret

CLIENT = Client("app-1", Secret("app-secret"))


def test_every_platform_of_the_package_is_known() -> None:
    eight = {"github", "gmail", "slack", "spotify", "youtube", "discord", "calendar", "linkedin"}
    assert set(registry.PLATFORMS) == eight


def test_only_what_has_credentials_is_built() -> None:
    assert list(registry.build({"spotify": CLIENT})) == ["spotify"]
    assert registry.build({}) == {}


def test_a_platform_is_at_its_real_address_unless_told_otherwise() -> None:
    elsewhere = Endpoints("http://a", "http://t", "http://127.0.0.1:3002/github/api")
    built = registry.build({"github": CLIENT, "spotify": CLIENT}, {"github": elsewhere})
    assert built["github"].urls.api_url == "http://127.0.0.1:3002/github/api"
    assert built["spotify"].urls.api_url == "https://api.spotify.com"


def test_a_platforms_own_options_reach_it() -> None:
    github = registry.build({"github": CLIENT}, options={"github": {"hook_repos": 3}})["github"]
    assert isinstance(github, GitHub)
    assert github.hook_repos == 3


@pytest.mark.parametrize("platform", registry.PLATFORMS.values(), ids=registry.PLATFORMS)
def test_each_says_all_that_a_platform_has_to_say(platform: registry.Platform) -> None:
    assert platform.slug.isidentifier()
    assert platform.title
    assert platform.poll_every
    assert all(url.startswith("https://") for url in (platform.endpoints.token_url, platform.endpoints.api_url))


@pytest.mark.parametrize("slug", ["spotify"])
def test_a_platform_that_pushes_nothing_says_so_when_asked(slug: str) -> None:
    platform = registry.build({slug: CLIENT})[slug]
    assert platform.pushes is False
    with pytest.raises(LookupError, match="has no webhooks"):
        platform.verify(None, [])  # type: ignore[arg-type]
