"""Who has a page before their eyes is remembered for a minute, and no longer."""

from handlers.presence_book import HOLDS, MOST_PAGES, Presence


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_those_who_left_without_a_word_are_forgotten() -> None:
    time = Time()
    presence = Presence(time)
    for number in range(1000):
        presence.says(f"user-{number}", "a page", True)
    time.now = HOLDS / 2
    presence.says("user-0", "a page", True)
    time.now = HOLDS
    presence.says("another", "a page", True)

    assert len(presence) == 2
    assert presence.in_sight("user-0")


def test_of_many_pages_the_last_count() -> None:
    presence = Presence(Time())
    for number in range(MOST_PAGES + 10):
        presence.says("ada", number, True)
    for number in range(10, MOST_PAGES + 10):
        assert presence.in_sight("ada")
        presence.says("ada", number, False)
    assert not presence.in_sight("ada")
    assert not len(presence)
