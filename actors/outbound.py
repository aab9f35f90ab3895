"""One HTTP call to a platform, from a `Call` to its `Answer`, within bounds of time and size.

The only place that unwraps the secrets of a call. What goes wrong is told as `CallFailed` in words of our own:
the libraries' messages may quote the request.
"""

import base64
import http.client
import json
import re
import ssl
import threading
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus, urljoin

import requests
import urllib3
from requests import PreparedRequest, Request, Response
from urllib3.exceptions import ConnectTimeoutError, DecodeError, NameResolutionError, ReadTimeoutError

from actors.clock import Clock
from actors.lines import Line, Origin, origin
from actors.platforms.answers import is_form
from actors.platforms.base import Answer, Call, Client
from actors.platforms.failures import CallFailed
from storage.records import Secret

REDIRECTS = 5
CHUNK = 65_536
LINES = 32
"""Hosts to which a thread keeps a connection: more than all platforms together have."""
SHORTEST = 8
"""Characters of a secret that is looked for in answers: what is shorter is in them anyhow."""
_GIVEN_IN_JSON = rb'(?P<given>"(?:access|refresh)_token"\s*:\s*"%b")|%b'
_GIVEN_IN_FORM = rb"(?P<given>\b(?:access|refresh)_token=%b(?=&|$))|%b"
"""A token as the one that is given, or anywhere else."""
SICK = frozenset({"dns", "refused", "tls", "timeout", "network"})
"""Kinds of `CallFailed` that speak of the platform or the way there, not of the one call."""


class Outbound:
    """Makes calls, from any number of threads."""

    def __init__(
        self,
        clock: Clock,
        version: str,
        *,
        connect: float = 5.0,
        read: float = 10.0,
        total: float = 20.0,
        largest: int = 10_000_000,
    ) -> None:
        self._clock = clock
        self._connect = connect
        self._read = read
        self._total = total
        self._largest = largest
        self._headers = {"User-Agent": f"Soulwire/{version}", "Accept-Encoding": "gzip", "Accept": "*/*"}
        self._here = threading.local()

    def send(self, call: Call, bearer: Secret | None, client: Client | None) -> Answer:
        """Raises `CallFailed`. `largest` bounds the body as it came and as it is unpacked."""
        request = self._prepare(call, bearer, client)
        line = self._line(origin(request.url or ""))
        where = f"{call.method} {urllib3.util.parse_url(request.url or '').host}"
        with line.deadline(self._clock, self._total):
            try:
                redirects = REDIRECTS if call.redirects else 0
                answer = _without(_secrets(call, bearer, client), call, self._follow(line, request, redirects))
            except CallFailed as error:
                failure = error
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                failure = self._failure(error)
            except (http.client.HTTPException, ValueError) as error:
                failure = _unmakeable(error)
            else:
                if not line.overdue:
                    return answer
        if line.overdue:
            failure = CallFailed("timeout", f"no complete answer within {self._total:g} s")
        raise CallFailed(failure.kind, f"{where}: {failure.detail}") from None

    def _prepare(self, call: Call, bearer: Secret | None, client: Client | None) -> PreparedRequest:
        headers = {**self._headers, **call.headers}
        if call.auth == "bearer" and bearer is not None:
            headers["Authorization"] = f"Bearer {bearer.reveal()}"
        elif call.auth == "basic" and client is not None:
            headers["Authorization"] = f"Basic {_basic(client)}"
        elif call.auth != "none":
            raise CallFailed("bad_call", f"no credentials for {call.auth}")
        form: dict[str, Any] | bytes | None = call.content
        if call.form is not None:
            form = {name: _reveal(value) for name, value in call.form.items()}
        try:
            body = _reveal(call.json)
            request = Request(call.method, call.url, headers, data=form, json=body, params=dict(call.params))
            return request.prepare()
        except (requests.RequestException, ValueError, TypeError) as error:
            raise _unmakeable(error) from None

    def _line(self, to: Origin) -> Line:
        lines: dict[Origin, Line] | None = getattr(self._here, "lines", None)
        if lines is None:
            lines = self._here.lines = {}
        kept = lines.pop(to, None)
        line = lines[to] = kept or Line()  # the last in order is the one that was used last
        if len(lines) > LINES:
            lines.pop(next(iter(lines))).close()
        return line

    def _follow(self, line: Line, request: PreparedRequest, redirects: int) -> Answer:
        for _ in range(redirects + 1):
            answer = self._exchange(line, request)
            if not redirects or answer.status not in (301, 302, 303, 307, 308) or "location" not in answer.headers:
                return answer
            request = _redirected(request, answer)
        raise CallFailed("redirect", f"more than {REDIRECTS} redirects")

    def _exchange(self, line: Line, request: PreparedRequest) -> Answer:
        response = line.send(request, stream=True, timeout=(self._connect, self._read))
        try:
            body = self._body(response)
        finally:
            response.close()
        return Answer(response.status_code, {name.lower(): text for name, text in response.headers.items()}, body)

    def _body(self, response: Response) -> bytes:
        announced = response.headers.get("Content-Length", "")
        if announced.isdecimal() and int(announced) > self._largest:
            raise CallFailed("too_large", f"an answer of {announced} bytes")
        body = bytearray()
        for chunk in response.raw.stream(CHUNK, decode_content=True):
            body += chunk
            if len(body) > self._largest:
                raise CallFailed("too_large", f"an answer of more than {self._largest} bytes")
        return bytes(body)

    def _failure(self, error: Exception) -> CallFailed:
        causes = list(_causes(error))
        for kinds, kind, words in (
            ((NameResolutionError,), "dns", "the name can't be resolved"),
            ((ConnectionRefusedError,), "refused", "the connection was refused"),
            ((ConnectTimeoutError,), "timeout", f"no connection within {self._connect:g} s"),
            ((ReadTimeoutError, TimeoutError), "timeout", f"silent for {self._read:g} s"),
            ((ssl.SSLError, urllib3.exceptions.SSLError), "tls", "no secure connection"),
            ((DecodeError,), "network", "the answer's encoding is broken"),
        ):
            if any(isinstance(cause, kinds) for cause in causes):
                return CallFailed(kind, words + _certificate(causes))
        return CallFailed("network", f"the connection broke: {type(causes[-1]).__name__}")


