"""Which webhooks are taken for GitHub's."""

import hmac
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.platforms.base import Inbound, Refused, Verified
from storage.records import Secret
from tests.actors.platforms.people import NOW, github

SECRET = Secret("It's a Secret to Everybody")
BODY = b'{"zen": "Design for failure."}'


def signature(body: bytes, secret: Secret = SECRET) -> str:
    return "sha256=" + hmac.new(secret.reveal().encode(), body, "sha256").hexdigest()


def inbound(body: bytes = BODY, **headers: str | None) -> Inbound:
    named = {
        "x-hub-signature-256": signature(body),
        "x-github-event": "ping",
        "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        "content-type": "application/json",
    }
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    return Inbound({name: value for name, value in named.items() if value is not None}, body, NOW)


def status(request: Inbound, *secrets: Secret) -> int:
    verdict = github().verify(request, secrets or (SECRET,))
    return verdict.status if isinstance(verdict, Refused) else 202


def test_the_official_vector() -> None:
    body = b"Hello, World!"
    official = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert signature(body) == official
    # Signed well, and refused for what it is: no JSON.
    assert status(inbound(body, x_hub_signature_256=official)) == 400
    assert status(inbound(body, x_hub_signature_256=official[:-1] + "8")) == 401


def test_a_signed_delivery_is_known_by_its_id_and_kind() -> None:
    verified = github().verify(inbound(), [SECRET])
    assert verified == Verified("72d3162e-cc78-11e3-81ab-4c9367dc0958", "ping")


def test_any_of_several_secrets_serves() -> None:
    assert status(inbound(), Secret("another"), SECRET, Secret("a third")) == 202


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(None, id="missing"),
        pytest.param("", id="empty"),
        pytest.param("sha256=", id="no-digest"),
        pytest.param(signature(BODY).removeprefix("sha256="), id="no-scheme"),
        pytest.param(signature(BODY).upper(), id="upper-case"),
        pytest.param(signature(BODY) + "0", id="too-long"),
        pytest.param(signature(b"another body"), id="of-another-body"),
        pytest.param(signature(BODY, Secret("guessed")), id="by-another-secret"),
        pytest.param("sha1=" + hmac.new(SECRET.reveal().encode(), BODY, "sha1").hexdigest(), id="the-old-sha1"),
        pytest.param("sha256=\u00fc" + "0" * 63, id="not-ascii"),
    ],
)
def test_a_missing_or_wrong_signature_is_401(given: str | None) -> None:
    assert status(inbound(x_hub_signature_256=given)) == 401


def test_without_any_secret_nobody_can_sign() -> None:
    assert isinstance(github().verify(inbound(), []), Refused)


def test_an_empty_secret_is_nobodys_key() -> None:
    nobody = Secret("")
    assert status(inbound(x_hub_signature_256=signature(BODY, nobody)), nobody) == 401


@pytest.mark.parametrize("header", ["x_github_event", "x_github_delivery"])
@pytest.mark.parametrize("value", [None, "", "two words", "x" * 129, "tab\there", "\u00fcber"])
def test_a_delivery_without_a_sound_id_or_kind_is_400(header: str, value: str | None) -> None:
    assert status(inbound(**{header: value})) == 400


def test_each_refusal_has_its_code() -> None:
    requests = {
        "missing_signature": inbound(x_hub_signature_256=None),
        "wrong_signature": inbound(x_hub_signature_256="sha256=0"),
        "malformed": inbound(b"[]"),
    }
    for code, request in requests.items():
        verdict = github().verify(request, [SECRET])
        assert isinstance(verdict, Refused)
        assert verdict.code == code


def test_a_stranger_learns_nothing_about_the_other_headers() -> None:
    assert status(inbound(x_hub_signature_256=None, x_github_event=None, x_github_delivery=None)) == 401


def test_a_form_with_the_payload_is_taken() -> None:
    body = urlencode({"payload": BODY.decode()}).encode()
    assert status(inbound(body, content_type="application/x-www-form-urlencoded")) == 202


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"push"',
        b"null",
        b"payload=",
        b"payload=%7B",
        b"payload=%5B%5D",
        b"payload=\xff",
        b"payload={}&=&&",
        b"\xff\xfe",
        b'{"a": NaN}',
        b'{"a":' * 100 + b"1" + b"}" * 100,
        b"[" * 200_000,
    ],
    ids=lambda body: ascii(body[:20]),
)
def test_a_signed_body_that_is_no_json_object_is_400(body: bytes) -> None:
    assert status(inbound(body)) == 400


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["x-hub-signature-256", "x-github-event", "x-github-delivery", "content-type"]),
        st.text(max_size=200) | st.just(signature(BODY)) | st.just("push"),
    ),
    st.binary(max_size=200) | st.just(BODY),
    st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20).map(Secret), max_size=3),
)
def test_no_request_makes_the_check_fail_in_any_other_way(
    headers: dict[str, str], body: bytes, secrets: list[Secret]
) -> None:
    assert isinstance(github().verify(Inbound(headers, body, NOW), secrets), Refused | Verified)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_a_signed_body_is_taken_or_malformed(body: bytes) -> None:
    assert status(inbound(body)) in (202, 400)
