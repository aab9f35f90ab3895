"""What deploy/README.md has people enter at the platforms is what Soulwire understands."""

import re
from pathlib import Path

from actors.platforms.slack.sentences import TELLERS

README = Path(__file__).parents[2] / "deploy" / "README.md"


def test_slacks_events_are_those_that_have_a_sentence() -> None:
    (entry,) = re.findall(r"^- \*\*Slack\*\*: .*$", README.read_text(encoding="utf-8"), re.MULTILINE)
    listed = entry.partition("*on behalf of users*")[2].partition(". ")[0]
    events = {name.partition(".")[0] for name in re.findall(r"`([a-z_.]+)`", listed)}
    assert events == set(TELLERS)
