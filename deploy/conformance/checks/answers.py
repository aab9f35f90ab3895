"""What every answer is like."""

import asyncio

from deploy.conformance.check import check, expect
from deploy.conformance.deployment import Deployment, mark
from deploy.probing.http import Answer, Connection
from deploy.probing.tokens import Person, bearer

STRANGE = "https://stranger.example"
MOST_ASKED = 1_000
"""A limit beyond this is not used up."""


@check(
    "The service answers and says that it is well",
    "the service's log; the proxy's upstream address; /health names the part that is not well",
)
async def health(deployment: Deployment) -> None:
    answer = await deployment.ask("GET", "/health")
    expect(answer.status == 200, "200", answer)
    told = answer.json if isinstance(answer.json, dict) else {}
    expect(told.get("status") == "ok", 'a JSON object with "status": "ok"', answer)
    answer = await deployment.ask("GET", "/ready")
    expect(answer.status == 200, "200 at /ready", answer)


@check(
    "What goes wrong is told in JSON, with a code, a sentence and the request's id, and never as a page or a trace",
    "a proxy's own error pages (nginx: proxy_intercept_errors off); a path that the proxy doesn't pass on",
)
async def errors(deployment: Deployment) -> None:
    asked = [
        (404, await deployment.ask("GET", "/api/there-is-no-such-path")),
        (401, await deployment.ask("GET", "/api/events")),
        (405, await deployment.ask("DELETE", "/api/events", deployment.user)),
        (400, await deployment.ask("GET", "/api/events?limit=many", deployment.user)),
        (400, await deployment.ask("POST", deployment.sending("ada"), deployment.service, b"{", _JSON)),
        (415, await deployment.ask("POST", deployment.sending("ada"), deployment.service, b"{}", _TEXT)),
    ]
    for status, answer in asked:
        _is_error(answer, status)
    expect("Bearer" in asked[1][1].headers.get("WWW-Authenticate", ""), "WWW-Authenticate: Bearer with a 401", "none")
    expect("GET" in asked[2][1].headers.get("Allow", ""), "Allow with a 405, naming GET", asked[2][1].headers["Allow"])


_JSON = {"Content-Type": "application/json"}
_TEXT = {"Content-Type": "text/plain"}


def _is_error(answer: Answer, status: int) -> None:
    expect(answer.status == status and answer.error is not None, f"{status} and an error in JSON", answer)
    error = answer.json["error"]
    expect(bool(error.get("message")), "an error with a sentence", answer)
    named = answer.headers.get("X-Request-Id")
    expect(error.get("request_id") == named is not None, f"the id of X-Request-Id ({named})", answer)


@check(
    "No cache keeps what is one user's",
    "a proxy or CDN that sets or removes Cache-Control; a caching rule for /api",
)
async def no_store(deployment: Deployment) -> None:
    for answer in (
        await deployment.ask("GET", "/api/events", deployment.user),
        await deployment.ask("GET", "/api/there-is-no-such-path"),
    ):
        stored = answer.headers.get("Cache-Control")
        expect(stored == "no-store", "Cache-Control: no-store", f"Cache-Control: {stored}")
        sniffed = answer.headers.get("X-Content-Type-Options")
        expect(sniffed == "nosniff", "X-Content-Type-Options: nosniff", f"X-Content-Type-Options: {sniffed}")


@check(
    "The app's pages may call the service, with the user's cookie",
    "FRONTEND_URL and PUBLIC_URL: is the origin one of theirs? --origin names another; a proxy that answers OPTIONS",
)
async def cors(deployment: Deployment) -> None:
    asked = {"Origin": deployment.origin, "Access-Control-Request-Method": "GET"}
    before = await deployment.ask("OPTIONS", "/api/events", headers=asked)
    expect(before.status == 204, "204 to a preflight", before)
    expect(
        "GET" in before.headers.get("Access-Control-Allow-Methods", ""), "GET allowed to a page", dict(before.headers)
    )
    for answer in (before, await deployment.ask("GET", "/api/events", deployment.user, headers=asked)):
        allowed = answer.headers.get_all("Access-Control-Allow-Origin")
        expect(allowed == [deployment.origin], f"Access-Control-Allow-Origin: {deployment.origin}, once", allowed)
        credentials = answer.headers.get("Access-Control-Allow-Credentials")
        expect(credentials == "true", "Access-Control-Allow-Credentials: true", credentials)


@check(
    "Pages of strangers may not read what the service answers",
    "a proxy that adds Access-Control-Allow-Origin by itself; a * in FRONTEND_URL",
)
async def cors_strangers(deployment: Deployment) -> None:
    for method, status in (("OPTIONS", 204), ("GET", 200)):
        answer = await deployment.ask(method, "/api/events", deployment.user, headers={"Origin": STRANGE})
        expect(answer.status == status, str(status), answer)
        varies = ", ".join(answer.headers.get_all("Vary", []))
        expect("Origin" in varies, "Vary: Origin", f"Vary: {varies}")
        allowed = answer.headers.get("Access-Control-Allow-Origin")
        expect(
            allowed is None, f"no Access-Control-Allow-Origin for {STRANGE}", f"Access-Control-Allow-Origin: {allowed}"
        )


@check(
    "A user's requests are counted, and past the limit the answer says when to come back",
    "API_RATE_LIMIT; a proxy that drops RateLimit-* or answers 429 by itself",
    "the secret",
)
async def limits(deployment: Deployment) -> None:
    """By a user of its own, whose requests are used up, unless they are very many."""
    assert deployment.signer is not None
    person = deployment.signer.person(f"conformance-{mark()}")
    async with asyncio.timeout(deployment.terms.patience):
        connection = await Connection.open(deployment.address)
        try:
            await _use_up(connection, person)
        finally:
            connection.close()


async def _use_up(connection: Connection, person: Person) -> None:
    left = None
    for _ in range(MOST_ASKED + 2):
        answer = await connection.ask("GET", "/api/connections", headers=bearer(person.token))
        if answer.status == 429:
            again = answer.headers.get("Retry-After", "")
            expect(
                again.isdigit() and int(again) > 0, "429 with Retry-After in seconds", f"Retry-After: {again or 'none'}"
            )
            _is_error(answer, 429)
            return
        expect(answer.status == 200, "200, or 429 past the limit", answer)
        said = answer.headers.get("RateLimit-Remaining", "")
        expect(said.isdigit(), "RateLimit-Remaining in every answer", dict(answer.headers))
        expect(left is None or int(said) < left, f"less than {left} remaining", said)
        left = int(said)
        if left > MOST_ASKED:
            return
    expect(False, f"429 after at most {MOST_ASKED} requests, as RateLimit-Remaining said", "200")