def _secrets(call: Call, bearer: Secret | None, client: Client | None) -> set[bytes]:
    """All that was sent with it, in the forms in which an answer may quote it."""
    found: set[str] = set()
    if call.auth == "bearer" and bearer is not None:
        found.add(bearer.reveal())
    elif call.auth == "basic" and client is not None:
        found |= {client.secret.reveal(), _basic(client)}
    waiting: list[Any] = [call.form, call.json]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Secret):
            found.add(one.reveal())
        elif isinstance(one, Mapping):
            waiting += one.values()
        elif isinstance(one, list | tuple):
            waiting += one
    spelt = (
        found
        | {quote_plus(text) for text in found}
        | {quote(text, safe="") for text in found}
        | {json.dumps(text)[1:-1] for text in found}
        | {json.dumps(text)[1:-1].replace("/", "\\/") for text in found}
    )
    return {text.encode() for text in spelt if len(text) >= SHORTEST}


def _without(secrets: set[bytes], call: Call, answer: Answer) -> Answer:
    """A platform that complains may quote what it was sent, and complaints are stored and shown; some complain with
    a 200. Where tokens are given out, a success may well give the one that was sent: as that it stays."""
    gives = call.auth != "bearer" and answer.status < 400
    given = _GIVEN_IN_FORM if is_form(answer) else _GIVEN_IN_JSON
    body, headers = answer.body, dict(answer.headers)
    for secret in sorted(secrets, key=len, reverse=True):
        quoted = re.escape(secret)
        body = re.sub(given % (quoted, quoted) if gives else quoted, _blotted, body)
        headers = {name: text.replace(secret.decode(), "***") for name, text in headers.items()}
    return Answer(answer.status, headers, body)


def _blotted(found: re.Match[bytes]) -> bytes:
    return found[0] if found.lastgroup == "given" else b"***"


def _basic(client: Client) -> str:
    return base64.b64encode(f"{client.id}:{client.secret.reveal()}".encode()).decode()


def _unmakeable(error: Exception) -> CallFailed:
    return CallFailed("bad_call", f"this request can't be made: {type(error).__name__}")


def _reveal(value: Any) -> Any:
    """A form's text, or JSON in which secrets stand anywhere."""
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, Mapping):
        return {name: _reveal(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_reveal(one) for one in value]
    return value


def _redirected(request: PreparedRequest, answer: Answer) -> PreparedRequest:
    """The next request of a redirect to the same host; the credentials go nowhere else."""
    following = request.copy()
    try:
        following.prepare_url(urljoin(request.url or "", answer.headers["location"]), None)
    except (requests.RequestException, ValueError):
        raise CallFailed("redirect", "redirected to what is no address") from None
    there, userinfo = origin(following.url or ""), urllib3.util.parse_url(following.url or "").auth
    if there != origin(request.url or "") or userinfo:
        raise CallFailed("redirect", f"redirected to another host: {there[1]}")
    if answer.status == 303 or (answer.status in (301, 302) and request.method == "POST"):
        following.method = "GET"
        following.body = None
        for header in ("Content-Length", "Content-Type", "Transfer-Encoding"):
            following.headers.pop(header, None)
    return following


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it stands for; the libraries wrap by argument, by `reason` and by chaining."""
    waiting, seen = [error], {id(error)}
    while waiting:
        cause = waiting.pop(0)
        yield cause
        for inner in (*cause.args, getattr(cause, "reason", None), cause.__cause__, cause.__context__):
            if isinstance(inner, BaseException) and id(inner) not in seen:
                seen.add(id(inner))
                waiting.append(inner)


def _certificate(causes: list[BaseException]) -> str:
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f": {cause.verify_message}"
    return ""
