"""Sealed text opens in its own place, with one of the keys, and tells nothing to anybody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.records import Secret
from storage.vault import Vault, WrongKey

OLD, NEW = b"o" * 32, b"n" * 32
PLACE = "connection:ada/github:access_token"


@given(st.text())
def test_what_is_sealed_opens_again(text: str) -> None:
    vault = Vault([NEW])
    assert vault.open(vault.seal(Secret(text), PLACE), PLACE) == Secret(text)


def test_the_same_text_is_sealed_differently_each_time() -> None:
    vault = Vault([NEW])
    sealed = {vault.seal(Secret("word"), PLACE) for _ in range(100)}
    assert len(sealed) == 100
    assert not any("word" in one for one in sealed)


@pytest.mark.parametrize(
    "elsewhere", ["connection:ada/github:refresh_token", "connection:grace/github:access_token", ""]
)
def test_it_does_not_open_in_another_place(elsewhere: str) -> None:
    vault = Vault([NEW])
    with pytest.raises(WrongKey, match="doesn't open"):
        vault.open(vault.seal(Secret("word"), PLACE), elsewhere)


def test_the_first_key_seals_and_all_of_them_open() -> None:
    by_old = Vault([OLD]).seal(Secret("word"), PLACE)
    both = Vault([NEW, OLD])
    assert both.open(by_old, PLACE) == Secret("word")
    by_both = both.seal(Secret("word"), PLACE)
    assert Vault([NEW]).open(by_both, PLACE) == Secret("word")
    assert [both.is_current(by_old), both.is_current(by_both)] == [False, True]


def test_without_its_key_it_says_which_one_is_missing() -> None:
    sealed = Vault([OLD]).seal(Secret("word"), PLACE)
    with pytest.raises(WrongKey, match=sealed.split(".")[1]):
        Vault([NEW]).open(sealed, PLACE)


@pytest.mark.parametrize(
    "spoilt", ["", "word", "v1", "v1..", "v2.{id}.{text}", "v1.{id}.", "v1.{id}.{text}AAAA", "v1.{id}.???"]
)
def test_text_that_was_tampered_with_does_not_open(spoilt: str) -> None:
    vault = Vault([NEW])
    _, key_id, text = vault.seal(Secret("word"), PLACE).split(".")
    with pytest.raises(WrongKey):
        vault.open(spoilt.format(id=key_id, text=text), PLACE)


@given(st.integers(min_value=0))
def test_not_one_bit_may_be_changed(place: int) -> None:
    vault = Vault([NEW])
    head, key_id, text = vault.seal(Secret("word"), PLACE).split(".")
    place %= len(text) - 2  # the last character before the padding holds bits that mean nothing
    other = "A" if text[place] != "A" else "B"
    with pytest.raises(WrongKey):
        vault.open(f"{head}.{key_id}.{text[:place]}{other}{text[place + 1 :]}", PLACE)


@pytest.mark.parametrize("keys", [[], [b"short"], [NEW, b"x" * 16]])
def test_keys_have_32_bytes(keys: list[bytes]) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Vault(keys)


def test_neither_vault_nor_error_shows_a_key_or_a_secret() -> None:
    vault = Vault([NEW])
    sealed = vault.seal(Secret("word"), PLACE)
    with pytest.raises(WrongKey) as error:
        vault.open(sealed, "elsewhere")
    for text in (repr(vault), str(error.value), repr(error.value)):
        assert "nnnn" not in text
        assert "word" not in text
        assert NEW.hex() not in text
