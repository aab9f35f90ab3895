"""A hook's new secret is known from the moment it is made: a webhook signed with it is never taken for a forgery."""

from actors.directory import Directory
from storage.records import ConnectionKey, Secret

ADA = ConnectionKey("ada", "github")
OLD, NEW = (Secret("old"),), (Secret("old"), Secret("new"))


def test_what_was_read_is_kept_until_it_changes() -> None:
    directory = Directory()
    directory.cache_hook_secrets(ADA, OLD, directory.hooks_as_of())

    assert directory.hook_secrets(ADA) == OLD

    directory.forget_hook_secrets(ADA)
    assert directory.hook_secrets(ADA) is None


def test_what_was_read_before_a_change_is_not_kept_after_it() -> None:
    directory = Directory()
    as_of = directory.hooks_as_of()  # now they are read, and meanwhile
    directory.forget_hook_secrets(ADA)

    directory.cache_hook_secrets(ADA, OLD, as_of)

    assert directory.hook_secrets(ADA) is None
    directory.cache_hook_secrets(ADA, NEW, directory.hooks_as_of())
    assert directory.hook_secrets(ADA) == NEW


def test_what_was_read_before_its_connection_went_is_not_kept() -> None:
    directory = Directory()
    as_of = directory.hooks_as_of()
    directory.remove(ADA)

    directory.cache_hook_secrets(ADA, OLD, as_of)

    assert directory.hook_secrets(ADA) is None
