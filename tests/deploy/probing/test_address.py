"""Where a deployment is, as an operator writes it."""

import pytest

from deploy.probing.address import parse_address


@pytest.mark.parametrize(
    ("text", "origin", "port"),
    [
        ("http://127.0.0.1:3001", "http://127.0.0.1:3001", 3001),
        ("https://soulwire.example/", "https://soulwire.example", 443),
        ("https://Soulwire.example:443", "https://soulwire.example", 443),
        ("http://[::1]:80", "http://[::1]", 80),
    ],
)
def test_an_address_is_read_as_a_browser_does(text: str, origin: str, port: int) -> None:
    address = parse_address(text)
    assert (address.origin, address.port) == (origin, port)


@pytest.mark.parametrize(
    "text", ["localhost:3001", "ws://host", "http://", "http://host/path", "http://a@host", "http://h?q"]
)
def test_anything_else_is_said_to_be_wrong(text: str) -> None:
    with pytest.raises(ValueError, match="the address"):
        parse_address(text)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("[::1]", True),
        ("localhost", True),
        ("10.0.0.1", False),
        ("localhost.example", False),
    ],
)
def test_only_loopback_is_loopback(host: str, loopback: bool) -> None:
    assert parse_address(f"http://{host}:3001").is_loopback is loopback
