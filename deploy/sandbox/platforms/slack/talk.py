"""What people say on the sandbox's Slack, by where they say it."""

from deploy.sandbox.platforms.slack.workspace import Channel

_GENERAL = (
    "Release 2.4 is out. Notes are in the wiki, thanks to everyone who tested",
    "Office is closed on Thursday, the lift is being repaired",
    "Quarterly numbers are up: 18 % more readers than in spring :chart_with_upwards_trend:",
    "Reminder: all-hands at 15:00, questions into the thread please",
    "The status page moved to <https://status.example.com|status.example.com>",
    "New badges are at the front desk, please pick yours up by Friday",
    "We hired two people for the archive, say hello next week",
    "The holiday calendar for next year is open for entries",
)
_RANDOM = (
    "Whoever left an umbrella in the small meeting room: it is safe with me",
    "There's cake in the kitchen :cake:",
    "TIL the first computer bug was an actual moth",
    "Anyone up for table tennis at five?",
    "My train is 40 minutes late, so I'm reading the paper on the train",
    "This is the best keyboard I ever had, ask me about it",
    "Found a café that has the good rye bread, two streets down",
    "Is it me or is the coffee machine louder than yesterday?",
)
_READING = (
    "This week: “Reflections on trusting trust”. Short, and it stays with you",
    "I didn't get section 3 at all, can somebody walk me through the lemma?",
    "The proof in the appendix is wrong, but the theorem holds &amp; I have a fix",
    "Slides from Tuesday: <https://papers.example.com/tuesday|papers.example.com>",
    "Next: Lamport on clocks. Who wants to present?",
    "There is a nicer proof by induction on the height of the tree",
)
_ENGINE = (
    "The carry lever sticks again in column 7",
    "Measured it twice: 31 turns a minute, then the bearing gets warm",
    "I'd rather store the intermediate sums than recompute them",
    "The test deck passes, apart from the Bernoulli numbers",
    "New drawings are in the safe, please check gear 12b",
    "Can we halt it after a fixed number of steps? I don't trust the loop",
)
_DESK = (
    "Good morning! I take the first shift on support today",
    "Could someone review the small change to the import script?",
    "Numbers for last week are in the sheet",
    "I'm at the dentist until eleven",
    "Customer asks for a dark theme again, that makes twelve of them",
    "The nightly job took 4 minutes, it was 40 before :tada:",
    "Standup in five",
)
_DIRECT = (
    "Do you have ten minutes after lunch?",
    "Sent you the draft, be honest please",
    "Thanks for yesterday, that helped a lot",
    "Can you take my slot on Friday? I'd take yours on Monday",
    "Did you see what the logs say about 03:12?",
    "It works now. It was a missing minus sign, of course",
    "Call me when you're at your desk",
)
_MADE = (
    "First!",
    "So this is where it goes from now on",
    "I've pinned the plan",
    "Let's start with the open questions",
)

_TEXTS: dict[str, tuple[str, ...]] = {
    "general": _GENERAL,
    "random": _RANDOM,
    "reading-room": _READING,
    "engine-room": _ENGINE,
}

NEW_CHANNELS = ("night-shift", "garden", "card-catalogue", "weather-station", "lost-and-found", "chess", "tide-tables")
REACTIONS = ("rocket", "heart", "eyes", "tada", "+1", "white_check_mark", "joy")


def text(channel: Channel, turn: int) -> str:
    texts = _of(channel)
    return texts[turn % len(texts)]


def _of(channel: Channel) -> tuple[str, ...]:
    if channel.kind == "im":
        return _DIRECT
    return _DESK if channel.desk is not None else _TEXTS.get(channel.name, _MADE)


def new_name(turn: int) -> str:
    round_ = turn // len(NEW_CHANNELS)
    return NEW_CHANNELS[turn % len(NEW_CHANNELS)] + (f"-{round_ + 1}" if round_ else "")
