"""Which of the app's tokens are good, and whom they name."""

import base64
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from handlers.auth import Authenticator, Caller
from handlers.errors import NotAuthenticated
from storage.records import Secret

SECRET = "a-secret-of-at-least-thirty-two-bytes"
NOW = 1_800_000_000.0


class Time:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def token(secret: Any = SECRET, algorithm: str | None = "HS256", **claims: Any) -> str:
    told = {"sub": "ada", "exp": NOW + 60} | claims
    return jwt.encode({name: value for name, value in told.items() if value is not None}, secret, algorithm)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def authenticator(time: Time) -> Authenticator:
    return Authenticator(time, secret=Secret(SECRET))


def code(authenticator: Authenticator, given: str) -> str:
    with pytest.raises(NotAuthenticated) as refused:
        authenticator.check(given)
    return refused.value.code


def test_a_good_token_names_its_user(authenticator: Authenticator) -> None:
    caller = authenticator.check(token(role="admin", org="acme", jti="t-1"))
    assert isinstance(caller, Caller)
    assert (caller.user, caller.role, caller.org, caller.jti) == ("ada", "admin", "acme", "t-1")
    assert caller.expires_at == NOW + 60


def test_the_role_is_user_unless_it_is_said(authenticator: Authenticator) -> None:
    assert authenticator.check(token()).role == "user"


def test_a_token_ends_when_it_says_also_when_it_was_seen_before(authenticator: Authenticator, time: Time) -> None:
    given = token()
    time.now += 59.9
    assert authenticator.check(given).user == "ada"
    time.now = NOW + 60
    assert code(authenticator, given) == "token_expired"


@pytest.mark.parametrize("expires", [None, "soon", True, float("nan"), float("inf"), -1, 10**400, {}, []])
def test_a_token_without_a_usable_end_is_refused(authenticator: Authenticator, expires: Any) -> None:
    assert code(authenticator, token(exp=expires)) == "invalid_token"


@pytest.mark.parametrize("subject", [None, "", "a/b", "ada lovelace", "x" * 129, 7, "ada\n", "äda", "../root"])
def test_a_subject_that_is_no_user_id_is_refused(authenticator: Authenticator, subject: Any) -> None:
    given = jwt.api_jws.encode(json.dumps({"sub": subject, "exp": NOW + 60}).encode(), SECRET, "HS256")
    assert code(authenticator, given) == "invalid_token"


@pytest.mark.parametrize("subject", ["a", "x" * 128, "auth0|5f7c", "ada@example.com", "a.b_c~d:e+f-g", "..", "A1"])
def test_every_user_id_of_the_contract_is_taken(authenticator: Authenticator, subject: str) -> None:
    assert authenticator.check(token(sub=subject)).user == subject


@pytest.mark.parametrize("claims", [{"role": "root"}, {"role": ["admin"]}, {"org": 7}, {"jti": {}}, {"jti": "x" * 257}])
def test_claims_of_the_wrong_shape_are_refused(authenticator: Authenticator, claims: dict[str, Any]) -> None:
    assert code(authenticator, token(**claims)) == "invalid_token"


def test_a_token_of_tomorrow_is_refused_today(authenticator: Authenticator) -> None:
    assert code(authenticator, token(nbf=NOW + 3600, exp=NOW + 7200)) == "invalid_token"
    assert authenticator.check(token(nbf=NOW + 30)).user == "ada"  # clocks differ a little


def test_no_signature_is_no_token(authenticator: Authenticator) -> None:
    assert code(authenticator, token("", None)) == "invalid_token"
    head = base64.urlsafe_b64encode(b'{"alg":"nOnE","typ":"JWT"}').rstrip(b"=").decode()
    assert code(authenticator, f"{head}.{token().split('.')[1]}.") == "invalid_token"


def test_another_secret_or_a_changed_claim_is_refused(authenticator: Authenticator) -> None:
    assert code(authenticator, token("another-secret-that-is-also-long-enough")) == "invalid_token"
    head, _, signature = token().split(".")
    claims = base64.urlsafe_b64encode(json.dumps({"sub": "root", "exp": NOW + 60}).encode()).rstrip(b"=").decode()
    assert code(authenticator, f"{head}.{claims}.{signature}") == "invalid_token"


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_the_secret_is_for_hs256_alone(authenticator: Authenticator, algorithm: str) -> None:
    assert code(authenticator, token(SECRET * 2, algorithm)) == "invalid_token"


def test_a_public_key_algorithm_is_refused_without_a_jwks_address(authenticator: Authenticator) -> None:
    key = rsa.generate_private_key(65537, 2048)
    assert code(authenticator, token(key, "RS256")) == "invalid_token"


@pytest.mark.parametrize("given", ["", "a", "a.b", "a.b.c", "." * 5, "\x00", "é.é.é", "x" * 8193, "ey" * 4000])
def test_what_is_no_token_at_all_is_refused(authenticator: Authenticator, given: str) -> None:
    assert code(authenticator, given) == "invalid_token"


def test_deep_json_in_a_token_is_refused(authenticator: Authenticator) -> None:
    claims = b'{"sub":' + b"[" * 2500 + b"]" * 2500 + b"}"
    assert code(authenticator, jwt.api_jws.encode(claims, SECRET, "HS256")) == "invalid_token"


def test_audience_and_issuer_count_when_they_are_set(time: Time) -> None:
    strict = Authenticator(time, secret=Secret(SECRET), audience="soulwire", issuer="app")
    assert strict.check(token(aud="soulwire", iss="app")).user == "ada"
    assert strict.check(token(aud=["x", "soulwire"], iss="app")).user == "ada"
    for claims in (
        {},
        {"aud": "soulwire"},
        {"iss": "app"},
        {"aud": "x", "iss": "app"},
        {"aud": "soulwire", "iss": "x"},
    ):
        assert code(strict, token(**claims)) == "invalid_token"


def test_an_audience_nobody_asked_for_does_no_harm(authenticator: Authenticator) -> None:
    assert authenticator.check(token(aud="somebody", iss="else")).user == "ada"


def test_a_secret_that_can_be_guessed_is_refused_at_the_start(time: Time) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Authenticator(time, secret=Secret("x" * 31))
    with pytest.raises(ValueError, match="secret or a JWKS"):
        Authenticator(time)


def test_a_public_key_is_never_taken_for_a_secret(time: Time) -> None:
    key = rsa.generate_private_key(65537, 2048).public_key()
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head = base64.urlsafe_b64encode(b'{"alg":"RS256"}').rstrip(b"=").decode()
    for secret in (SECRET, pem.decode()):
        authenticator = Authenticator(time, secret=Secret(secret))
        assert code(authenticator, f"{head}.{token().split('.')[1]}.{token().split('.')[2]}") == "invalid_token"


@pytest.mark.parametrize(
    ("bad", "helps"),
    [
        ("garbage", "signed with this service's JWT_SECRET"),
        (token("another-secret-of-at-least-thirty-two"), "signed with this service's JWT_SECRET"),
        (token(exp=None), "exp and sub"),
    ],
)
def test_what_a_token_has_to_be_is_said_and_nothing_of_the_one_that_came(
    authenticator: Authenticator, bad: str, helps: str
) -> None:
    with pytest.raises(NotAuthenticated) as refused:
        authenticator.check(bad)
    assert helps in (refused.value.hint or "")
    assert bad not in str(refused.value)
