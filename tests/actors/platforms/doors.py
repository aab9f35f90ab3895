"""Requests at the doors that platforms share, and the platforms that have them."""

import hmac
from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from actors.platforms.base import Endpoints, Handshake, Inbound, Receives, Refused, Resident, Taken, Whose
from actors.platforms.discord import Discord
from actors.platforms.linkedin import LinkedIn
from actors.platforms.slack import Slack
from storage.records import Account, ConnectionKey, Delivery, Secret
from tests.actors.platforms.people import CLIENT, NOW

SIGNING = Secret("8f742231b10e8888abcd99yyyzzz85a5")
KEY = Ed25519PrivateKey.from_private_bytes(
    bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
)
PUBLIC = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
"""The pair of RFC 8032's first test."""
ACME = Account(
    "T9TK3CUKW:U1234",
    "ada in Acme",
    {"team": "T9TK3CUKW", "user": "U1234", "url": "https://acme.slack.com/"},
    ("T9TK3CUKW:U1234", "T9TK3CUKW"),
)
NELLY = Account("80351110224678912", "Nelly", addresses=("80351110224678912",))


def slack(signing_secret: Secret | None = SIGNING) -> Slack:
    urls = Endpoints("http://sl/oauth/v2/authorize", "http://sl/api/oauth.v2.access", "http://sl/api")
    return Slack(CLIENT, urls, signing_secret=signing_secret)


def discord(public_key: str | None = PUBLIC) -> Discord:
    urls = Endpoints("http://dc/oauth2/authorize", "http://dc/api/oauth2/token", "http://dc/api/v10")
    return Discord(CLIENT, urls, public_key=public_key)


def linkedin() -> LinkedIn:
    return LinkedIn(
        CLIENT, Endpoints("http://li/oauth/v2/authorization", "http://li/oauth/v2/accessToken", "http://li")
    )


def from_slack(body: bytes, at: float = NOW, secret: Secret = SIGNING, **headers: str | None) -> Inbound:
    """Signed at `at`, and received now."""
    stamp = str(int(at))
    digest = hmac.digest(secret.reveal().encode(), f"v0:{stamp}:".encode() + body, "sha256").hex()
    named: dict[str, str | None] = {"x-slack-signature": f"v0={digest}", "x-slack-request-timestamp": stamp}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    return Inbound({name: value for name, value in named.items() if value is not None}, body, NOW)


def from_discord(body: bytes, at: float = NOW, key: Ed25519PrivateKey = KEY, **headers: str | None) -> Inbound:
    stamp = str(int(at))
    signature = key.sign(stamp.encode() + body).hex()
    named: dict[str, str | None] = {"x-signature-ed25519": signature, "x-signature-timestamp": stamp}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    return Inbound({name: value for name, value in named.items() if value is not None}, body, NOW)


def receive(
    conversation: Receives, people: Mapping[str, Sequence[str]] | None = None
) -> tuple[Taken | Handshake | Refused, list[str]]:
    """How it ended, and which addresses were asked for. `people`: the users behind each address."""
    asked: list[str] = []
    reply: Any = None
    try:
        while True:
            question = conversation.send(reply)
            assert isinstance(question, Whose)
            asked += question.addresses
            reply = {one: [Resident(user) for user in (people or {}).get(one, ())] for one in question.addresses}
    except StopIteration as end:
        return end.value, asked


def delivery(platform: str, kind: str, body: bytes) -> Delivery:
    return Delivery(ConnectionKey("ada", platform), "d-1", kind, body, NOW)
