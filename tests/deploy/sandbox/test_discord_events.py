"""Discord's webhook events: signed with the app's key, after the address has shown that it looks at signatures."""

import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from tornado.httputil import HTTPServerRequest

from deploy.sandbox.places import DISCORD_PUBLIC_KEY
from tests.deploy.sandbox.app_door import Answer, PushedCase

KEY = Ed25519PublicKey.from_public_bytes(bytes.fromhex(DISCORD_PUBLIC_KEY))


def is_signed(request: HTTPServerRequest) -> bool:
    signature = bytes.fromhex(request.headers["X-Signature-Ed25519"])
    try:
        KEY.verify(signature, request.headers["X-Signature-Timestamp"].encode() + request.body)
    except InvalidSignature:
        return False
    return True


class DiscordEvents(PushedCase):
    def setUp(self) -> None:
        super().setUp()
        self.looks = True
        self.status = 204

    def answering(self, request: HTTPServerRequest) -> Answer | None:
        if self.looks and not is_signed(request):
            return 401, "no"
        return (204 if json.loads(request.body)["type"] == 0 else self.status), ""

    def connected(self, *users: str) -> None:
        for user in users:
            self.connect("discord", user)
        self.sent()
        self.door.requests.clear()

    def revoked(self, **who: str) -> None:
        self.fault("discord", "revoke", **who)
        self.sent()

    def events(self) -> list[dict[str, Any]]:
        return [body["event"] for body in self.door.bodies() if body["type"] == 1]

    # -- the address ---------------------------------------------------------------------------------
    def test_it_is_tried_with_a_ping_and_with_a_wrong_signature(self) -> None:
        self.connect("discord")
        self.sent()
        ping = {"version": 1, "application_id": "1234560123453231555", "type": 0}
        assert self.door.bodies() == [ping, ping]
        assert sorted(is_signed(request) for request in self.door.requests) == [False, True]
        assert {request.path for request in self.door.requests} == {"/api/webhooks/discord"}

    def test_who_takes_a_wrong_signature_gets_nothing(self) -> None:
        self.looks = False
        self.connected("ada")
        self.revoked(user="ada")
        assert self.events() == []

    def test_who_answers_the_ping_without_a_content_type_gets_nothing(self) -> None:
        self.door.content_type = None
        self.connected("ada")
        self.revoked(user="ada")
        assert self.events() == []

    def test_a_wrong_signature_can_come_at_any_time_and_costs_the_address_when_it_is_taken(self) -> None:
        self.connected("ada", "grace")
        self.happens("discord", "wrong_signature")
        assert [is_signed(request) for request in self.door.requests] == [False]
        self.looks = False
        self.happens("discord", "wrong_signature")
        self.revoked(user="ada")
        assert self.events() == []
        self.looks = True
        self.revoked(user="grace")
        assert [event["data"]["user"]["username"] for event in self.events()] == ["grace"]

    def test_every_fifth_event_has_a_wrong_signature_beside_it(self) -> None:
        for _ in range(5):
            self.connected("ada")
            self.revoked(user="ada")
        assert sorted(is_signed(request) for request in self.door.requests) == [False, True]

    # -- events --------------------------------------------------------------------------------------
    def test_a_withdrawal_is_told_and_the_next_refresh_refused(self) -> None:
        given = self.connect("discord")
        self.connected("grace")
        self.time += 0.064834
        self.revoked(user="ada")
        (event,) = self.events()
        assert (event["type"], event["timestamp"]) == ("APPLICATION_DEAUTHORIZED", "2026-11-20T18:40:00.064834")
        assert event["data"]["user"]["username"] == "ada"
        request = self.door.requests[0]
        assert is_signed(request)
        assert request.headers["X-Signature-Timestamp"] == str(int(self.time))
        assert json.loads(self.refresh("discord", given["refresh_token"]).body)["error"] == "invalid_grant"

    def test_everybodys_withdrawal_is_an_event_each_and_of_nobody_else(self) -> None:
        self.connected("ada", "grace")
        self.sandbox.platforms[0].person("alan")
        self.revoked()
        assert sorted(event["data"]["user"]["username"] for event in self.events()) == ["ada", "grace"]
        self.revoked()
        assert len(self.events()) == 2

    def test_what_is_not_taken_is_sent_again_for_ten_minutes(self) -> None:
        self.connected("ada")
        self.status = 500
        self.revoked(user="ada")
        for seconds, sent in ((2, 2), (7, 2), (1, 3), (30, 4), (120, 5), (439, 5), (1, 6), (100_000, 6)):
            self.passes(seconds)
            assert len(self.door.requests) == sent
        assert len({request.body for request in self.door.requests}) == 1
        assert all(is_signed(request) for request in self.door.requests)

    def test_what_is_taken_is_not_sent_again(self) -> None:
        self.connected("ada")
        self.revoked(user="ada")
        self.passes(100_000)
        assert len(self.door.requests) == 1

    def test_what_happens_in_servers_is_not_told(self) -> None:
        self.connected("ada")
        for kind in ("guild_joined", "guild_renamed", "guild_left"):
            assert self.happens("discord", kind)["deliveries"] == []
        assert self.door.requests == []
