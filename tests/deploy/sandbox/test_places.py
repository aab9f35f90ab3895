"""The addresses that a service is given for the sandbox's platforms are the ones that it serves."""

from urllib.parse import urlsplit

from deploy.sandbox.places import client, endpoints
from deploy.sandbox.platforms import PLATFORMS
from tests.deploy.sandbox.scene import SandboxCase

ACCOUNT = {
    "github": "/user",
    "spotify": "/v1/me",
    "gmail": "/gmail/v1/users/me/profile",
    "calendar": "/calendar/v3/calendars/primary",
    "youtube": "/youtube/v3/channels?part=id&mine=true",
    "slack": "/auth.test",
    "discord": "/users/@me",
    "linkedin": "/v2/userinfo",
}


class Places(SandboxCase):
    def test_every_platform_has_its_addresses_on_this_machine(self) -> None:
        told = endpoints(3002)
        assert tuple(told) == tuple(platform.slug for platform in PLATFORMS)
        for addresses in told.values():
            assert addresses.keys() == {"authorize", "token", "api"}
            assert {urlsplit(address).netloc for address in addresses.values()} == {"127.0.0.1:3002"}

    def test_tokens_and_api_are_served_there(self) -> None:
        for slug, addresses in endpoints(self.get_http_port()).items():
            given = self.connect(slug)
            assert self.call(urlsplit(addresses["api"]).path + ACCOUNT[slug], given).code == 200

    def test_the_client_that_is_taken_when_none_is_set(self) -> None:
        assert client("github") == ("sandbox-github", "sandbox-github-secret")
        for platform in self.sandbox.platforms:
            assert (platform.client_id, platform.client_secret) == client(platform.slug)
