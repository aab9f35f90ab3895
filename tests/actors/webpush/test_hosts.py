"""Pushes go to push services that were named, and nowhere else."""

import pytest

from actors.webpush.hosts import PushHosts

NAMED = ("fcm.googleapis.com", "push.apple.com", "http://127.0.0.1:4000")


@pytest.mark.parametrize(
    ("endpoint", "host"),
    [
        ("https://fcm.googleapis.com/fcm/send/abc:APA91b-x_y", "fcm.googleapis.com"),
        ("https://fcm.googleapis.com:443/x", "fcm.googleapis.com"),
        ("https://web.push.apple.com/QGuQ", "push.apple.com"),
        ("https://WEB.push.apple.com/QGuQ", "push.apple.com"),
        ("http://127.0.0.1:4000/push/1", "http://127.0.0.1:4000"),
    ],
)
def test_a_named_host_and_those_below_it_may_be_called(endpoint: str, host: str) -> None:
    assert PushHosts(NAMED).of(endpoint) == host


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "nonsense",
        "http://fcm.googleapis.com/x",
        "ftp://fcm.googleapis.com/x",
        "https://evilfcm.googleapis.com/x",
        "https://fcm.googleapis.com.evil.example/x",
        "https://evil.example/fcm.googleapis.com",
        "https://googleapis.com/x",
        "https://fcm.googleapis.com:8443/x",
        "https://fcm.googleapis.com:22/x",
        "https://user@fcm.googleapis.com/x",
        "https://fcm.googleapis.com@evil.example/x",
        "https://evil.example\\@fcm.googleapis.com/x",
        "https://evil.example#.push.apple.com/",
        "https://fcm.googleapis.com./x",
        "https://fcm%2egoogleapis.com/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://2130706433/x",
        "https://169.254.169.254/latest",
        "https://localhost/x",
        "http://127.0.0.1:4001/push/1",
        "http://127.0.0.1:40001/push/1",
        "http://127.0.0.1:4000.evil.example/",
        "http://127.0.0.1:4000@evil.example/",
        "https://fcm.googleapis.com/x y",
        "https://fcm.googleapis.com/x\r\nHost: a",
        "https://fcm.googleapis.com/" + "x" * 2048,
        "https://fcm\uff0egoogleapis\uff0ecom/x",
    ],
)
def test_nothing_else_is(endpoint: str) -> None:
    assert PushHosts(NAMED).of(endpoint) is None
