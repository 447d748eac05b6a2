"""Why somebody says no: one of the policy's reasons, words of their own, or both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.reply import Ask, Field, Form, Option

PRESET, REASON = "preset", "reason"
LONGEST = 1_000
READ = "The person who asked will read this"


@dataclass(frozen=True, slots=True)
class Given:
    """`preset` is one of the policy's, or empty; `words` is all of it."""

    preset: str
    words: str


def form(name: str, value: str, presets: Sequence[str], back: str = "") -> Form:
    free = Field(REASON, "In your own words" if presets else "Reason", multiline=True, optional=True,
                 max_length=LONGEST, placeholder=READ)  # fmt: skip
    chosen = (Field(PRESET, "Reason", optional=True, options=_options(presets)),) if presets else ()
    return Form(name, value, "Reject", (*chosen, free), "Reject", back=back)


def on_card(presets: Sequence[str]) -> tuple[Ask, ...]:
    """For platforms that have inputs on a message."""
    if not presets:
        return (Ask(REASON, "Reason, if you reject"),)
    return (
        Ask(PRESET, "Reason, if you reject", options=_options(presets)),
        Ask(REASON, "In your own words, if you reject"),
    )


def given(answers: Mapping[str, str], presets: Sequence[str]) -> Given:
    """What a form or card sent back. A reason that the policy does not have is nobody's choice."""
    number = answers.get(PRESET, "")
    preset = presets[int(number)] if number in {str(at) for at in range(len(presets))} else ""
    own = answers.get(REASON, "").strip()
    whole = ": ".join(part for part in (preset, own) if part)
    return Given(preset, whole[:LONGEST].rstrip())


def _options(presets: Sequence[str]) -> tuple[Option, ...]:
    return tuple(Option(each, str(at)) for at, each in enumerate(presets))
