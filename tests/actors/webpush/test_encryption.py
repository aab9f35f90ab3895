"""Sealed as RFC 8291 says."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from actors.webpush.encryption import LARGEST, DeviceKeys, decoded, device_keys, encoded, encrypt
from tests.fakes.push_service import Device

P256DH = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"


def test_the_example_of_the_rfc() -> None:
    """Appendix A."""
    number = int.from_bytes(decoded("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"))
    sealed = encrypt(
        b"When I grow up, I want to be a watermelon",
        device_keys(P256DH, AUTH),
        salt=decoded("DGv6ra1nlYgDCS1FRnbzlw"),
        ours=ec.derive_private_key(number, ec.SECP256R1()),
    )
    assert encoded(sealed) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl"
        "7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_a_device_opens_it_and_each_time_it_looks_different() -> None:
    device = Device("https://push.example/1")
    keys = DeviceKeys(device.point, device.auth)
    first, second = encrypt(b"hello", keys), encrypt(b"hello", keys)
    assert first != second
    assert device.open(first) == device.open(second) == b"hello"


def test_as_much_as_fits_is_4096_bytes() -> None:
    device = Device("https://push.example/1")
    assert len(encrypt(b"x" * LARGEST, DeviceKeys(device.point, device.auth))) == 4096


@pytest.mark.parametrize(
    ("p256dh", "auth"),
    [("", AUTH), (P256DH, ""), (P256DH[:-4], AUTH), (P256DH, AUTH + "AAAA"), ("B" + "A" * 86, AUTH), ("%%%", AUTH)],
)
def test_keys_that_are_none_are_refused(p256dh: str, auth: str) -> None:
    with pytest.raises(ValueError, match="base64url|Invalid EC key"):
        device_keys(p256dh, auth)
