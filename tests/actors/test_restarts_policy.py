"""How often a failing child is started again, and when it is given up for a while."""

import pytest

from actors.restarts import Park, Record, Restart, RestartPolicy


def policy(chance: float = 0.0) -> RestartPolicy:
    return RestartPolicy(
        limit=3,
        window=100.0,
        first=1.0,
        longest=10.0,
        park_first=60.0,
        park_longest=200.0,
        healthy=300.0,
        chance=lambda: chance,
    )


def fail_at(record: Record, *times: float) -> list[Restart | Park]:
    return [policy().after_failure(record, at) for at in times]


def test_the_delay_doubles_with_each_failure() -> None:
    assert fail_at(Record(), 0, 1, 2) == [Restart(1), Restart(2), Restart(4)]


def test_the_delay_has_a_longest() -> None:
    """Failures too far apart to park it, too near for it to count as healthy."""
    verdicts = fail_at(Record(), *range(0, 5000, 99))
    assert verdicts[:6] == [Restart(1), Restart(2), Restart(4), Restart(8), Restart(10), Restart(10)]
    assert verdicts[-1] == Restart(10)


def test_more_failures_than_the_limit_within_the_window_park_it() -> None:
    assert fail_at(Record(), 0, 1, 2, 3) == [Restart(1), Restart(2), Restart(4), Park(60)]


def test_the_window_slides() -> None:
    verdicts = fail_at(Record(), 0, 1, 2, 101.5, 150)
    assert [type(verdict) for verdict in verdicts] == [Restart] * 5
    assert isinstance(fail_at(Record(), 0, 1, 2, 99)[-1], Park)


def test_a_parked_one_that_fails_again_is_parked_again_and_for_longer() -> None:
    record = Record()
    fail_at(record, 0, 1, 2, 3)
    assert fail_at(record, 70, 200, 400, 700) == [Park(120), Park(200), Park(200), Park(200)]


def test_a_healthy_while_forgives_the_failures() -> None:
    record = Record()
    fail_at(record, 0, 1)
    assert fail_at(record, 1 + 2 + 300) == [Restart(1)]


def test_a_healthy_while_forgives_a_parked_one() -> None:
    record = Record()
    fail_at(record, 0, 1, 2, 3)
    assert fail_at(record, 3 + 60 + 300) == [Restart(1)]


def test_the_time_it_was_parked_does_not_count_as_healthy() -> None:
    record = Record()
    fail_at(record, 0, 1, 2, 3, 70, 200)
    assert fail_at(record, 200 + 200 + 299) == [Park(200)]


def test_a_record_may_be_dropped_once_it_is_healed_and_not_before() -> None:
    record = Record()
    assert not policy().healed(record, 1_000_000)
    fail_at(record, 0)
    assert not policy().healed(record, 300.9)
    assert policy().healed(record, 301)


@pytest.mark.parametrize(("chance", "delay"), [(0.0, 1.0), (0.5, 0.75), (1.0, 0.5)])
def test_jitter_takes_off_up_to_half(chance: float, delay: float) -> None:
    assert policy(chance).after_failure(Record(), 0) == Restart(delay)


def test_ten_thousand_failures_in_a_row_overflow_nothing() -> None:
    record = Record()
    verdicts = fail_at(record, *range(0, 990_000, 99))
    assert verdicts[-1] == Restart(10)
    assert len(record.failures) <= 2


def test_children_have_records_of_their_own() -> None:
    ours = policy()
    one, other = ours.record(), ours.record()
    fail_at(one, 0, 1, 2, 3)
    assert fail_at(other, 4) == [Restart(1)]


def test_the_policy_says_itself_in_words() -> None:
    assert str(policy()) == (
        "3 restarts in 100 s, 1 s to 10 s apart; then parked, tried again after 1 min to 200 s; forgiven after 5 min"
    )
    assert "6 h" in str(RestartPolicy())
