"""GitHub's pushes as requests in bytes, signed, ready to be sent by `sender.c`."""

import hmac
import json
import struct
from collections.abc import Sequence
from pathlib import Path

BODY = 2048
HEAD = (
    "POST /api/webhooks/github/{user} HTTP/1.1\r\n"
    "Host: 127.0.0.1\r\n"
    "Accept: */*\r\n"
    "User-Agent: GitHub-Hookshot/0123456\r\n"
    "X-GitHub-Delivery: bench-{number}\r\n"
    "X-GitHub-Event: push\r\n"
    "X-GitHub-Hook-ID: 292430182\r\n"
    "X-GitHub-Hook-Installation-Target-ID: 79929171\r\n"
    "X-GitHub-Hook-Installation-Target-Type: repository\r\n"
    "X-Hub-Signature-256: sha256={signature}\r\n"
    "Content-Type: application/json\r\n"
    "Content-Length: {size}\r\n\r\n"
)
UPGRADE = (
    "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer {token}\r\n\r\n"
)


def write(path: Path, users: Sequence[str], secret: str, first: int, count: int) -> None:
    """Numbered from `first` on, the users in turn."""
    with path.open("wb") as file:
        for number in range(first, first + count):
            request = push(users[number % len(users)], secret, number)
            file.write(struct.pack("<I", len(request)) + request)


def push(user: str, secret: str, number: int) -> bytes:
    """A push of its own: another commit than every other."""
    body = payload(number)
    signature = hmac.digest(secret.encode(), body, "sha256").hex()
    return HEAD.format(user=user, number=number, signature=signature, size=len(body)).encode() + body


def payload(number: int) -> bytes:
    """Shaped as GitHub's are, with fewer of its many links: 2 KiB."""
    after = f"{number:040x}"
    repository = "https://github.com/octo-org/octo-repo"
    person = {"name": "Mona Lisa Octocat", "email": "mona@example.org", "username": "octocat"}
    commit = {
        "id": after,
        "tree_id": f"{number + 1:040x}",
        "distinct": True,
        "message": "",
        "timestamp": "2026-11-20T12:00:00+01:00",
        "url": f"{repository}/commit/{after}",
        "author": person,
        "committer": person,
        "added": ["docs/guide.md"],
        "removed": [],
        "modified": ["README.md", "octo/engine.py"],
    }
    push = {
        "ref": "refs/heads/main",
        "before": f"{number - 1:040x}" if number else "0" * 40,
        "after": after,
        "repository": {
            "id": 186853002,
            "node_id": "MDEwOlJlcG9zaXRvcnkxODY4NTMwMDI=",
            "name": "octo-repo",
            "full_name": "octo-org/octo-repo",
            "private": False,
            "owner": {"name": "octo-org", "login": "octo-org", "id": 21031067, "type": "Organization"},
            "html_url": repository,
            "default_branch": "main",
            "pushed_at": 1795172400,
        },
        "pusher": {"name": "octocat", "email": "mona@example.org"},
        "sender": {"login": "octocat", "id": 583231, "type": "User", "html_url": "https://github.com/octocat"},
        "created": False,
        "deleted": False,
        "forced": False,
        "base_ref": None,
        "compare": f"{repository}/compare/{after[:12]}...{after[12:24]}",
        "commits": [commit],
        "head_commit": commit,
    }
    missing = BODY - len(json.dumps(push, separators=(",", ":")))
    commit["message"] = ("It does what it says, and says what it does. " * 40)[: missing // 2]
    return json.dumps(push, separators=(",", ":")).encode()
