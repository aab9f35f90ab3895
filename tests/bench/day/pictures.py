"""The day as people read it: a table, and calls over its hours."""

from tests.bench.day.tally import Row

BARS = " ▁▂▃▄▅▆▇█"
WIDTH = 60


def table(told: list[Row]) -> str:
    head = f"{'':10}{'users':>6}{'calls':>7}{'hooks':>7}{'tokens':>8}{'events':>8}{'pushed':>8}"
    head += f"{'late, pushed':>14}{'late, polled':>14}{'interval':>10}  nearest to a limit"
    lines = [head, *map(_line, told)]
    all_ = f"{'all':10}{'':>6}{_sum(told, 'data'):>7}{_sum(told, 'upkeep'):>7}{_sum(told, 'tokens'):>8}"
    all_ += f"{_sum(told, 'happened'):>8}{_sum(told, 'pushed'):>8}"
    return "\n".join([*lines, all_])


def _line(row: Row) -> str:
    pushed = f"{row.late_pushed:.1f} s" if row.pushed else "-"
    polled = _time(row.late_polled) if row.happened - row.pushed - row.unseen else "-"
    line = f"{row.platform:10}{row.users:>6}{row.data:>7}{row.upkeep:>7}{row.tokens:>8}{row.happened:>8}{row.pushed:>8}"
    return f"{line}{pushed:>14}{polled:>14}{_time(row.interval):>10}  {row.limit}"


def _sum(told: list[Row], what: str) -> int:
    return sum(getattr(row, what) for row in told)


def _time(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02}" if minutes >= 60 else f"{seconds / 60:.1f} min"


def hours(told: list[Row]) -> str:
    """A line of bars for each platform, each to its own scale, and all of them one under the other."""
    lines = [f"{row.platform:10} {_bars(row.hourly)}  at most {max(row.hourly)} in an hour" for row in told]
    sums = [sum(row.hourly[hour] for row in told) for hour in range(len(told[0].hourly))]
    tallest = max(sums) or 1
    lines.append("")
    lines += [f"{hour:02}:00 {count:>5} {'█' * round(WIDTH * count / tallest)}" for hour, count in enumerate(sums)]
    return "\n".join(lines)


def _bars(counts: list[int]) -> str:
    tallest = max(counts) or 1
    return "".join(BARS[-(-8 * count // tallest)] for count in counts)
