"""Google's three platforms in front of a stand-in, Google's signing key, and the service's side of a shared door."""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from actors.platforms.base import Endpoints, Handshake, Inbound, PublicKey, Receives, Refused, Resident, Taken, Whose
from actors.platforms.gmail import Gmail
from actors.platforms.google_calendar import GoogleCalendar
from actors.platforms.youtube import YouTube
from storage.records import Account
from tests.actors.platforms.people import CLIENT, NOW

SUB = "110169484474386276334"
ADA = Account(SUB, "ada@example.com", {"address": "ada@example.com"}, ("ada@example.com",))
AUDIENCE = "https://app.example/api/webhooks/gmail"
SENDER = "pusher@project.iam.gserviceaccount.com"
TOPIC = "projects/project/topics/gmail"

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def urls(slug: str) -> Endpoints:
    return Endpoints(
        f"http://127.0.0.1:1/{slug}/auth", f"http://127.0.0.1:1/{slug}/token", f"http://127.0.0.1:1/{slug}"
    )


def gmail(**options: Any) -> Gmail:
    return Gmail(CLIENT, urls("gm"), **{"topic": TOPIC, "audience": AUDIENCE, "service_account": SENDER, **options})


def calendar(**options: Any) -> GoogleCalendar:
    return GoogleCalendar(CLIENT, urls("gc"), **options)


def youtube(**options: Any) -> YouTube:
    return YouTube(CLIENT, urls("yt"), **{"hub_url": "http://127.0.0.1:1/hub/subscribe", **options})


# -- what Google signs ------------------------------------------------------------------------------


def public_key(key: rsa.RSAPrivateKey = KEY, kid: str = "key-1") -> jwt.PyJWK:
    jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    return jwt.PyJWK({**jwk, "kid": kid, "use": "sig", "alg": "RS256"})


def token(
    key: rsa.RSAPrivateKey = KEY, headers: Mapping[str, Any] | None = None, without: str = "", **claims: Any
) -> str:
    said = {
        "aud": AUDIENCE,
        "azp": "113774264463038321964",
        "email": SENDER,
        "sub": "113774264463038321964",
        "email_verified": True,
        "exp": int(NOW) + 3600,
        "iat": int(NOW),
        "iss": "https://accounts.google.com",
    } | claims
    said.pop(without, None)
    return jwt.encode(said, key, algorithm="RS256", headers={"kid": "key-1", **(headers or {})})


def envelope(mailbox: Any = "ada@example.com", history_id: Any = "1234580", message_id: str = "m-1") -> bytes:
    data = base64.b64encode(json.dumps({"emailAddress": mailbox, "historyId": history_id}).encode()).decode()
    return json.dumps({"message": {"data": data, "messageId": message_id}, "subscription": "s"}).encode()


# -- the door ---------------------------------------------------------------------------------------


def let_in(
    conversation: Receives,
    people: Mapping[str, Sequence[Resident]] | None = None,
    keys: Mapping[str, jwt.PyJWK] | None = None,
) -> Taken | Handshake | Refused:
    """How it ended. `people` stand behind addresses, `keys` are published by their ids."""
    known = {"key-1": public_key()} if keys is None else keys
    reply: Any = None
    try:
        while True:
            question = conversation.send(reply)
            if isinstance(question, PublicKey):
                reply = known.get(question.kid)
            else:
                assert isinstance(question, Whose)
                reply = {one: list((people or {}).get(one, ())) for one in question.addresses}
    except StopIteration as end:
        return end.value


def inbound(
    body: bytes = b"", method: str = "POST", params: Mapping[str, str] | None = None, **headers: str
) -> Inbound:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Inbound(named, body, NOW, method, params or {})
