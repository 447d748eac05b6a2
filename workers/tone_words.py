"""What is said and shown of a tone: its name, a sample, the dial on a card."""

from __future__ import annotations

import re

from bot.reply import Option, Paragraph, Reply, Select, Tone
from bot.turn import Pressed, Said, Turn
from flows.tone import LEAST, MOST, in_tone, register_of, said

COMMAND = "/tone"
SET = "tone.set"
NAMES = {
    1: "telegraphic",
    2: "terse",
    3: "short",
    4: "plain",
    5: "as ever",
    6: "friendly",
    7: "warm",
    8: "cheerful",
    9: "playful",
    10: "very playful",
}
LABEL = "How I speak to you"
WRONG = f"A tone is a whole number from {LEAST} (telegraphic) to {MOST} (very playful), as in “/tone 3”."
ALIKE = "Amounts, names, approvals and bad news about money stay the same in every tone."
_BARE = re.compile(r"\s*/?tone(?:\s+([0-9]{1,3}))?\s*[.!]?\s*\Z", re.IGNORECASE)


def concerns(turn: Turn) -> bool:
    """The command, a choice on our card, or the word alone where only we listen."""
    match turn.act:
        case Pressed(action=action):
            return action == SET
        case Said(text=text):
            command = text.strip().partition(" ")[0].lower()
            return command == COMMAND or (turn.place.private and _BARE.match(text) is not None)
    return False


def options() -> tuple[Option, ...]:
    return tuple(Option(f"{tone} · {name}", str(tone)) for tone, name in NAMES.items())


def dial(tone: int) -> Select:
    return Select(f"{LABEL}: {tone} of {MOST}, {NAMES[tone]}", SET, options(), chosen=str(tone))


def sample(tone: int) -> str:
    """A sentence as this tone puts it."""
    words = said("Let us do that first; then I come back to “{flow}”.", flow="order")
    return in_tone(Reply(words), register_of(tone)).text


def card(tone: int, changed: bool) -> Reply:
    head = (
        f"From now on: {tone} of {MOST}, {NAMES[tone]}." if changed else f"{tone} of {MOST}, {NAMES[tone]}."
    )
    told = f"{head} It sounds like this: “{sample(tone)}”"
    return Reply(f"{told} {ALIKE}", (Paragraph(told), dial(tone), Paragraph(ALIKE, Tone.SUBTLE)))


def wanted(text: str) -> int | None:
    """The number that was asked for; 0 for none, None for what is no tone."""
    _, _, rest = text.strip().partition(" ")
    rest = rest.strip().rstrip(".!").strip()
    if not rest:
        return 0
    if not re.fullmatch(r"[0-9]{1,3}", rest, re.ASCII):
        return None
    return int(rest) if LEAST <= int(rest) <= MOST else None
